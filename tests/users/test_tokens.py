"""API tokens for scripts: shown once, with a scope, revocable."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from games.models import Game
from users.models import ApiToken, Player
from users.models.token import digest_of

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


def script(text: str) -> Client:
    return Client(enforce_csrf_checks=True, HTTP_AUTHORIZATION=f"Bearer {text}")


def issue(player: Player, scope: str = "write") -> str:
    return ApiToken.objects.issue(player, "a script", scope)[1]


def answer(client: Client, game: Game) -> Any:
    body = {"game": game.slug, "id": str(uuid4()), "value": "elephant"}
    return client.post("/api/answers", body, content_type="application/json")


def test_script_answers_with_its_token(alice: Player, make_game: MakeGame) -> None:
    reply = answer(script(issue(alice)), make_game())
    assert (reply.status_code, reply.json()["verdict"]) == (200, "right")


def test_reading_token_reads_and_changes_nothing(
    alice: Player, make_game: MakeGame
) -> None:
    game, reader = make_game(), script(issue(alice, "read"))
    assert reader.get(f"/api/users/{alice.pk}").json()["name"] == "Alice"
    wanted = {"requests": [{"type": "answers"}]}
    batch = reader.post("/api/batch", wanted, content_type="application/json")
    assert batch.json()["results"][0]["status"] == 200
    assert answer(reader, game).status_code == 403
    assert not game.answers.exists()


def test_token_that_is_no_good_is_refused(alice: Player, mallory: Player) -> None:
    revoked = issue(alice)
    ApiToken.objects.get().revoke()
    for text in ("gp_nonsense", revoked, issue(mallory)):
        for path in ("/api/answers", "/api/games"):
            said = script(text).get(path)
            assert (said.status_code, said.json()["error"]["code"]) == (
                401,
                "not_signed_in",
            )


@pytest.mark.parametrize("count", [1, 100])
def test_tokens_are_found_in_one_statement(
    alice: Player, bob: Player, count: int, django_assert_num_queries: Any
) -> None:
    owners = [(alice, bob)[place % 2] for place in range(count)]
    texts = [issue(player) for player in owners]
    with django_assert_num_queries(1):
        found = ApiToken.objects.find_many([*texts, "gp_nonsense", texts[0]])
        owned = [found[text].player for text in texts]
    assert owned == owners
    assert found.keys() == {*texts}


def test_tokens_that_are_no_good_are_not_found(alice: Player, mallory: Player) -> None:
    revoked, good = issue(alice), issue(alice)
    ApiToken.objects.get(digest=digest_of(revoked)).revoke()
    found = ApiToken.objects.find_many([revoked, good, issue(mallory), ""])
    assert [*found] == [good]


def test_token_is_kept_hashed(alice: Player) -> None:
    text = issue(alice)
    token = ApiToken.objects.get()
    assert text not in str(vars(token))
    assert len(text) > 40


def test_staff_make_a_token_and_see_it_once(as_carol: Client, alice: Player) -> None:
    fields = {"player": alice.pk, "name": "Reports", "scope": "read"}
    page = as_carol.post("/admin/users/apitoken/add/", fields, follow=True)
    shown = page.content.decode().partition("shown only once: ")[2]
    text = shown.partition("<")[0].strip()
    assert script(text).get("/api/answers").status_code == 200
    token = ApiToken.objects.get()
    for path in ("", f"{token.pk}/change/"):
        assert (
            text not in as_carol.get(f"/admin/users/apitoken/{path}").content.decode()
        )
    action = {"action": "revoke", "_selected_action": token.pk}
    as_carol.post("/admin/users/apitoken/", action)
    assert script(text).get("/api/answers").status_code == 401
