"""A player's own rank: by the leaderboard's rule, sent privately, after the answers."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from answers.leaderboard import boards_of, ranks_of
from answers.results import regrade, reveal
from answers.submission import Submission, submit
from games.models import Game
from live import ranks, rooms
from live.ranks import EVERY, LONGEST, Ranking
from live.rooms import Room
from live.welcome import WelcomeRequest, personal_states
from tests.stack import Stack
from users.models import Player
from users.sessions import open_for

MakeGame = Callable[..., Game]
PUZZLE = {"accepted": ["elephant"]}

# The rule


def players(count: int) -> list[Player]:
    return [Player.objects.create_user(f"player {i}") for i in range(count)]


def answer(game: Game, player: Player, value: Any, second: int = 0, question: str = ""):
    at = timezone.now() + timedelta(seconds=second)
    submit(Submission(player.pk, game.pk, uuid4(), question, value, at))


def places(game: Game, everybody: list[Player]) -> list[int | None]:
    ranks = ranks_of(game.pk, [player.pk for player in everybody])
    return [ranks.get(player.pk, {}).get("place") for player in everybody]


@pytest.mark.django_db
def test_points_come_first_then_who_was_earlier(make_game: MakeGame) -> None:
    one, two, three, nobody = everybody = players(4)
    questions = [{"text": text, "options": ["*yes", "no"]} for text in ("One?", "Two?")]
    game = make_game("choice", settings={"questions": questions})
    answer(game, one, [0], 1, "1")
    answer(game, two, [0], 2, "1")
    answer(game, two, [0], 3, "2")
    answer(game, three, [0], 0, "1")
    answer(game, nobody, [1], 0, "1")
    assert places(game, everybody) == [3, 1, 2, None]
    rank = {"place": 1, "points": 2, "of": 3}
    assert ranks_of(game.pk, [two.pk]) == {two.pk: rank}


@pytest.mark.django_db
def test_place_is_the_boards(make_game: MakeGame) -> None:
    everybody, game = players(15), make_game()
    for second, player in enumerate(reversed(everybody)):
        answer(game, player, "elephant", second)
    board = [row["place"] for row in boards_of([game.slug])[game.slug]]
    assert board == list(range(1, 11))
    assert places(game, everybody) == list(range(15, 0, -1))


@pytest.mark.django_db
def test_nothing_is_told_before_the_result_is(
    make_game: MakeGame, alice: Player, bob: Player
) -> None:
    game = make_game("number")
    answer(game, alice, "041")
    answer(game, bob, "042")
    assert places(game, [alice, bob]) == [None, None]
    game.close(timezone.now())
    reveal(game, timezone.now())
    assert places(game, [alice, bob]) == [None, 1]


@pytest.mark.django_db
def test_correction_moves_everybody(
    make_game: MakeGame, alice: Player, bob: Player
) -> None:
    game = make_game()
    answer(game, alice, "elephant")
    answer(game, bob, "mammoth")
    regrade(game, {"accepted": ["mammoth"]}, timezone.now())
    assert places(game, [alice, bob]) == [None, 1]


@pytest.mark.django_db
def test_places_take_one_statement_however_many(make_game: MakeGame) -> None:
    everybody, game = players(30), make_game()
    for player in everybody:
        answer(game, player, "elephant")
    with CaptureQueriesContext(connection) as statements:
        assert len(ranks_of(game.pk, [player.pk for player in everybody])) == 30
    assert len(statements) == 1


@pytest.mark.django_db
def test_many_arrivals_take_the_statements_of_two(make_game: MakeGame) -> None:
    game, costs = make_game(), []
    for count in (2, 50):
        everybody = [Player.objects.create_user(f"{count} {i}") for i in range(count)]
        requests = [WelcomeRequest(key, game) for key in open_for(everybody)]
        answer(game, everybody[0], "elephant")
        with CaptureQueriesContext(connection) as statements:
            states = personal_states(requests)
        costs.append(len(statements))
        assert states[0].mine["rank"]["points"] == 1
        assert states[1].mine["rank"] is None
    assert costs[0] == costs[1]
    assert costs[0] <= 10


# When ranks are updated, and who gets them


class Socket:
    """A consumer as a room uses it; `heard` are the frames written to it."""

    name = "socket"

    def __init__(self, player_id: int | None, rank: Any = None) -> None:
        self.player_id, self.rank = player_id, rank
        self.heard: list[dict[str, Any]] = []

    async def base_send(self, message: dict[str, Any]) -> None:
        self.heard.append(json.loads(message["text"]))

    async def refresh_me(self) -> None: ...


def rank_of(place: int) -> dict[str, int]:
    return {"place": place, "points": 1, "of": 9}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The player ids of each query for ranks; each player's place is their id."""
    asked: list[list[int]] = []

    def places(game_id: int, player_ids: Any) -> dict[int, Any]:
        asked.append(list(player_ids))
        return {pk: rank_of(pk) for pk in player_ids}

    async def at_once(call: Callable[..., Any], *args: Any) -> Any:
        return call(*args)

    monkeypatch.setattr(ranks, "ranks_of", places)
    monkeypatch.setattr(ranks, "in_thread", at_once)
    return asked


def room_with(*sockets: Socket) -> Room:
    room = Room(Game(pk=1, kind="puzzle"), {})
    for socket in sockets:
        room.add(socket)
    return room


async def test_only_those_whose_rank_changed_are_told(asked: list[list[int]]) -> None:
    stranger, same, moved = Socket(None), Socket(2, rank_of(2)), Socket(3, rank_of(4))
    phone, laptop = Socket(5), Socket(5, rank_of(5))
    await ranks.tell(room_with(stranger, same, moved, phone, laptop))
    assert asked == [[2, 3, 5]]
    assert moved.heard == [{"type": "rank", **rank_of(3)}]
    assert phone.heard == [{"type": "rank", **rank_of(5)}]
    assert stranger.heard == same.heard == laptop.heard == []


async def test_rank_that_was_lost_is_told_as_null(
    asked: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranks, "ranks_of", lambda game_id, player_ids: {})
    socket = Socket(2, rank_of(2))
    await ranks.tell(room_with(socket))
    nothing = {"type": "rank", "place": None, "points": None, "of": None}
    assert socket.heard == [nothing]


async def test_nobody_here_by_name_costs_no_statement(asked: list[list[int]]) -> None:
    room = room_with(Socket(None))
    await ranks.tell(room)
    assert asked == []
    assert not room.ranking.is_due(0)


def test_only_changed_counts_make_ranks_due() -> None:
    room = room_with()
    room.ranking.seen = room.ranking.changes
    tally = {"type": "tally", "seq": 1, "here": 5, "answered": 0, "right": 0}
    room.note(tally)
    room.ranking.seen = room.ranking.changes
    room.note({**tally, "seq": 2, "here": 6})
    assert not room.ranking.is_due(0)
    room.note({**tally, "seq": 3, "right": 1})
    assert room.ranking.is_due(0)


def test_change_during_an_update_makes_ranks_due_again() -> None:
    ranking = Ranking(changes=2, seen=1, not_before=10)
    assert [ranking.is_due(now) for now in (9, 10)] == [False, True]


@pytest.mark.parametrize(
    ("took", "later"), [(0.01, EVERY), (1, 20), (1000, LONGEST)], ids=str
)
async def test_longer_an_update_takes_the_later_is_the_next(
    monkeypatch: pytest.MonkeyPatch, took: float, later: float
) -> None:
    room, clock = room_with(), iter([100.0, 100.0 + took])
    clock_of_ours = SimpleNamespace(monotonic=lambda: next(clock))
    monkeypatch.setattr(ranks, "time", clock_of_ours)
    await ranks._update(room)
    assert room.ranking.not_before == pytest.approx(100 + later)


async def test_ranks_are_updated_again_after_the_database_was_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_args: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(ranks, "in_thread", fail)
    room = room_with(Socket(1))
    await ranks._update(room)
    assert "Ranks were not sent" in caplog.text
    assert room.ranking.is_due(room.ranking.not_before)


def test_every_process_tells_its_own() -> None:
    assert ranks.tell_ranks in rooms.rooms.loops


# On the socket


async def test_place_is_told_privately_in_each_process(on_postgres: Stack) -> None:
    slug = on_postgres.make_game("puzzle", PUZZLE)
    sessions = on_postgres.make_players(3)
    async with (
        on_postgres.socket(slug, sessions[0], process=0) as alice,
        on_postgres.socket(slug, sessions[1], process=1) as bob,
        on_postgres.socket(slug, sessions[2], process=1) as wrong,
    ):
        for player in (alice, bob, wrong):
            assert (await player.hear("welcome"))["mine"]["rank"] is None
        await alice.ask("answer", value="elephant")
        await wrong.ask("answer", value="mouse")
        await alice.hear("rank", place=1, points=1, of=1)
        await bob.ask("answer", value="elephant")
        await bob.hear("rank", place=2, points=1, of=2)
        await alice.hear("rank", place=1, points=1, of=2)
        resynced = await wrong.ask("resync")
        assert resynced["mine"]["rank"] is None
    assert not [frame for frame in wrong.frames if frame["type"] == "rank"]
    async with on_postgres.socket(slug, sessions[1], process=0) as bob:
        rank = (await bob.hear("welcome"))["mine"]["rank"]
    assert rank == {"place": 2, "points": 1, "of": 2}


async def test_reveal_tells_each_their_place(stack: Stack) -> None:
    slug = stack.make_game("number", {"digits": 3, "rule": "closest", "number": "042"})
    [session] = stack.make_players(1)
    async with stack.socket(slug, session) as player:
        await player.ask("answer", value="041")
        await player.hear("tally", answered=1)
        stack.run(
            "game = Game.objects.get(slug=given['slug'])\n"
            "game.close(now); results.reveal(game, now)",
            slug=slug,
        )
        rank = {"place": 1, "points": 1, "of": 1}
        async with asyncio.timeout(10):
            while {k: v for k, v in last_rank(player).items() if k in rank} != rank:
                player.frames.append(json.loads(await player.ws.recv()))


def last_rank(player: Any) -> dict[str, Any]:
    """The rank last sent to the player; empty if there is none."""
    frames = [frame for frame in player.frames if frame["type"] in ("rank", "me")]
    if not frames:
        return {}
    return frames[-1].get("mine", {"rank": frames[-1]})["rank"] or {}


async def test_frames_a_player_are_few_when_all_answer_at_once(
    on_postgres: Stack,
) -> None:
    count = 120
    slug = on_postgres.make_game("puzzle", PUZZLE)
    sessions = on_postgres.make_players(count)
    everybody = asyncio.Barrier(count)

    async def play(place: int, session: str) -> Counter[str]:
        async with on_postgres.socket(slug, session, process=place) as player:
            await player.hear("welcome")
            await everybody.wait()
            heard = len(player.frames)
            await player.ask("answer", value="elephant")
            await player.hear("rank", of=count)
            return Counter(frame["type"] for frame in player.frames[heard:])

    counts = await asyncio.gather(*(play(i, s) for i, s in enumerate(sessions)))
    assert max(count["rank"] for count in counts) <= 3
    assert max(count.total() for count in counts) < 15
    assert not on_postgres.logged_errors()
