"""Large input of staff is saved, or refused on a page that names the field."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from answers.models import Answer
from answers.submission import Submission, submit
from gameproject.boundary import MAX_BODY
from games.forms.game import MAX_NAMES
from games.kinds.choice import ChoiceSettings
from games.models import Game
from games.states import State
from tests.admin_pages import errors_of, save, values_in
from tests.attacks.wire import exchange, request
from tests.fronted import Fronted
from tests.games.test_admin_games import page_of
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


def thai_names(count: int) -> list[str]:
    return [f"สมชายใจดีมากที่สุดในโลก {number}" for number in range(count)]


def test_list_of_60_000_names_is_kept(as_carol: Client, make_game: MakeGame) -> None:
    game, names = make_game(), thai_names(60_000)
    response = save(as_carol, page_of(game), names="\n".join(names))
    assert response.status_code == 302
    assert game.invitations.count() == 60_000


def test_list_that_is_too_long_is_refused_by_name(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game()
    names = "\n".join(f"n{number}" for number in range(MAX_NAMES + 1))
    errors = errors_of(save(as_carol, page_of(game), names=names))
    assert errors["names"] == [
        "The list has 100,001 names; at most 100,000 are allowed."
    ]
    assert not game.invitations.exists()


def test_grades_are_changed_with_a_list_of_9_000_thai_names(
    as_carol: Client, make_game: MakeGame, alice: Player
) -> None:
    """The confirmation page sends them as multipart: percent-encoded is too long."""
    game = make_game()
    submit(Submission(alice.pk, game.pk, uuid4(), "", "mammoth", timezone.now()))
    new = {"settings_accepted": "mammoth", "names": "\n".join(thai_names(9_000))}
    asked = save(as_carol, page_of(game), **new)
    assert 'enctype="multipart/form-data" id="ask_form"' in asked.content.decode()
    assert as_carol.post(page_of(game), values_in(asked, "ask_form")).status_code == 302
    assert Answer.objects.get().verdict == "right"
    assert game.invitations.count() == 9_000


def test_quiz_of_as_many_questions_as_there_may_be_is_kept(
    as_carol: Client, make_game: MakeGame
) -> None:
    bounds = ChoiceSettings.model_fields["questions"].metadata
    most = next(one.max_length for one in bounds if hasattr(one, "max_length"))
    asked = [{"text": f"{n}?", "options": ["*a", "b"]} for n in range(most)]
    game = make_game("choice", State.DRAFT, settings={"questions": asked})
    assert save(as_carol, page_of(game), title="Corrected").status_code == 302


def test_too_many_fields_or_bytes_are_refused_on_a_page(
    as_carol: Client, make_game: MakeGame, settings: Any
) -> None:
    url = page_of(make_game())
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    for much in ({f"f{n}": "" for n in range(5001)}, {"text": "x" * 2000}):
        response = as_carol.post(url, much)
        assert response.status_code == 413
        assert "<h1>That is too large.</h1>" in response.content.decode()


def test_only_staff_send_more_than_a_megabyte(fronted: Fronted) -> None:
    port, body = fronted.ports[0], b"a=" + b"x" * MAX_BODY
    form = ("Content-Type", "application/x-www-form-urlencoded")
    for path, status, kind in (
        ("/login/", 413, "text/html; charset=utf-8"),
        ("/api/answers", 413, "application/json"),
        ("/admin/login/", 403, "text/html; charset=utf-8"),  # without a CSRF token
    ):
        answer = exchange(port, request(path, form, method="POST", body=body))
        assert (answer.status, answer.headers["Content-Type"]) == (status, kind)
