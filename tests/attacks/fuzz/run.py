"""Sends inputs through doors, many at a time, and keeps what shouldn't have been."""

import asyncio
import os
import re
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.attacks.fuzz import doors, frames, http, raw, seeds
from tests.attacks.fuzz.canary import Canaries
from tests.attacks.fuzz.doors import Door, Fault
from tests.attacks.fuzz.logs import Log
from tests.attacks.fuzz.world import World, build, read_forms
from tests.stack import ROOT, Stack

INPUTS = int(os.environ.get("FUZZ_INPUTS", "5000"))
SEED = os.environ.get("FUZZ_SEED", "13")
SHARES = {"http": 0.5, "frames": 0.35, "raw": 0.15}
AT_ONCE = {"http": 12, "frames": 8, "raw": 96}
ROUND = 240  # inputs, after which canaries sing
RENEWED = 2400  # inputs, after which the world is made whole again
MAX_SHOWN = 200

Send = Callable[[Door, World, Any], Awaitable[int]]
SENDERS: dict[str, Send] = {"http": doors.ask, "frames": doors.hold, "raw": doors.throw}
FOUND = ROOT / "var/fuzz"  # what was found now, each as a seed


@dataclass
class Site:
    """Stacks with their worlds, and all the ways into them."""

    doors: list[Door]
    canaries: Canaries
    worlds: dict[Stack, World] = field(default_factory=dict)
    logs: dict[Stack, Log] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)  # one for each sort
    outcomes: Counter[int] = field(default_factory=Counter)  # see the senders

    def renew(self) -> None:
        for stack in dict.fromkeys(door.stack for door in self.doors):
            earlier = self.worlds.get(stack)
            world = self.worlds[stack] = build(stack)
            self.logs.setdefault(stack, Log(stack.log))
            world.forms = earlier.forms if earlier else read_forms(stack, world)

    async def send(self, kind: str, door: Door, one: seeds.Input) -> None:
        try:
            outcome = await SENDERS[kind](door, self.worlds[door.stack], one)
            self.outcomes[outcome] += 1
        except Fault as fault:
            self.find(kind, door, one, fault)

    def find(self, kind: str, door: Door, one: seeds.Input, fault: Fault) -> None:
        """Keep the first of each sort of faults, and its input as a seed."""
        where = getattr(one, "target", "").partition("?")[0]
        sort = re.sub(r"[0-9a-f-]{36}|\d+", "#", f"{fault} {where}")[:200]
        if sort not in self.faults:
            path = FOUND / kind / f"{zlib.crc32(sort.encode()):08x}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(seeds.dump(one))
            said = f"{fault} at {door.name}: {seeds.dump(one)[:500]}"
            self.faults[sort] = f"{path.relative_to(ROOT)}: {said}"

    def judge(self) -> None:
        """`Fault` with all that was found since, and how to have it again."""
        logged = [line for log in self.logs.values() for line in log.new_errors()]
        found = [*self.faults.values(), *logged]
        self.faults.clear()
        if found:
            shown = "\n".join(found[:MAX_SHOWN])
            raise Fault(f"{len(found)} found, with FUZZ_SEED={SEED}:\n{shown}")


def inputs(kind: str, world: World) -> Iterator[tuple[int, seeds.Input]]:
    """The inputs of one kind, each made from the seed and its number alone.

    Beside each its weight: a talk counts as its messages.
    """
    left, number = round(INPUTS * SHARES[kind]), 0
    while left > 0:
        random = Random(f"{SEED} {kind} {number}")
        number += 1
        if kind == "http":
            weight, one = 1, http.ask(random, world)
        elif kind == "frames":
            weight = min(left, random.randint(1, 12))
            one = frames.talk(random, world, weight)
        else:
            weight, one = 1, raw.conversation(random)
        left -= weight
        yield weight, one


async def fuzz(site: Site, kind: str) -> None:
    """Send one kind of inputs through all the doors; `Fault` names what was found."""
    since, total = 0, 0
    batch: list[tuple[Door, seeds.Input]] = []
    for number, (weight, one) in enumerate(
        inputs(kind, next(iter(site.worlds.values())))
    ):
        batch.append((site.doors[number % len(site.doors)], one))
        since, total = since + weight, total + weight
        if since >= ROUND:
            await send_all(site, kind, batch)
            batch, since = [], 0
        if total >= RENEWED:
            site.renew()
            total = 0
    await send_all(site, kind, batch)
    site.judge()


async def replay(site: Site, name: str) -> None:
    """Send a seed through all the doors."""
    kind, one = name.partition("/")[0], seeds.load(name)
    for door in site.doors:
        await site.send(kind, door, one)
    await site.canaries.sing()
    site.judge()


async def send_all(
    site: Site, kind: str, batch: list[tuple[Door, seeds.Input]]
) -> None:
    """So many at a time; then the canaries sing."""
    waiting = iter(batch)

    async def work() -> None:
        for door, one in waiting:
            await site.send(kind, door, one)

    await asyncio.gather(*(work() for _worker in range(AT_ONCE[kind])))
    await site.canaries.sing()
