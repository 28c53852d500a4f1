"""Everybody at each door at once: a rush on all that is not the game page.

Each phase sends a group of people to one door, a method of `Visitor`. `door_thresholds`
has the promises.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password

from core.addresses import network
from core.rate_limits import of_address
from gameproject.loadtest import counters
from gameproject.loadtest.client import resolve
from gameproject.loadtest.coordinator import (
    HALF_ARRIVAL,
    LEAD_SECONDS,
    SETTLE_SECONDS,
    Coordinator,
    Phase,
)
from gameproject.loadtest.door_fixtures import (
    count_guests,
    count_rewards,
    make_check_in_game,
    make_open_game,
    open_staff_session,
)
from gameproject.loadtest.fixtures import answer_to
from gameproject.loadtest.staff import staff_at_work
from games.models import Game

TRIES = 12  # with --kill: a refused visitor tries again, each time later
HASHES = 3  # the fastest of them is how long a hash takes
JOINS = 2  # per player in a rehearsal, by strangers from one address


def play_doors(run: Coordinator) -> None:
    """All doors, one after the other."""
    doors = Doors(run)
    try:
        doors.measure_idle()
        doors.strangers()
        doors.pages()
        doors.without_sockets()
        doors.check_ins()
        doors.staff()
        doors.sign_ins()
    finally:
        doors.give_back_joins()


class Doors:
    def __init__(self, run: Coordinator) -> None:
        self.run, self.fixtures = run, run.fixtures
        self.first = make_open_game(self.fixtures, "first")
        self.second = make_open_game(self.fixtures, "second")
        self.scale = min(1.0, run.plan.players / 1000)

    def enter(
        self, phase: str, door: str, people: str, kill: bool = False, **arguments: Any
    ) -> None:
        """Send these people to a door at the same moment, and count the statements."""
        time.sleep(self.scale)  # until the work of the phase before is done
        with counters.counting() as counted, self.chaos(kill):
            self.run.order(
                phase,
                "enter",
                door=door,
                people=people,
                at=time.time() + LEAD_SECONDS,
                tries=self.tries(kill),
                **arguments,
            )
        self.run.counted[phase] = vars(counted)

    def tries(self, kill: bool) -> int:
        return TRIES if kill and self.run.chaos else 1

    def chaos(self, kill: bool) -> AbstractContextManager[None]:
        return (
            self.run.chaos_after(LEAD_SECONDS + HALF_ARRIVAL) if kill else nullcontext()
        )

    def leave(self) -> None:
        self.run.order("leaving", "leave", within=10.0)

    # The doors

    def measure_idle(self) -> None:
        """Count the statements per second while no room is open."""
        time.sleep(SETTLE_SECONDS)
        with counters.counting() as counted:
            time.sleep(self.run.plan.wait)
        self.run.counted["idle without rooms"] = (
            counted.statements or 0
        ) / counted.seconds

    def strangers(self) -> None:
        slug, other = self.first.slug, self.second.slug
        self.enter("join", "join", "guests", kill=True, slug=slug)
        self.let_in_the_refused(slug)
        self.enter("socket", "connect", "guests", slug=slug)
        self.leave()
        self.enter("stranger's arrival", "arrive", "newcomers", kill=True, slug=other)
        self.leave()
        self.run.counted["guests"] = count_guests()

    def let_in_the_refused(self, slug: str) -> None:
        """Let them try again, not judged: the other doors need all of them."""
        if any(row["let_in"] is None for row in self.run.phases["join"].results):
            join = {"door": "ensure_joined", "people": "guests", "slug": slug}
            self.run.order("joined later", "enter", at=time.time(), tries=TRIES, **join)

    def pages(self) -> None:
        """Pages that are the same for everybody, then personal ones."""
        path = f"/api/games/{self.first.slug}"
        self.enter("home page", "read", "newcomers", path="/")
        self.enter("sign-in page", "read", "newcomers", path="/login/")
        if settings.SIGN_UP:
            self.enter("sign-up page", "read", "newcomers", path="/signup/")
        self.enter("one game as JSON", "read", "newcomers", path=path)
        self.enter("all games as JSON", "read", "newcomers", path="/api/games")
        self.enter("home, signed in", "go_home", "players")
        self.enter("own page", "read_own", "guests", path="/me/")

    def without_sockets(self) -> None:
        slug, value = self.first.slug, value_of(self.first)
        self.enter("batch", "fall_back", "guests", slug=slug)
        self.enter(
            *("answers over HTTP", "answer_over_http", "guests"),
            kill=True,
            slug=slug,
            value=value,
        )

    def check_ins(self) -> None:
        """Check in over the socket in one game, and over HTTP in another."""
        day = make_check_in_game(self.fixtures, "day")
        self.enter("day's arrival", "connect", "players", slug=day.slug)
        self.enter("check-ins", "check_in", "players", kill=True, slug=day.slug)
        self.run.counted["rewards"] = count_rewards(day)
        self.leave()
        day = make_check_in_game(self.fixtures, "day-http")
        over_http = ("check-ins over HTTP", "check_in_over_http", "players")
        self.enter(*over_http, slug=day.slug)

    def staff(self) -> None:
        """Guests join one more game, which uses up no stranger's limit."""
        session = open_staff_session(self.fixtures)
        with staff_at_work(self.run.plan.address, session) as took:
            self.enter("join another game", "join", "guests", slug=self.second.slug)
        self.run.phases["admin meanwhile"] = Phase([{"let_in": s} for s in took])

    def sign_ins(self) -> None:
        password, slug = self.fixtures.password, self.second.slug
        self.run.counted["hash"] = self.seconds_of_hash()
        self.enter("sign-ins", "sign_in", "players", password=password)
        self.enter("answerers' arrival", "connect", "guests", slug=slug)
        both = self.run.order(
            "answers while all sign in",
            "enter_both",
            at=time.time() + LEAD_SECONDS,
            first=order("sign_in", "players", password=password),
            second=order("answer", "guests", slug=slug, value=value_of(self.second)),
            after=self.scale,
        )
        meanwhile = [pair["first"] for pair in both.results]
        self.run.phases["sign-ins meanwhile"] = Phase(meanwhile)
        both.results = [pair["second"] for pair in both.results]
        self.leave()

    def seconds_of_hash(self) -> float:
        """How long this machine takes for a password when it is idle."""
        return min(self._hash() for _time in range(HASHES))

    def _hash(self) -> float:
        started = time.perf_counter()
        check_password(self.fixtures.password, self.fixtures.players[0].password)
        return time.perf_counter() - started

    def give_back_joins(self) -> None:
        """Give back what our strangers used of their address's limit, if known."""
        address = self.run.plan.address
        if address.is_local:
            joins = JOINS * self.run.plan.players
            of_address("joins").give_back(network(resolve(address)[4][0]), n=joins)


def order(door: str, people: str, **arguments: Any) -> dict[str, Any]:
    return {"door": door, "people": people, "tries": 1, **arguments}


def value_of(game: Game) -> Any:
    answer = answer_to(game)
    assert answer
    return answer[0]
