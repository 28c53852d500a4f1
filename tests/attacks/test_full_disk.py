"""A disk that is full takes no page with it."""

import resource
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gameproject.ops.nginx import Site, command, render
from gameproject.ops.supervisor import Child
from tests.attacks.wire import at_once
from tests.conftest import SETTINGS
from tests.fronted import Fronted, ask, site_in

PLAYERS = 100
# Written by nginx into each kept file: when it ends, after its version (8 bytes).
END, LONG_AGO = 8, struct.pack("q", 1)


@contextmanager
def nginx_on_a_small_disk(site: Site) -> Iterator[Child]:
    """nginx that is told so when a file grows too large, and isn't ended for it."""
    patient = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]
    child = Child("nginx", [*patient, *command(render(site))], site.logs)
    child.start()
    child.wait_until(("127.0.0.1", int(site.listen.rpartition(":")[2])))
    yield child
    child.stop()


def fill_the_disk(child: Child) -> None:
    """From now on no file of nginx's may hold more than a few bytes."""
    assert child.process
    master = child.process.pid
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    for pid in (master, *map(int, workers)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (16, 16))


@pytest.fixture
def before(fronted: Fronted, tmp_path: Path) -> Iterator[tuple[Site, Child]]:
    """A second nginx before the same daphnes."""
    site = site_in(tmp_path, daphnes=2)
    for place in range(2):
        site.socket(place).symlink_to(fronted.site.socket(place))
    with nginx_on_a_small_disk(site) as child:
        yield site, child


def test_everybody_gets_the_page_though_nothing_can_be_kept(
    fronted: Fronted, before: tuple[Site, Child]
) -> None:
    site, child = before
    paths = [f"/games/{fronted.make_game('puzzle', SETTINGS['puzzle'])}/" for _ in "ab"]
    undisturbed = at_once(site.listen, paths[0], PLAYERS)
    fill_the_disk(child)
    disturbed = at_once(site.listen, paths[1], PLAYERS)
    for answers in (undisturbed, disturbed):
        assert [answer.status for answer in answers] == [200] * PLAYERS
        assert len({answer.body for answer in answers}) == 1
    assert not [
        one
        for one in (site.run / "cache").glob("*/*/*/*")
        if paths[1].encode() in one.read_bytes()
    ]


def test_page_that_can_not_be_replaced_is_not_shown_for_ever(
    fronted: Fronted, before: tuple[Site, Child]
) -> None:
    site, child = before
    slug = fronted.make_game("puzzle", SETTINGS["puzzle"])
    old = ask(site, f"/games/{slug}/").body
    fill_the_disk(child)
    fronted.run("Game.objects.get(slug=given['slug']).pause(now)", slug=slug)
    for kept in (site.run / "cache").glob("*/*/*/*"):
        with kept.open("r+b") as file:  # as if much time had passed
            file.seek(END)
            file.write(LONG_AGO)
    answer = ask(site, f"/games/{slug}/")
    assert answer.status == 200
    assert answer.body != old
    assert b'"PAUSED"' in answer.body


def test_body_needs_no_disk(before: tuple[Site, Child]) -> None:
    site, child = before
    fill_the_disk(child)
    answer = ask(site, "/api/batch", "POST", b'{"requests": "' + b"x" * 60_000 + b'"}')
    assert (answer.status, answer.json()["error"]["code"]) == (400, "invalid")


def test_upload_that_finds_no_room_is_refused_in_our_words(
    before: tuple[Site, Child],
) -> None:
    site, child = before
    fill_the_disk(child)
    answer = ask(site, "/admin/", "POST", b"x" * 1_000_000)
    assert answer.status == 503
    assert b"nginx" not in answer.body
    assert answer.headers["Retry-After"] == "2"
