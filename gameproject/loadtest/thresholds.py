"""The product's promises for a rush, and whether this rehearsal kept them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gameproject.loadtest.coordinator import Coordinator
from gameproject.loadtest.figures import percentile, to_ms

FROM_CACHE = ("hit", "updating")
KIB = 1024
MIN_EACH = 8  # KiB; no connection takes less memory


@dataclass(frozen=True)
class Promise:
    """One promise: its bound and the measured value, as texts.

    `passed` is None if it could not be measured.
    """

    promise: str
    bound: str
    measured: str
    passed: bool | None


def evaluate(run: Coordinator) -> list[Promise]:
    """Each promise that this rehearsal could test; none for the baseline."""
    if run.plan.baseline:
        return []
    judges: list[tuple[str, Callable[[Coordinator], Iterator[Promise]]]] = [
        ("arrival", arrival),
        ("warm arrival", warm_arrival),
        ("change", change),
        ("answers", answers),
        ("prizes", prizes),
        ("return", return_),
        ("hold", hold),
    ]
    return [
        promise
        for phase, judge in judges
        if phase in run.phases
        for promise in judge(run)
    ]


def scale(run: Coordinator) -> float:
    """Bounds are for 1,000 players, and grow in proportion above that."""
    return max(1.0, run.plan.players / 1000)


def in_time(
    run: Coordinator,
    name: str,
    seconds: list[float],
    share: float,
    bound: float,
    of: int,
) -> Promise:
    """That this share of all `of` players took less than `bound` seconds."""
    measured, bound = percentile(seconds, share), bound * scale(run)
    missing = of - len(seconds)
    text = f"{to_ms(measured):,.0f} ms" + (f", {missing} never" if missing else "")
    if run.chaos:  # players who lost their connection return after a random delay
        return Promise(name, "everybody", text, not missing)
    return Promise(
        name,
        f"p{share * 100:.0f} < {to_ms(bound):,.0f} ms",
        text,
        not missing and measured < bound,
    )


def arrival(run: Coordinator) -> Iterator[Promise]:
    phase, players = run.phases["arrival"], run.plan.players
    yield calls(run)
    yield statements(run)
    pages = [row["page"] for row in phase.results if row["status"] == 200]
    yield in_time(run, "page, every cache cold", pages, 0.99, 0.7, players)
    known = [row["playable"] for row in phase.results if row["known"]]
    yield in_time(run, "playable, cold", known, 0.99, 1.5, players)
    yield memory(run)


def calls(run: Coordinator) -> Promise:
    pages = run.phases["arrival"].results
    reached = sum(page["cache"] not in FROM_CACHE for page in pages)
    behind = "" if any(page["cache"] for page in pages) else "; no nginx in front"
    return Promise(
        "HTTP calls for an arrival",
        "1 per player, <= 20 to Django",
        f"1 per player, {reached} to Django{behind}",
        reached <= 20,
    )


def statements(run: Coordinator) -> Promise:
    counted = run.counted["arrival"]
    name, bound = "statements for an arrival, cold", "<= 60"
    if reason := uncounted(run):
        return Promise(name, bound, f"not counted: {reason}", None)
    idle = run.counted.get("idle", 0.0) * counted["seconds"]
    count = max(0, round(counted["statements"] - idle))
    return Promise(name, bound, f"{count}, and {idle:.0f} by the clock", count <= 60)


def uncounted(run: Coordinator) -> str:
    """Why the statements of the arrival are unknown; empty if they are known."""
    if run.counted["arrival"]["statements"] is None:
        return "no pg_stat_statements"
    if run.chaos:
        return "a daphne that restarts runs some of its own"
    if run.counted.get("idle", 0.0) < 0:
        return "pg_stat_statements is full and drops entries; reset it"
    return ""


def memory(run: Coordinator) -> Promise:
    grown = run.counted["arrival"]["memory"]
    name, bound = "memory per connected player", "< 45 KiB"
    if grown is None:
        return Promise(
            name,
            bound,
            "not measured: the daphnes are elsewhere, or were restarted",
            None,
        )
    each = grown / run.plan.players / KIB
    if each < MIN_EACH:
        reason = "not measured: an earlier run left free memory; restart the site"
        return Promise(name, bound, reason, None)
    return Promise(name, bound, f"{each:.1f} KiB", each < 45)


def warm_arrival(run: Coordinator) -> Iterator[Promise]:
    phase, players = run.phases["warm arrival"], run.plan.players
    pages = [row["page"] for row in phase.results if row["status"] == 200]
    yield in_time(run, "page, warm", pages, 0.99, 0.2, players)
    known = [row["playable"] for row in phase.results if row["known"]]
    yield in_time(run, "playable, warm", known, 0.99, 1.5, players)


def change(run: Coordinator) -> Iterator[Promise]:
    phase = run.phases["change"]
    yield in_time(
        run, "change by staff seen", phase.of("took"), 0.99, 0.15, len(phase.results)
    )


def answers(run: Coordinator) -> Iterator[Promise]:
    phase = run.phases["answers"]
    yield in_time(
        run, "answers acknowledged", phase.of("took"), 0.95, 1.0, len(phase.results)
    )
    yield once(run, "answers")
    frames = max(row["frames"] for row in phase.results)
    yield Promise("frames per player and question", "< 15", f"{frames}", frames < 15)


def once(run: Coordinator, name: str) -> Promise:
    """Every acknowledged answer is in the database, and none twice."""
    results, stored = run.phases[name].results, run.counted[name]
    refused = [r for r in results if r["reply"] and r["reply"]["type"] != "answer"]
    accepted = {r["id"] for r in results if r["reply"]} - {r["id"] for r in refused}
    lost, doubled = len(accepted - stored["keys"]), stored["doubled"]
    measured = f"{len(accepted)} kept, {lost} lost, {doubled} doubled"
    if refused:
        measured += f", {len(refused)} refused: {refused[0]['reply']['code']}"
    all_there = len(accepted) == len(results)
    return Promise(
        f"{name}: none lost, none doubled",
        f"{len(results)} kept",
        measured,
        all_there and not (lost or doubled),
    )


def prizes(run: Coordinator) -> Iterator[Promise]:
    phase = run.phases["prizes"]
    yield in_time(
        run,
        "answers acknowledged, with codes",
        phase.of("took"),
        0.95,
        1.5,
        len(phase.results),
    )
    yield once(run, "prizes")
    codes = [r["reply"]["code"] for r in phase.results if has_code(r)]
    if not codes:  # verdicts come on reveal, or the answer doesn't win
        return
    due = min(run.plan.codes, len(phase.results))
    same = sorted(codes) == sorted(run.counted["prizes"]["codes"].values())
    yield Promise(
        "codes: each to one player",
        f"{due} distinct",
        f"{len(set(codes))} distinct of {len(codes)}",
        len(codes) == len(set(codes)) == due and same,
    )


def has_code(result: dict[str, Any]) -> bool:
    reply = result["reply"] or {}
    return reply.get("type") == "answer" and "code" in reply


def return_(run: Coordinator) -> Iterator[Promise]:
    phase = run.phases["return"]
    answered = "answers" in run.phases and run.plan.answering == run.plan.players
    complete = [
        row["took"]
        for row in phase.results
        if row["known"] and (row["answers"] or not answered)
    ]
    yield in_time(
        run, "all back with their state", complete, 1.0, 5.0, len(phase.results)
    )


def hold(run: Coordinator) -> Iterator[Promise]:
    phase = run.phases["hold"]
    lost = sum(row["lost"] for row in phase.results)
    late = sorted(tally_delays(phase.results))
    yield Promise("connections held", "none lost", f"{lost} lost", lost == 0)
    yield Promise(
        "tally after the first to get it",
        "p99 < 1,000 ms",
        f"{to_ms(percentile(late, 0.99)):,.0f} ms",
        bool(late) and percentile(late, 0.99) < 1.0,
    )


def tally_delays(workers: list[dict[str, Any]]) -> Iterator[float]:
    """The seconds from the first player who got a tally to each other player."""
    for seq in set().union(*(worker["tallies"] for worker in workers)):
        times = [at for worker in workers for at in worker["tallies"].get(seq, ())]
        first = min(times)
        yield from (at - first for at in times)
