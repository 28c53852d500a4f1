"""Guests who join together: the rules are those for one, in a few statements."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.refusals import Refused
from games.models import AdmitRequest, Game, Guest
from games.personal import nicknames_in
from tests.core.test_admin_edits import wait_until_another_waits_for_us
from tests.forms import at_once
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
Outcomes = list[Guest | Refused]
RACE = pytest.mark.django_db(transaction=True)


def stranger(game: Game, nickname: str, join_id: UUID | None = None) -> AdmitRequest:
    return AdmitRequest(game.pk, None, nickname, join_id or uuid4())


def strangers(game: Game, count: int, name: str = "p") -> list[AdmitRequest]:
    return [stranger(game, f"{name} {place}") for place in range(count)]


def admit(*requests: AdmitRequest) -> Outcomes:
    return Guest.objects.admit_many(requests)


def shown(outcomes: Outcomes) -> list[str]:
    """Each guest's nickname; a refusal's code and field."""
    return [
        f"{one.code} {one.field}" if isinstance(one, Refused) else one.nickname
        for one in outcomes
    ]


def pks(outcomes: Outcomes) -> list[int | None]:
    return [None if isinstance(one, Refused) else one.pk for one in outcomes]


def test_statements_are_the_same_for_one_and_for_200_strangers(
    make_game: MakeGame,
) -> None:
    game, counts = make_game(), []
    for count in (1, 200):
        requests = strangers(game, count, f"{count} ")
        with CaptureQueriesContext(connection) as first:
            outcomes = admit(*requests)
        with CaptureQueriesContext(connection) as again:
            assert pks(admit(*requests)) == pks(outcomes)
        assert None not in pks(outcomes)
        counts.append((len(first), len(again)))
    assert counts[0] == counts[1] == (5, 1)  # two of the five are the savepoint
    assert Guest.objects.count() == Player.objects.count() == 201


def test_each_stranger_becomes_a_guest_player_who_may_play(make_game: MakeGame) -> None:
    game, other = make_game(), make_game()
    requests = strangers(game, 2)
    for request, pk in zip(requests, pks(admit(*requests))):
        guest = Guest.objects.select_related("player").get(pk=pk)
        player = guest.player
        assert (guest.nickname, guest.join_id) == (request.nickname, request.join_id)
        assert (player.name, player.name_key) == (request.nickname, None)
        assert player.is_guest
        assert player.is_active
        assert not player.has_usable_password()
        assert game.admitted([player], nicknames_in(game, [player])) == {player.pk}
        assert other.admitted([player], nicknames_in(other, [player])) == set()


def test_first_of_two_strangers_gets_the_nickname(make_game: MakeGame) -> None:
    game, other = make_game(), make_game()
    outcomes = admit(
        stranger(game, "Zoe"),
        stranger(game, " zoe"),
        stranger(other, "ZOE"),
        stranger(game, "Malee"),
    )
    assert shown(outcomes) == ["Zoe", "invalid nickname", "ZOE", "Malee"]
    assert Player.objects.count() == 3


def test_form_sent_twice_together_makes_one_guest(make_game: MakeGame) -> None:
    game, form = make_game(), uuid4()
    first, again, changed = admit(
        stranger(game, "Zoe", form),
        stranger(game, "zoe", form),
        stranger(game, "Malee", form),
    )
    assert first is again
    assert shown([changed]) == ["invalid nickname"]
    assert Guest.objects.count() == Player.objects.count() == 1


def test_strangers_without_a_form_id_are_not_the_same(make_game: MakeGame) -> None:
    plain = AdmitRequest(make_game().pk, None, "Zoe")
    assert shown(admit(plain, plain)) == ["Zoe", "invalid nickname"]
    assert shown(admit(plain)) == ["invalid nickname"]


def test_player_is_admitted_once_under_the_first_nickname(make_game: MakeGame) -> None:
    game, other = make_game(), make_game()
    guest = Player.objects.create_guest("Zoe")
    outcomes = admit(
        AdmitRequest(game.pk, guest, "Zoe"),
        AdmitRequest(game.pk, guest, "Malee"),
        AdmitRequest(other.pk, guest, "Malee", uuid4()),
        stranger(game, "Malee"),
        stranger(game, "Zoe"),
    )
    expected = ["Zoe", "Zoe", "Malee", "Malee", "invalid nickname"]
    assert shown(outcomes) == expected
    assert guest.guest_in.count() == 2
    assert not guest.guest_in.exclude(join_id=None).exists()
    assert shown(admit(AdmitRequest(game.pk, guest, "Somchai"))) == ["Zoe"]


@pytest.mark.parametrize("why", ["late", "banned"])
def test_form_of_long_ago_or_of_a_banned_guest_admits_nobody(
    make_game: MakeGame, why: str
) -> None:
    request = stranger(make_game(), "Zoe")
    admit(request)
    if why == "late":
        then = timezone.now() - timedelta(minutes=11)
        Player.objects.update(joined_at=then)
    else:
        Player.objects.get().ban()
    assert shown(admit(request)) == ["invalid nickname"]


def test_nickname_too_long_to_read_spoils_nobodys(make_game: MakeGame) -> None:
    game = make_game()
    outcomes = admit(stranger(game, "x" * 301), stranger(game, "Zoe"))
    assert shown(outcomes) == ["too_large ", "Zoe"]
    assert admit() == []


@RACE
def test_game_that_is_gone_spoils_nobodys(make_game: MakeGame) -> None:
    game, gone = make_game(), make_game()
    requests = [stranger(gone, "Zoe"), *strangers(game, 3)]
    gone.delete()
    outcomes = admit(*requests)
    assert shown(outcomes) == ["unavailable ", "p 0", "p 1", "p 2"]
    assert Guest.objects.count() == Player.objects.count() == 3


# Two processes in the same moment


def in_a_process(requests: Sequence[AdmitRequest]) -> Callable[[], Outcomes]:
    """A call on a connection of its own."""

    def call() -> Outcomes:
        try:
            return admit(*requests)
        finally:
            connection.close()

    return call


@RACE
def test_same_hundred_at_once_in_two_processes_are_a_hundred_guests(
    make_game: MakeGame,
) -> None:
    game = make_game()
    requests = strangers(game, 100)
    backwards = requests[::-1]
    one, other = at_once([in_a_process(requests), in_a_process(backwards)])
    assert None not in pks(one)
    assert pks(one) == pks(other)[::-1]
    assert Guest.objects.count() == Player.objects.count() == 100


@RACE
def test_whoever_is_overtaken_looks_once_more(make_game: MakeGame) -> None:
    game = make_game()
    both, taken = strangers(game, 50), strangers(game, 1, "taken")
    again = [*both, stranger(game, "taken 0"), *strangers(game, 50, "others")]
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            first = admit(*both, *taken)
            overtaken = threads.submit(in_a_process(again))
            wait_until_another_waits_for_us()
        second = overtaken.result()
    assert pks(second)[:50] == pks(first)[:50]
    assert shown(second)[50] == "invalid nickname"
    assert None not in pks(second)[51:]
    assert Guest.objects.count() == Player.objects.count() == 101


@RACE
def test_processes_that_wait_for_each_other_both_get_through(
    make_game: MakeGame,
) -> None:
    game, one, other = make_game(), uuid4(), uuid4()
    both = [stranger(game, "a", one), stranger(game, "b", other)]
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            admit(stranger(game, "c", other))
            circle = threads.submit(in_a_process(both))
            wait_until_another_waits_for_us()
            admit(stranger(game, "d", one))  # which they have, and wait for us
        outcomes = circle.result()
    assert shown(outcomes)[1] == "invalid nickname"
    assert set(Guest.objects.values_list("join_id", flat=True)) == {one, other}
    assert Guest.objects.count() == Player.objects.count() == 2
