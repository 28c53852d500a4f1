"""Commands and reads over HTTP: the same verbs and refusals as on the socket."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from answers.models import Answer
from games.models import Game
from games.states import Access, State
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


def post(client: Client, body: Any, **other: Any) -> tuple[int, dict[str, Any]]:
    response = client.post(
        "/api/answers", body, content_type="application/json", **other
    )
    return response.status_code, response.json()


def answer_to(game: Game, value: Any = "elephant", **other: Any) -> dict[str, Any]:
    return {"game": game.slug, "id": str(uuid4()), "value": value} | other


def test_answer_over_http_wins_the_code(as_alice: Client, make_game: MakeGame) -> None:
    game = make_game(codes=1)
    body = answer_to(game)
    status, reply = post(as_alice, body)
    assert status == 200
    assert (reply["id"], reply["status"], reply["verdict"]) == (
        body["id"],
        "accepted",
        "right",
    )
    assert reply["code"]
    assert "sold_out" not in reply
    assert post(as_alice, body) == (200, {**reply, "status": "duplicate"})


def test_answer_over_http_changes_nothing_without_the_csrf_token(
    alice: Player, make_game: MakeGame
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    status, reply = post(strict, answer_to(make_game()))
    assert (status, reply["error"]["code"]) == (403, "forbidden")
    assert not Answer.objects.exists()


def test_stranger_can_not_answer(client: Client, make_game: MakeGame) -> None:
    status, reply = post(client, answer_to(make_game()))
    assert (status, reply["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "7"}, "id"),
        ({"id": None}, "id"),
        ({"value": 7}, "value"),
        ({"value": "a\0b"}, "value"),
        ({"question": []}, "question"),
        ({"question": "x"}, "question"),
        ({"game": 7}, "game"),
        ({"game": "unknown"}, "game"),
        ({"game": "a\0b"}, "game"),
        ({"extra": 1}, "extra"),
    ],
)
def test_bad_answer_is_refused_by_name(
    as_alice: Client, make_game: MakeGame, change: dict[str, Any], field: str
) -> None:
    status, reply = post(as_alice, answer_to(make_game()) | change)
    assert status in (400, 404)
    assert reply["error"]["field"] == field
    assert not Answer.objects.exists()


@pytest.mark.parametrize("missing", ["game", "id", "value"])
def test_missing_field_is_refused_by_name(
    as_alice: Client, make_game: MakeGame, missing: str
) -> None:
    body = answer_to(make_game())
    del body[missing]
    status, reply = post(as_alice, body)
    assert (status, reply["error"]["field"]) == (400, missing)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "nul", "\xff", "[" * 60_000])
def test_body_that_is_no_json_object_is_refused(as_alice: Client, text: str) -> None:
    status, reply = post(as_alice, text.encode("latin1"))
    assert (status, reply["error"]["code"]) == (400, "invalid")


def test_large_body_is_refused(as_alice: Client, make_game: MakeGame) -> None:
    status, reply = post(as_alice, answer_to(make_game(), "x" * 70_000))
    assert (status, reply["error"]["code"]) == (413, "too_large")


def test_public_state_holds_no_accepted_answer(
    client: Client, make_game: MakeGame
) -> None:
    make_game(slug="one")
    for path in ("/api/games", "/api/games/one"):
        response = client.get(path)
        assert response.status_code == 200
        assert "elephant" not in response.content.decode()


def test_drafts_and_archived_games_are_not_found(
    client: Client, make_game: MakeGame
) -> None:
    make_game(slug="draft", state=State.DRAFT)
    make_game(slug="gone", state=State.ARCHIVED)
    assert client.get("/api/games").json() == {"games": [], "next": None}
    for slug in ("draft", "gone", "unknown"):
        response = client.get(f"/api/games/{slug}")
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "not_found"


def test_game_for_a_list_is_listed_to_those_on_it(
    client: Client, as_alice: Client, as_bob: Client, make_game: MakeGame
) -> None:
    make_game(access=Access.LISTED).invite(["alice"])
    assert len(as_alice.get("/api/games").json()["games"]) == 1
    assert as_bob.get("/api/games").json()["games"] == []
    assert client.get("/api/games").json()["games"] == []


def test_my_answers_are_mine_alone(
    as_alice: Client, as_bob: Client, make_game: MakeGame
) -> None:
    game = make_game()
    post(as_alice, answer_to(game, "mouse"))
    [mine] = as_alice.get("/api/answers").json()["answers"]
    assert (mine["game"], mine["value"], mine["verdict"]) == (
        game.slug,
        "mouse",
        "wrong",
    )
    assert as_bob.get("/api/answers").json()["answers"] == []
    assert as_alice.get("/api/answers?game=other").json()["answers"] == []


def test_player_sees_themselves_and_staff_anybody(
    as_alice: Client, as_carol: Client, alice: Player, bob: Player
) -> None:
    assert as_alice.get(f"/api/users/{alice.pk}").json()["name"] == "Alice"
    assert as_alice.get(f"/api/users/{bob.pk}").status_code == 403
    assert as_alice.get("/api/users/999999").status_code == 403
    assert as_carol.get(f"/api/users/{bob.pk}").json()["name"] == "Bob"
    assert as_carol.get("/api/users/999999").status_code == 404


def test_banned_player_is_a_stranger(
    mallory: Player, client: Client, make_game: MakeGame
) -> None:
    client.force_login(mallory)
    assert client.get("/api/answers").status_code == 401


def test_our_own_error_is_sent_and_counted(
    as_alice: Client, alice: Player, make_game: MakeGame
) -> None:
    game = make_game(settings={})
    as_alice.raise_request_exception = False
    before = failures("http"), failures("batch")
    wanted = [{"type": "game", "id": game.slug}, {"type": "user", "id": alice.pk}]
    status, reply = post(as_alice, answer_to(game))
    batch = as_alice.post(
        "/api/batch", {"requests": wanted}, content_type="application/json"
    )
    assert (status, reply["error"]["code"]) == (500, "server_error")
    results = batch.json()["results"]
    assert [result["status"] for result in results] == [500, 200]
    assert (failures("http"), failures("batch")) == (before[0] + 1, before[1] + 1)


def test_place_of_an_option_that_moved_needs_the_version(
    as_alice: Client, make_game: MakeGame
) -> None:
    vote = {"text": "Which?", "type": "vote", "options": ["Tea", "Coffee"]}
    game = make_game("choice", settings={"questions": [vote]})
    juice = {"questions": [{**vote, "options": ["Juice", *vote["options"]]}]}
    rules = game.carry(game.of_kind.Settings.model_validate(juice))
    Game.objects.filter(pk=game.pk).update(settings=rules.model_dump(mode="json"))
    _status, reply = post(as_alice, answer_to(game, 0, question="1"))
    assert (reply["error"]["code"], reply["error"]["field"]) == ("invalid", "version")
    _status, reply = post(as_alice, answer_to(game, 0, question="1", version="0"))
    assert reply["value"] == [1]
    assert Answer.objects.get().value == [0]


def failures(where: str) -> float:
    return (
        REGISTRY.get_sample_value("gameproject_failures_total", {"where": where}) or 0
    )


@pytest.mark.parametrize("path", ["/api/nope", "/api/users/x,y", "/api/games/a b"])
def test_unknown_path_of_the_api_is_refused_in_its_own_form(
    client: Client, path: str
) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"
