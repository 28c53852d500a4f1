"""A form posted twice, or four times, in the same moment."""

from functools import partial
from uuid import uuid4

import pytest

from tests.conftest import SETTINGS
from tests.forms import Page, at_once, post
from tests.stack import Stack

ROUNDS = 8
TIMES = pytest.mark.parametrize("times", [2, 4])


def join(stack: Stack, slug: str, times: int, session: str = "", **fields: str) -> list:
    """Post the same form this many times at once, over all processes."""
    cookies = {"sessionid": session} if session else {}
    form = partial(post, stack, f"/games/{slug}/join/", fields, cookies)
    return at_once([partial(form, process=place) for place in range(times)])


def guests(stack: Stack, slug: str) -> list[int]:
    return stack.run(
        "out = list(Guest.objects.filter(game__slug=given['slug']).order_by('pk')"
        ".values_list('player_id', flat=True))",
        slug=slug,
    )


def players_of(stack: Stack, pages: list[Page]) -> set[str]:
    """The players of the returned sessions."""
    return set(
        stack.run(
            "from django.contrib.sessions.models import Session\n"
            "rows = Session.objects.filter(session_key__in=given['keys'])\n"
            "out = [row.get_decoded()['_auth_user_id'] for row in rows]",
            keys=[page.session for page in pages],
        )
    )


@TIMES
def test_form_with_an_id_makes_one_guest_and_lets_every_tap_in(
    stack: Stack, times: int
) -> None:
    slug = stack.make_game("puzzle", SETTINGS["puzzle"])
    for place in range(ROUNDS):
        pages = join(stack, slug, times, nickname=f"Zoe {place}", join_id=str(uuid4()))
        assert [page.status for page in pages] == [302] * times
        assert all(page.session for page in pages)
        assert players_of(stack, pages) == {str(guests(stack, slug)[-1])}
    assert len(guests(stack, slug)) == ROUNDS


@TIMES
def test_form_without_an_id_lets_one_in_and_calls_the_name_taken(
    stack: Stack, times: int
) -> None:
    slug = stack.make_game("puzzle", SETTINGS["puzzle"])
    for place in range(ROUNDS):
        pages = join(stack, slug, times, nickname=f"Zoe {place}")
        statuses = sorted(page.status for page in pages)
        assert statuses == [302] + [400] * (times - 1)
    assert len(guests(stack, slug)) == ROUNDS
    assert len(set(guests(stack, slug))) == ROUNDS


@TIMES
@pytest.mark.parametrize("same_nickname", [True, False])
def test_session_that_joins_at_once_is_one_guest(
    stack: Stack, times: int, same_nickname: bool
) -> None:
    first = stack.make_game("puzzle", SETTINGS["puzzle"])
    other = stack.make_game("puzzle", SETTINGS["puzzle"])
    path = f"/games/{other}/join/"
    for place in range(ROUNDS):
        [known] = join(stack, first, 1, nickname=f"Yan {place}")
        cookies = {"sessionid": known.session}
        names = [
            f"Yan {place}" + ("" if same_nickname else f" {n}") for n in range(times)
        ]
        forms = [
            partial(post, stack, path, {"nickname": name}, cookies) for name in names
        ]
        pages = at_once([partial(form, process=n) for n, form in enumerate(forms)])
        assert [page.status for page in pages] == [302] * times
    assert sorted(guests(stack, other)) == sorted(guests(stack, first))


@TIMES
def test_two_strangers_at_once_never_share_a_nickname(stack: Stack, times: int) -> None:
    slug = stack.make_game("puzzle", SETTINGS["puzzle"])
    path = f"/games/{slug}/join/"
    for place in range(ROUNDS):
        fields = [
            {"nickname": f"Zoe {place}", "join_id": str(uuid4())} for _ in range(times)
        ]
        forms = [partial(post, stack, path, one) for one in fields]
        pages = at_once([partial(form, process=n) for n, form in enumerate(forms)])
        assert sorted(page.status for page in pages) == [302] + [400] * (times - 1)
    assert len(guests(stack, slug)) == ROUNDS


def test_no_tap_left_an_error_in_the_log(stack: Stack) -> None:
    assert "IntegrityError" not in stack.logged_errors()
