"""A line: so many at a time in this process, the others wait, first come first served.

Who waits holds no thread and no database connection. Everything here happens on the
event loop.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from math import ceil
from time import monotonic

from core.refusals import Refused

RECENT = 64  # turns whose average is what a turn takes


class Line:
    """At most `at_once` turns at a time; a wait is at most `longest_wait` seconds.

    Whoever would wait longer is refused on arrival. Whoever has waited so long after
    all, because the turns took longer than before, is refused then. Nobody else is.
    """

    def __init__(
        self,
        at_once: int,
        longest_wait: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.at_once, self.longest_wait, self.clock = at_once, longest_wait, clock
        self.inside: dict[Turn, None] = {}  # in the order in which their turns began
        self.waiting: OrderedDict[Turn, asyncio.Future[None]] = OrderedDict()
        self._took: deque[float] = deque(maxlen=RECENT)

    def turn(self) -> "Turn":
        """To be entered by `async with`; raises `Refused` if the line is too long."""
        return Turn(self)

    @property
    def turn_seconds(self) -> float:
        """What a turn took lately; 0 before the first has ended."""
        return sum(self._took) / len(self._took) if self._took else 0.0

    def place_of(self, turn: "Turn") -> int:
        """How many turns must end before this one begins; 0 once it has begun."""
        for place, waiting in enumerate(self.waiting, 1):
            if waiting is turn:
                return place
        return 0

    def wait_at(self, place: int) -> float:
        """Seconds until the turn of whoever has this place; the first waiter has 1."""
        return place * self.turn_seconds / self.at_once

    def refusal(self) -> Refused:
        """Come back when all who wait now have had their turn."""
        return Refused("unavailable", retry_after=max(1, ceil(self.longest_wait)))

    def begin(self, turn: "Turn") -> bool:
        """Take a turn now, if one is free."""
        if len(self.inside) == self.at_once:
            return False
        self.inside[turn] = None
        return True

    def end(self, turn: "Turn", took: float) -> None:
        """Give a turn on, or leave it free if nobody waits."""
        self._took.append(took)
        self.pass_on(turn)

    def pass_on(self, ended: "Turn") -> None:
        """Call the first who still waits. Who is going away has cancelled, and is
        taken off the line only when it runs again."""
        del self.inside[ended]
        while self.waiting:
            turn, called = self.waiting.popitem(last=False)
            if not called.done():
                self.inside[turn] = None
                called.set_result(None)
                return


class Turn:
    """One who comes to a line: waits, has the turn, and leaves."""

    has_begun = False

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def place(self) -> int:
        """As the line counts; see `Line.place_of`."""
        return self._line.place_of(self)

    @property
    def seconds_left(self) -> float:
        """How long it will probably wait still."""
        return self._line.wait_at(self.place)

    async def __aenter__(self) -> "Turn":
        if not self._line.begin(self):
            await self._wait()
        self.has_begun, self._began = True, self._line.clock()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._line.end(self, self._line.clock() - self._began)

    async def _wait(self) -> None:
        """Return when it is called; who is cancelled leaves the line."""
        line = self._line
        if line.wait_at(len(line.waiting) + 1) > line.longest_wait:
            raise line.refusal()
        loop = asyncio.get_running_loop()
        line.waiting[self] = called = loop.create_future()
        patience = loop.call_later(line.longest_wait, self._give_up)
        try:
            await called
        except asyncio.CancelledError:
            self._leave(called)
            raise
        finally:
            patience.cancel()

    def _give_up(self) -> None:
        called = self._line.waiting.pop(self, None)
        if called and not called.done():
            called.set_exception(self._line.refusal())

    def _leave(self, called: "asyncio.Future[None]") -> None:
        """Leave the line; who was called at this moment gives the turn on."""
        if not self._line.waiting.pop(self, None) and not called.cancelled():
            self._line.pass_on(self)
