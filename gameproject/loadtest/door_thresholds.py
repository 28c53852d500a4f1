"""The promises for each door, and whether this rehearsal kept them.

Times are multiples of y, the p99 of the phase `socket` in the same run, so that they
hold on any machine. Statements are for 1,000 players.
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
MIN_STATEMENTS = 60  # allowed for a door, however few the answers took


@dataclass(frozen=True)
class Threshold:
    """At most `times` y for the p99, and `statements` in all.

    Without `statements`, the answers' count decides; see `max_statements`.
    """

    times: float
    statements: int | None = None


DOORS = {
    "join": Threshold(1.5, 60),
    "stranger's arrival": Threshold(2.5, 120),
    "home page": Threshold(0.5, 10),
    "sign-in page": Threshold(0.5, 10),
    "sign-up page": Threshold(0.5, 10),
    "one game as JSON": Threshold(0.5, 10),
    "all games as JSON": Threshold(0.5, 10),
    "home, signed in": Threshold(1.5, 40),
    "own page": Threshold(1.5, 60),
    "batch": Threshold(1.5, 60),
    "answers over HTTP": Threshold(2.0),
}
CHECK_INS = Threshold(1.5)  # times the p99 of the answers
WITH_ROOMS = ("stranger's arrival", "check-ins")  # their rooms' ticker counts too


def evaluate(run: Coordinator) -> Iterator[Promise]:
    """Each promise for the doors that were rehearsed."""
    if "join" not in run.phases:
        return
    yield everybody(run, "socket")
    for door, threshold in DOORS.items():
        if door in run.phases:
            yield from judge(run, door, threshold, y_of(run), "y")
    yield guests(run)
    for judge_one in (check_ins, rewards, admin, sign_ins, answers_meanwhile):
        yield from judge_one(run)


def y_of(run: Coordinator) -> float:
    return p99(run.phases["socket"])


def p99(phase: Phase) -> float:
    return percentile(phase.of(MEASURE), 0.99)


def judge(
    run: Coordinator, door: str, threshold: Threshold, unit: float, name: str
) -> Iterator[Promise]:
    """Everybody was let in and, unless a daphne was killed, fast and cheaply."""
    yield everybody(run, door)
    if not run.chaos:
        times = f"{threshold.times:g} {name}"
        yield in_time(run, door, p99(run.phases[door]), threshold.times * unit, times)
        yield statements(run, door, threshold)


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
    """The p99 of those who were let in. It is 0 if nobody was, which fails."""
    limit = f"< {times} = {to_ms(bound):,.0f} ms"
    passed = 0 < measured < bound
    return Promise(f"{door}: p99", limit, f"{to_ms(measured):,.0f} ms", passed)


def statements(run: Coordinator, door: str, threshold: Threshold) -> Promise:
    most, counted = max_statements(run, threshold), run.counted[door]
    name, limit = f"{door}: statements", f"<= {most:,}"
    if reason := uncounted(run):
        return Promise(name, limit, f"not counted: {reason}", None)
    rate = run.counted["idle" if door in WITH_ROOMS else "idle without rooms"]
    background = max(0.0, rate) * counted["seconds"]
    count = max(0, round(counted["statements"] - background))
    measured = f"{count:,}, and {background:.0f} by the clock"
    return Promise(name, limit, measured, count <= most)


def max_statements(run: Coordinator, threshold: Threshold) -> int:
    """The allowed number, in proportion to the players; without one, half as many again
    as the answers over the socket took."""
    if threshold.statements is not None:
        return ceil(threshold.statements * scale(run))
    over_socket = run.counted.get("answers", {}).get("statements") or 0
    return max(MIN_STATEMENTS, ceil(1.5 * over_socket))


# Doors with a promise of their own


def guests(run: Coordinator) -> Promise:
    """Everybody who joined is one guest, however often they had to try."""
    phases = run.phases["join"], run.phases["stranger's arrival"]
    players = sum(len(phase.results) for phase in phases)
    made = run.counted["guests"]
    name, bound = "guests: none made twice", f"<= {players:,}"
    return Promise(name, bound, f"{made:,}", made <= players)


def check_ins(run: Coordinator) -> Iterator[Promise]:
    for door in ("check-ins", "check-ins over HTTP"):
        if "answers" in run.phases:
            answers = percentile(run.phases["answers"].of("took"), 0.99)
            yield from judge(run, door, CHECK_INS, answers, "answers' p99")


def rewards(run: Coordinator) -> Iterator[Promise]:
    """One check-in and one reward for each player who was told so."""
    done, given = run.counted["rewards"]
    acknowledged = len(run.phases["check-ins"].of(MEASURE))
    measured, passed = f"{done:,} done, {given:,} given", done == given == acknowledged
    yield Promise("check-ins: a reward each", f"{acknowledged:,}", measured, passed)


def admin(run: Coordinator) -> Iterator[Promise]:
    """Staff can work in the admin while everybody joins."""
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
    measured = f"{to_ms(slow):,.0f} ms" + f", {failed} failed" * bool(failed)
    yield Promise(name, bound, measured, slow < ADMIN_SECONDS and not failed)


def sign_ins(run: Coordinator) -> Iterator[Promise]:
    """All sign in within little more than hashing takes on all cores but one."""
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
    yield statements(run, "sign-ins", Threshold(0, 60))


def answers_meanwhile(run: Coordinator) -> Iterator[Promise]:
    """Sign-ins do not slow down the players' answers."""
    door = "answers while all sign in"
    yield everybody(run, door)
    if run.chaos or "answers" not in run.phases:
        return
    undisturbed = percentile(run.phases["answers"].of("took"), 0.95)
    measured = percentile(run.phases[door].of(MEASURE), 0.95)
    limit = f"< 2 undisturbed = {to_ms(2 * undisturbed):,.0f} ms"
    passed = 0 < measured < 2 * undisturbed
    yield Promise(f"{door}: p95", limit, f"{to_ms(measured):,.0f} ms", passed)
