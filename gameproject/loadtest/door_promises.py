"""What is promised of every door, and whether this rehearsal kept it.

Times are multiples of y, the p99 of the phase `socket` in the same run, so that they
hold on any machine. Statements are those of 1,000 players.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from gameproject.loadtest.coordinator import Coordinator, Phase
from gameproject.loadtest.figures import percentile, to_ms
from gameproject.loadtest.thresholds import Promise, scale, uncounted
from gameproject.loadtest.visitor import LET_IN

MEASURE = "let_in"
ADMIN_SECONDS = 1.0
LEAST_STATEMENTS = 60  # that a door may take, however few the answers took


@dataclass(frozen=True)
class Bound:
    """`times` y for the p99; `statements` in all, or as many as the answers took."""

    times: float
    statements: int | None = None


DOORS = {
    "join": Bound(1.5, 60),
    "stranger's arrival": Bound(2.5, 120),
    "home page": Bound(0.5, 10),
    "sign-in page": Bound(0.5, 10),
    "sign-up page": Bound(0.5, 10),
    "one game as JSON": Bound(0.5, 10),
    "all games as JSON": Bound(0.5, 10),
    "home, signed in": Bound(1.5, 40),
    "own page": Bound(1.5, 60),
    "batch": Bound(1.5, 60),
    "answers over HTTP": Bound(2.0),
}
CHECK_INS = Bound(1.5)  # times the p99 of the answers
WITH_ROOMS = ("stranger's arrival", "check-ins")  # whose ticker counts too


def evaluate(run: Coordinator) -> Iterator[Promise]:
    """A verdict for each promise of the doors that were rehearsed."""
    if "join" not in run.phases:
        return
    yield everybody(run, "socket")
    for door, bound in DOORS.items():
        if door in run.phases:
            yield from judge(run, door, bound, y_of(run), "y")
    yield guests(run)
    for judge_one in (check_ins, rewards, admin, sign_ins, answers_meanwhile):
        yield from judge_one(run)


def y_of(run: Coordinator) -> float:
    return p99(run.phases["socket"])


def p99(phase: Phase) -> float:
    return percentile(phase.of(MEASURE), 0.99)


def judge(
    run: Coordinator, door: str, bound: Bound, unit: float, name: str
) -> Iterator[Promise]:
    """All in; unless a daphne was killed, in time and with few statements too."""
    yield everybody(run, door)
    if not run.chaos:
        times = f"{bound.times:g} {name}"
        yield in_time(run, door, p99(run.phases[door]), bound.times * unit, times)
        yield statements(run, door, bound)


def everybody(run: Coordinator, door: str) -> Promise:
    results = run.phases[door].results
    outcomes = Counter(row["outcome"] for row in results)
    let_in = outcomes.pop(LET_IN, 0)
    refused = "".join(f", {n:,} x {why}" for why, n in outcomes.most_common())
    all_in = let_in == len(results)
    bound = f"{len(results):,} let in"
    return Promise(f"{door}: everybody", bound, f"{let_in:,}{refused}", all_in)


def in_time(
    run: Coordinator, door: str, measured: float, bound: float, times: str
) -> Promise:
    """Of those who were let in; nobody at all is not in time."""
    said = f"{to_ms(measured):,.0f} ms"
    limit = f"< {times} = {to_ms(bound):,.0f} ms"
    return Promise(f"{door}: p99", limit, said, 0 < measured < bound)


def statements(run: Coordinator, door: str, bound: Bound) -> Promise:
    most, counted = most_statements(run, bound), run.counted[door]
    name, limit = f"{door}: statements", f"<= {most:,}"
    if reason := uncounted(run):
        return Promise(name, limit, f"not counted: {reason}", None)
    rate = run.counted["idle" if door in WITH_ROOMS else "quiet"]
    by_clock = max(0.0, rate) * counted["seconds"]
    found = max(0, round(counted["statements"] - by_clock))
    said = f"{found:,}, and {by_clock:.0f} by the clock"
    return Promise(name, limit, said, found <= most)


def most_statements(run: Coordinator, bound: Bound) -> int:
    """More players may take more; where it is so bound, half as many again as answers
    over the socket took."""
    if bound.statements is not None:
        return ceil(bound.statements * scale(run))
    over_socket = run.counted.get("answers", {}).get("statements") or 0
    return max(LEAST_STATEMENTS, ceil(1.5 * over_socket))


# Doors with a promise of their own


def guests(run: Coordinator) -> Promise:
    """Everybody who joined is one guest, however often they had to try."""
    phases = run.phases["join"], run.phases["stranger's arrival"]
    come = sum(len(phase.results) for phase in phases)
    made = run.counted["guests"]
    return Promise("guests: none made twice", f"<= {come:,}", f"{made:,}", made <= come)


def check_ins(run: Coordinator) -> Iterator[Promise]:
    for door in ("check-ins", "check-ins over HTTP"):
        if "answers" in run.phases:
            answers = percentile(run.phases["answers"].of("took"), 0.99)
            yield from judge(run, door, CHECK_INS, answers, "answers' p99")


def rewards(run: Coordinator) -> Iterator[Promise]:
    """As many rewards as days done, and as many days as players who were told so."""
    done, given = run.counted["rewards"]
    told = len(run.phases["check-ins"].of(MEASURE))
    said = f"{done:,} done, {given:,} given"
    yield Promise("check-ins: a reward each", f"{told:,}", said, done == given == told)


def admin(run: Coordinator) -> Iterator[Promise]:
    """Staff work on while everybody joins."""
    yield everybody(run, "join another game")
    if run.chaos:
        return
    pages = run.phases["admin meanwhile"].results
    name, bound = "admin while all join: p95", f"< {to_ms(ADMIN_SECONDS):,.0f} ms"
    took = [page["let_in"] for page in pages if page["let_in"] is not None]
    if not took:
        yield Promise(name, bound, "not measured: no page came", None)
        return
    slow, failed = percentile(took, 0.95), len(pages) - len(took)
    said = f"{to_ms(slow):,.0f} ms" + f", {failed} failed" * bool(failed)
    yield Promise(name, bound, said, slow < ADMIN_SECONDS and not failed)


def sign_ins(run: Coordinator) -> Iterator[Promise]:
    """Hashing takes its time: all of them, on all cores but one."""
    yield everybody(run, "sign-ins")
    yield everybody(run, "sign-ins meanwhile")
    if run.chaos:
        return
    hashing = run.plan.players * run.counted["hash"] / max(1, (os.cpu_count() or 1) - 1)
    measured = percentile(run.phases["sign-ins"].of(MEASURE), 1.0)
    name, bound = (
        "sign-ins: the last of all",
        f"< 1.3 x hashing = {1.3 * hashing:.1f} s",
    )
    if run.plan.address.is_local:
        in_it = 0 < measured < 1.3 * hashing
        yield Promise(name, bound, f"{measured:.1f} s", in_it)
    else:
        yield Promise(name, bound, f"{measured:.1f} s, on other cores", None)
    yield statements(run, "sign-ins", Bound(0, 60))


def answers_meanwhile(run: Coordinator) -> Iterator[Promise]:
    """Those who play feel nothing of those who sign in."""
    door = "answers while all sign in"
    yield everybody(run, door)
    if run.chaos or "answers" not in run.phases:
        return
    undisturbed = percentile(run.phases["answers"].of("took"), 0.95)
    measured = percentile(run.phases[door].of(MEASURE), 0.95)
    limit = f"< 2 undisturbed = {to_ms(2 * undisturbed):,.0f} ms"
    said = f"{to_ms(measured):,.0f} ms"
    yield Promise(f"{door}: p95", limit, said, 0 < measured < 2 * undisturbed)
