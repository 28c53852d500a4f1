"""A bounded FIFO queue for one process: a few inside at a time, the others wait.

Those who wait hold no thread and no database connection. Call everything here on the
event loop.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from math import ceil
from time import monotonic

from core.refusals import Refused

RECENT = 64  # turns whose durations are averaged


class Line:
    """At most `at_once` turns at a time; nobody waits more than `longest_wait` seconds.

    A caller whose estimated wait is longer is refused on arrival. If turns then take
    longer than estimated, a caller is refused once it has waited that long.
    """

    def __init__(
        self,
        at_once: int,
        longest_wait: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.at_once, self.longest_wait, self.clock = at_once, longest_wait, clock
        self.inside: dict[Turn, None] = {}  # in the order in which they began
        self.waiting: OrderedDict[Turn, asyncio.Future[None]] = OrderedDict()
        self._took: deque[float] = deque(maxlen=RECENT)

    def turn(self) -> "Turn":
        """A turn, for `async with`, which raises `Refused` if the wait is too long."""
        return Turn(self)

    @property
    def turn_seconds(self) -> float:
        """Average duration of the recent turns; 0 before the first has ended."""
        return sum(self._took) / len(self._took) if self._took else 0.0

    def place_of(self, turn: "Turn") -> int:
        """Position among those who wait, from 1; 0 if the turn doesn't wait."""
        for place, waiting in enumerate(self.waiting, 1):
            if waiting is turn:
                return place
        return 0

    def wait_at(self, place: int) -> float:
        """Estimated seconds until the turn at this place; the first to wait has 1."""
        return place * self.turn_seconds / self.at_once

    def refusal(self) -> Refused:
        """`unavailable`, to be tried again in `longest_wait` seconds."""
        return Refused("unavailable", retry_after=max(1, ceil(self.longest_wait)))

    def begin(self, turn: "Turn") -> bool:
        """Begin the turn now if there is room; whether it began."""
        if len(self.inside) == self.at_once:
            return False
        self.inside[turn] = None
        return True

    def end(self, turn: "Turn", took: float) -> None:
        """End a turn that took `took` seconds; the next that waits begins."""
        self._took.append(took)
        self.pass_on(turn)

    def pass_on(self, ended: "Turn") -> None:
        """Begin the turn of the first that still waits, if any.

        A cancelled one stays in `waiting` until its task runs again: it is skipped.
        """
        del self.inside[ended]
        while self.waiting:
            turn, called = self.waiting.popitem(last=False)
            if not called.done():
                self.inside[turn] = None
                called.set_result(None)
                return


class Turn:
    """One caller's way through a line: wait, begin, end."""

    has_begun = False

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def place(self) -> int:
        """See `Line.place_of`."""
        return self._line.place_of(self)

    @property
    def seconds_left(self) -> float:
        """Estimated seconds until it begins."""
        return self._line.wait_at(self.place)

    async def __aenter__(self) -> "Turn":
        if not self._line.begin(self):
            await self._wait()
        self.has_begun, self._began = True, self._line.clock()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._line.end(self, self._line.clock() - self._began)

    async def _wait(self) -> None:
        """Wait until called; `Refused` if that takes too long."""
        line = self._line
        if line.wait_at(len(line.waiting) + 1) > line.longest_wait:
            raise line.refusal()
        loop = asyncio.get_running_loop()
        line.waiting[self] = called = loop.create_future()
        timeout = loop.call_later(line.longest_wait, self._give_up)
        try:
            await called
        except asyncio.CancelledError:
            self._leave(called)
            raise
        finally:
            timeout.cancel()

    def _give_up(self) -> None:
        called = self._line.waiting.pop(self, None)
        if called and not called.done():
            called.set_exception(self._line.refusal())

    def _leave(self, called: "asyncio.Future[None]") -> None:
        """Leave the line; if just called, pass the turn on to the next."""
        if not self._line.waiting.pop(self, None) and not called.cancelled():
            self._line.pass_on(self)
