"""Batches that arrive together take the statements and round trips of one of them, and
each gets the reply that it would get alone."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from answers.models import Answer
from batch.askers import Data
from batch.reads import ReadRequest, read_many
from checkins.models import CheckIn
from core.cache import invalidate
from core.refusals import Refused
from games.models import Game
from games.states import Access
from tests.batch.test_batch import RIGHT, Cost
from users.models import Player

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("runs_servers")]
MakeGame = Callable[..., Game]
Asked = tuple[Sequence[ReadRequest], Player | None]


def items(*wanted: str) -> list[ReadRequest]:
    """Items from texts like `type` or `type id`."""
    return [
        ReadRequest(type_, id_) for type_, _, id_ in (w.partition(" ") for w in wanted)
    ]


def without_now(found: Data | Refused) -> Data:
    if isinstance(found, Refused):
        return {"error": found.body()}
    return {name: value for name, value in found.items() if name != "now"}


def comparable(reply: dict[ReadRequest, Data | Refused]) -> dict[ReadRequest, Data]:
    return {item: without_now(found) for item, found in reply.items()}


def together(asked: Sequence[Asked]) -> list[dict[ReadRequest, Data]]:
    return [comparable(reply) for reply in read_many(asked)]


def one_by_one(asked: Sequence[Asked]) -> list[dict[ReadRequest, Data]]:
    return [comparable(reply) for one in asked for reply in read_many([one])]


def crowd(count: int) -> list[Player]:
    names = [f"Player {place}" for place in range(count)]
    rows = [Player(name=name, name_key=name.lower()) for name in names]
    return Player.objects.bulk_create(rows)


def answered(game: Game, players: Sequence[Player]) -> None:
    now = timezone.now()
    Answer.objects.bulk_create(
        Answer(game=game, player=player, key=uuid4(), **RIGHT, submitted_at=now)
        for player in players
    )


def checked_in(game: Game, player: Player, days: int) -> None:
    now, first = timezone.now(), date(2026, 1, 1)
    CheckIn.objects.bulk_create(
        CheckIn(game=game, player=player, key=uuid4(), at=now, day=day, date=when)
        for day in range(1, days + 1)
        if (when := first + timedelta(days=day))
    )


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> Cost:
    return Cost(monkeypatch)


@pytest.mark.parametrize("kind", ["puzzle", "checkin"])
@pytest.mark.parametrize("kept", [False, True])
def test_cost_is_the_same_for_one_asker_and_for_a_hundred(
    make_game: MakeGame, cost: Cost, kind: str, kept: bool
) -> None:
    game, players = make_game(kind, slug="one", codes=3), crowd(100)
    answered(game, players)
    wanted = items("game one", "mine one", "board one")
    asked = [(wanted, player) for player in players]
    costs = []
    for some in (asked[:1], asked):
        read_many(some)
        if not kept:
            invalidate("game:one")
        costs.append(cost.of_call(lambda some=some: read_many(some)))  # type: ignore[misc]
    assert costs[0] == costs[1]
    assert together(asked) == one_by_one(asked)
    assert len({str(reply) for reply in together(asked)}) == 100


@pytest.mark.parametrize(
    "type_", ["game", "games", "user", "answers", "checkins", "board"]
)
@pytest.mark.parametrize("kept", [False, True])
def test_a_type_takes_one_statement_for_all_askers(
    make_game: MakeGame, cost: Cost, type_: str, kept: bool
) -> None:
    games = [make_game(slug=f"g-{place}") for place in range(3)]
    ours = make_game(slug="ours", access=Access.LISTED)
    players = crowd(20)
    ours.invite([player.name for player in players[::2]])
    answered(games[0], players)
    asked: list[Asked] = [
        (
            items(f"{type_} {player.pk if type_ == 'user' else games[place % 3].slug}"),
            player,
        )
        for place, player in enumerate(players)
    ]
    if type_ == "games":
        asked = [(items("games"), player) for _item, player in asked]
    if kept:
        read_many(asked)
    statements, _trips = cost.of_call(lambda: read_many(asked))
    assert statements <= 1
    assert together(asked) == one_by_one(asked)


def test_each_reply_is_the_same_as_alone(
    make_game: MakeGame, alice: Player, bob: Player, carol: Player
) -> None:
    days = make_game("checkin", slug="days")
    puzzle = make_game(slug="puzzle", codes=3)
    for slug, names in {"hers": ["alice"], "theirs": ["alice", "bob"]}.items():
        make_game(slug=slug, access=Access.LISTED).invite(names)
    make_game(slug="draft", state="DRAFT")
    for player in (alice, bob):
        answered(puzzle, [player])
        answered(days, [player])
    checked_in(days, alice, 150)
    checked_in(days, bob, 3)
    every = items(
        "game puzzle", "game draft", "game days", "games", f"user {alice.pk}",
        f"user {bob.pk}", "user x", "user 999999", "answers", "answers puzzle",
        "checkins", "checkins days", "checkins puzzle", "mine days", "mine puzzle",
        "board puzzle", "board draft",
    )  # fmt: skip
    asked: list[Asked] = [
        (every, alice),
        (every, bob),
        (every, carol),
        (every, None),
        (items("answers days"), alice),
        (items("mine draft"), bob),
        (items("mine puzzle", "mine days"), alice),
        (items("games"), None),
        ([], bob),
    ]
    cold = together(asked)
    assert cold == together(asked) == one_by_one(asked)
    [first_days] = [cold[0][item] for item in items("checkins days")]
    assert (len(first_days["checkins"]), first_days["next"] is None) == (100, False)
    lists = [cold[place][ReadRequest("games")]["games"] for place in range(4)]
    assert [len(games) for games in lists] == [4, 3, 2, 2]


def test_lists_longer_than_a_page_are_each_players_own(
    make_game: MakeGame, alice: Player, bob: Player
) -> None:
    settings = {"accepted": ["elephant"]}
    Game.objects.bulk_create(
        Game(
            kind="puzzle", slug=f"g-{place}", title="-", state="OPEN", settings=settings
        )
        for place in range(120)
    )
    make_game(slug="hers", access=Access.LISTED).invite(["alice"])
    asked = [(items("games"), player) for player in (alice, bob, None)]
    hers, his, everybodys = together(asked)
    assert [hers, his, everybodys] == one_by_one(asked)
    assert his == everybodys != hers
    for reply in (hers, his):
        [page] = reply.values()
        assert len(page["games"]) == 100
        assert page["next"]


def test_unexpected_error_affects_only_the_items_that_cause_it(
    make_game: MakeGame, alice: Player, bob: Player, settings: LazySettings
) -> None:
    make_game(slug="good")
    broken = make_game(slug="broken")
    Game.objects.filter(pk=broken.pk).update(settings={"accepted": 7})
    wanted = ["game {}", "mine {}", "answers", "board {}"]
    asked: list[Asked] = [
        (items(*(one.format(slug) for one in wanted)), player)
        for slug, player in (("good", alice), ("broken", bob), ("good", bob))
    ]
    codes = [
        [found.code if isinstance(found, Refused) else "ok" for found in reply.values()]
        for reply in read_many(asked)
    ]
    assert codes == [["ok"] * 4, ["server_error"] * 2 + ["ok"] * 2, ["ok"] * 4]


def test_no_askers_get_no_replies() -> None:
    assert read_many([]) == []
