"""States by the clock, and the verbs that each state allows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from core.refusals import Refused
from games.models import Game
from games.states import ALLOWED, PUBLISHED, State

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)

Make = Callable[..., Game]

# Each verb as staff would use it at noon.
VERBS: dict[str, Callable[[Game], Any]] = {
    "schedule": lambda game: game.schedule(NOON),
    "withdraw": lambda game: game.withdraw(NOON),
    "open": lambda game: game.open(NOON),
    "pause": lambda game: game.pause(NOON),
    "resume": lambda game: game.resume(NOON),
    "extend": lambda game: game.extend(15, NOON),
    "close": lambda game: game.close(NOON),
    "archive": lambda game: game.archive(NOON),
    "restore": lambda game: game.restore(NOON),
    "notify": lambda game: game.notify("Two minutes left!", NOON + HOUR),
    "take_back_notice": lambda game: game.take_back_notice(),
}
every_verb = pytest.mark.parametrize("verb", VERBS)


def at_noon(
    state: State, opens: datetime | None = None, closes: datetime | None = None
) -> State:
    return Game(state=state, opens_at=opens, closes_at=closes).state_at(NOON)


def assert_refused(act: Callable[[], Any], code: str, field: str = ""):
    with pytest.raises(Refused) as refused:
        act()
    assert (refused.value.code, refused.value.field) == (code, field)


# The clock, without a database


@pytest.mark.parametrize("state", State)
def test_without_times_the_state_is_as_noted(state: State):
    assert at_noon(state) is state


@pytest.mark.parametrize(
    ("opens", "state"),
    [
        (NOON + TICK, State.SCHEDULED),
        (NOON, State.OPEN),
        (NOON - TICK, State.OPEN),
    ],
)
def test_a_scheduled_game_opens_at_its_time(opens: datetime, state: State):
    assert at_noon(State.SCHEDULED, opens=opens) is state


@pytest.mark.parametrize("noted", [State.OPEN, State.PAUSED])
@pytest.mark.parametrize(
    ("closes", "over"), [(NOON + TICK, False), (NOON, True), (NOON - TICK, True)]
)
def test_a_game_closes_at_its_time_even_if_paused(
    noted: State, closes: datetime, over: bool
):
    assert at_noon(noted, closes=closes) is (State.CLOSED if over else noted)


def test_a_game_that_nobody_looked_at_goes_through_both_times():
    assert at_noon(State.SCHEDULED, NOON - HOUR, NOON) is State.CLOSED
    assert at_noon(State.SCHEDULED, NOON - HOUR, NOON + TICK) is State.OPEN
    assert at_noon(State.SCHEDULED, NOON + HOUR, NOON + HOUR) is State.SCHEDULED


@pytest.mark.parametrize(
    "state", [State.DRAFT, State.CLOSED, State.REVEALED, State.ARCHIVED]
)
def test_the_clock_moves_no_other_state(state: State):
    assert at_noon(state, NOON - HOUR, NOON - TICK) is state
    assert at_noon(state, NOON - HOUR, NOON + HOUR) is state


def test_an_open_game_does_not_care_when_it_was_to_open():
    assert at_noon(State.OPEN, opens=NOON + HOUR) is State.OPEN


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.DRAFT, "not_found"),
        (State.SCHEDULED, "not_open"),
        (State.PAUSED, "paused"),
        (State.CLOSED, "closed"),
        (State.REVEALED, "closed"),
        (State.ARCHIVED, "not_found"),
    ],
)
def test_only_an_open_game_takes_answers(state: State, code: str):
    assert_refused(lambda: Game(state=state).check_open(NOON), code)


def test_an_answer_in_the_last_moment_is_taken_and_the_next_is_not():
    game = Game(state=State.OPEN, closes_at=NOON)
    game.check_open(NOON - TICK)
    assert_refused(lambda: game.check_open(NOON), "closed")


def test_an_answer_in_the_first_moment_is_taken_and_none_before():
    game = Game(state=State.SCHEDULED, opens_at=NOON)
    assert_refused(lambda: game.check_open(NOON - TICK), "not_open")
    game.check_open(NOON)


# The table, without a database


def test_every_verb_of_the_table_is_one_of_the_games_or_the_reveal():
    assert set(ALLOWED) == {*VERBS, "reveal"}
    assert all(callable(getattr(Game, verb)) for verb in VERBS)


def test_every_verb_is_allowed_in_some_state_and_in_none_unknown():
    assert all(ALLOWED.values())
    assert set().union(*ALLOWED.values()) <= set(State)


def test_there_is_a_way_on_from_every_state():
    assert set().union(*ALLOWED.values()) == set(State)


def test_players_see_all_but_drafts_and_the_archive():
    assert set(PUBLISHED) == set(State) - {State.DRAFT, State.ARCHIVED}


@pytest.mark.parametrize(
    ("settings", "ready"),
    [({"digits": 2}, False), ({"digits": 2, "number": "42"}, True)],
)
def test_a_game_is_revealed_only_once_the_result_is_there(
    settings: dict[str, Any], ready: bool
):
    game = Game(kind="number", state=State.CLOSED, settings=settings)
    assert game.allows("reveal") is ready


def test_a_game_without_an_end_can_not_be_extended():
    assert not Game(state=State.OPEN).allows("extend")
    assert Game(state=State.OPEN, closes_at=NOON).allows("extend")


# The verbs


@pytest.fixture
def game_in(make_game: Make) -> Make:
    """A game at noon: open since eleven, until one."""

    def make(state: State, **fields: Any) -> Game:
        ahead = state in (State.DRAFT, State.SCHEDULED)
        over = state in (State.CLOSED, State.REVEALED)
        times = {
            "opens_at": NOON + HOUR / 2 if ahead else NOON - HOUR,
            "closes_at": NOON - HOUR / 2 if over else NOON + HOUR,
        }
        return make_game(state=state, **{**times, **fields})

    return make


@every_verb
def test_a_verb_is_used_in_its_states_and_refused_in_all_others(
    verb: str, game_in: Make
):
    for state in State:
        game = game_in(state)
        if state in ALLOWED[verb]:
            VERBS[verb](game)
            assert game.seq == 1
        else:
            assert_refused(lambda game=game: VERBS[verb](game), "invalid", "state")
            game.refresh_from_db()
            assert (game.state, game.seq) == (state, 0)


@every_verb
def test_players_hear_of_each_change_once_it_is_committed(
    verb: str, game_in: Make, django_capture_on_commit_callbacks: Any
):
    game = game_in(min(ALLOWED[verb]))
    with django_capture_on_commit_callbacks() as told:
        VERBS[verb](game)
    assert len(told) == 1


def test_a_change_is_made_to_the_game_as_it_is_now(game_in: Make):
    mine = game_in(State.OPEN)
    Game.objects.get(pk=mine.pk).pause(NOON)
    assert_refused(lambda: mine.pause(NOON), "invalid", "state")
    mine.resume(NOON)
    assert (mine.state, mine.seq) == (State.OPEN, 2)


def test_each_change_takes_the_next_number(game_in: Make):
    game = game_in(State.DRAFT)
    seen = []
    for verb in ("schedule", "withdraw", "open", "pause", "resume", "close", "archive"):
        VERBS[verb](game)
        seen.append(game.seq)
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert Game.objects.get(pk=game.pk).seq == 7


def test_a_draft_is_scheduled_for_its_time(game_in: Make):
    game = game_in(State.DRAFT)
    game.schedule(NOON)
    assert (game.state, game.opens_at) == (State.SCHEDULED, NOON + HOUR / 2)


@pytest.mark.parametrize("opens", [NOON, NOON - HOUR])
def test_a_draft_whose_time_has_come_opens_at_once(opens: datetime, game_in: Make):
    game = game_in(State.DRAFT, opens_at=opens)
    game.schedule(NOON)
    assert (game.state, game.opens_at) == (State.OPEN, opens)


def test_a_draft_without_a_time_opens_now(game_in: Make):
    game = game_in(State.DRAFT, opens_at=None, closes_at=None)
    game.schedule(NOON)
    assert (game.state, game.opens_at) == (State.OPEN, NOON)


def test_open_opens_now_whatever_the_time_said(game_in: Make):
    for state in (State.DRAFT, State.SCHEDULED):
        game = game_in(state)
        game.open(NOON)
        assert (game.state, game.opens_at) == (State.OPEN, NOON)


@pytest.mark.parametrize("verb", ["schedule", "open"])
@pytest.mark.parametrize("closes", [NOON, NOON - TICK])
def test_a_closing_time_that_has_passed_is_refused(
    verb: str, closes: datetime, game_in: Make
):
    game = game_in(State.DRAFT, opens_at=NOON - HOUR, closes_at=closes)
    assert_refused(lambda: VERBS[verb](game), "invalid", "closes_at")
    game.refresh_from_db()
    assert (game.state, game.seq) == (State.DRAFT, 0)


def test_withdraw_hides_the_game_again(game_in: Make):
    game = game_in(State.SCHEDULED)
    game.withdraw(NOON)
    assert game.state == State.DRAFT
    assert not Game.objects.published().exists()


def test_pause_leaves_the_closing_time(game_in: Make):
    game = game_in(State.OPEN)
    game.pause(NOON)
    assert (game.state, game.closes_at) == (State.PAUSED, NOON + HOUR)
    assert game.state_at(NOON + HOUR) is State.CLOSED
    game.resume(NOON)
    assert game.state_at(NOON) is State.OPEN


def test_extend_closes_that_much_later(game_in: Make):
    for state in (State.OPEN, State.PAUSED):
        game = game_in(state)
        game.extend(15, NOON)
        assert (game.state, game.closes_at) == (state, NOON + HOUR * 1.25)


def test_extend_opens_a_closed_game_again_from_now(game_in: Make):
    game = game_in(State.CLOSED)
    game.extend(15, NOON)
    assert (game.state, game.closes_at) == (State.OPEN, NOON + HOUR / 4)
    game.check_open(NOON)


def test_extend_counts_from_now_where_the_clock_was_not_yet_followed(game_in: Make):
    game = game_in(State.OPEN, closes_at=NOON - TICK)
    game.extend(15, NOON)
    assert game.closes_at == NOON + HOUR / 4
    assert game.state_at(NOON) is State.OPEN


def test_a_game_without_an_end_is_not_extended(game_in: Make):
    game = game_in(State.OPEN, closes_at=None)
    assert_refused(lambda: game.extend(15, NOON), "invalid", "state")


def test_close_closes_now(game_in: Make):
    for state in (State.OPEN, State.PAUSED):
        game = game_in(state)
        game.close(NOON)
        assert (game.state, game.closes_at) == (State.CLOSED, NOON)


def test_the_archive_is_out_of_sight_and_loses_nothing(game_in: Make):
    game = game_in(State.CLOSED, codes=2)
    game.archive(NOON)
    assert not Game.objects.published().exists()
    assert game.pools.get().codes.count() == 2


def test_restored_a_game_is_what_it_was(game_in: Make):
    for state in ALLOWED["archive"]:
        revealed_at = NOON if state is State.REVEALED else None
        game = game_in(state, revealed_at=revealed_at)
        game.archive(NOON)
        game.restore(NOON)
        assert game.state == state


def test_the_clock_notes_what_it_says(game_in: Make):
    game = game_in(State.SCHEDULED)
    game.apply_schedule(NOON + HOUR / 2)
    assert (game.state, game.seq) == (State.OPEN, 1)
    game.apply_schedule(NOON + HOUR)
    assert (game.state, game.seq) == (State.CLOSED, 2)


@pytest.mark.parametrize("state", State)
def test_due_is_whatever_the_clock_says_otherwise_than_noted(
    state: State, game_in: Make
):
    game = game_in(state)
    for moment in (NOON, NOON + HOUR / 2, NOON + HOUR):
        due = Game.objects.due(moment).exists()
        assert due is (game.state_at(moment) is not state)


def test_a_duplicate_is_a_draft_of_its_own(game_in: Make):
    game = game_in(State.CLOSED, codes=1, text="Win!", seq=9, access="listed")
    game.invite(["Alice"])
    copy = game.duplicate("another")
    assert (copy.state, copy.seq, copy.slug) == (State.DRAFT, 0, "another")
    assert (copy.opens_at, copy.closes_at, copy.revealed_at) == (None, None, None)
    assert (copy.kind, copy.title, copy.text) == (game.kind, game.title, "Win!")
    assert (copy.rules, copy.access) == (game.rules, "listed")
    assert not copy.pools.exists()
    assert [one.name for one in copy.invitations.all()] == ["Alice"]
    assert [one.name for one in game.invitations.all()] == ["Alice"]
    assert Game.objects.get(pk=game.pk).state == State.CLOSED


@pytest.mark.parametrize("verb", ["schedule", "open"])
def test_a_game_for_a_list_of_nobody_is_not_published(verb: str, game_in: Make):
    game = game_in(State.DRAFT, access="listed")
    with pytest.raises(Refused) as caught:
        getattr(game, verb)(NOON)
    assert caught.value.field == "names"
    assert Game.objects.get(pk=game.pk).state == State.DRAFT
    game.invite(["Alice"])
    getattr(game, verb)(NOON)


def test_two_games_never_share_an_address(game_in: Make):
    game = game_in(State.DRAFT)
    with pytest.raises(IntegrityError), transaction.atomic():
        game.duplicate(game.slug)


def test_a_game_never_closes_before_it_opens(game_in: Make):
    with pytest.raises(IntegrityError), transaction.atomic():
        game_in(State.DRAFT, opens_at=NOON, closes_at=NOON - TICK)


def test_a_game_is_never_in_an_unknown_state(game_in: Make):
    game = game_in(State.DRAFT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Game.objects.filter(pk=game.pk).update(state="LOST")
