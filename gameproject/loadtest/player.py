"""One virtual player: arrives, waits, answers, is cut off and comes back."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from gameproject.loadtest.client import Got, Lost, Socket, get, open_
from gameproject.loadtest.plan import Address

WELCOME_SECONDS = 10.0  # a handshake and its welcome, before another attempt
PATIENCE = 60.0  # seconds of attempts, before a player gives up
FIRST_DELAY, MAX_DELAY = 1.0, 30.0  # seconds, as static/js/lib/socket.js has them


@dataclass(frozen=True)
class Who:
    """A session that the fixtures have opened, and the name of its account."""

    player_id: int
    session: str
    name: str = ""


class Player:
    """Speaks docs/protocol.md. Times are seconds since 1970: one clock for all."""

    def __init__(self, address: Address, who: Who) -> None:
        self.address, self.who = address, who
        self.socket: Socket | None = None
        self.slug = ""
        self.welcome: dict[str, Any] = {}
        self.states: list[tuple[str, float]] = []
        self.seq = -1
        self.on_tally: Callable[[int, float], None] = lambda _seq, _now: None
        self.frames = 0
        self.lost = 0
        self.unwanted = False  # a lost connection is no surprise
        self._waiting: dict[str, asyncio.Future[tuple[dict[str, Any], float]]] = {}
        self._returning: asyncio.Task[Any] | None = None

    # Listening

    def _receive(self, frame: dict[str, Any], now: float) -> None:
        self.frames += 1
        kind = frame["type"]
        if kind in ("game", "welcome"):
            self.states.append((frame["game"]["state"], now))
            self._settle(frame["game"]["state"], frame, now)
        elif kind == "tally" and frame["seq"] > self.seq:
            self.seq = frame["seq"]
            self.on_tally(self.seq, now)
        self._settle(frame.get("id") or kind, frame, now)

    def _settle(self, name: str, frame: dict[str, Any], now: float) -> None:
        future = self._waiting.pop(name, None)
        if future and not future.done():
            future.set_result((frame, now))

    def _expect(self, name: str) -> "asyncio.Future[tuple[dict[str, Any], float]]":
        future = asyncio.get_running_loop().create_future()
        self._waiting[name] = future
        return future

    def _lost(self, socket: Socket) -> None:
        if socket is not self.socket:
            return
        self.socket = None
        if not self.unwanted:
            self.lost += 1
            self._returning = asyncio.create_task(self._return())
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Lost())
                future.exception()  # whoever waits is told; nobody may be waiting
        self._waiting.clear()

    async def _return(self) -> tuple[int, float | None]:
        """As the browser's client does by itself: after a random first delay."""
        await asyncio.sleep(random.uniform(0, FIRST_DELAY))  # noqa: S311
        return await self.connect(self.slug, failures=1)

    # Coming

    async def arrive(self, slug: str) -> dict[str, Any]:
        """One page, one socket; the seconds of each until one can play."""
        started = time.time()
        page = await self.page(f"/games/{slug}/")
        attempts, at = await self.connect(slug)
        return {
            "page": page.seconds,
            "status": page.status,
            "cache": page.cache,
            "playable": at and at - started,
            "attempts": attempts,
            "known": bool(self.welcome.get("me")),
        }

    async def page(self, path: str) -> Got:
        return await get(self.address, path, self.who.session)

    async def connect(self, slug: str, failures: int = 0) -> tuple[int, float | None]:
        """Attempts it took to be welcomed, and when that was; None if it never was.

        Waits between attempts as the browser's client does.
        """
        self.slug, attempts = slug, 0
        deadline = time.time() + PATIENCE
        while time.time() < deadline:
            attempts += 1
            try:
                return attempts, await self._attempt()
            except (OSError, Lost):
                most = min(MAX_DELAY, FIRST_DELAY * 2**failures)
                failures += 1
                await asyncio.sleep(random.uniform(0, most))  # noqa: S311
        return attempts, None

    async def _attempt(self) -> float:
        self._cut()
        socket = Socket(
            self.address,
            f"/ws/games/{self.slug}/",
            self.who.session,
            self._receive,
            lambda: self._lost(socket),
        )
        self.socket, welcomed = socket, self._expect("welcome")
        try:
            async with asyncio.timeout(WELCOME_SECONDS):
                await open_(self.address, socket)
                self.welcome, at = await welcomed
            if self.socket is not socket:
                raise Lost  # in the moment between
        except BaseException:
            self._cut()
            raise
        self.unwanted = False
        return at

    # Playing

    async def see(self, state: str, since: float, within: float) -> float | None:
        """When the player was told that the game is in this state; None if never."""
        for known, at in self.states:
            if known == state and at >= since:
                return at
        try:
            async with asyncio.timeout(within):
                while True:
                    with suppress(Lost):  # the welcome back says it too
                        _frame, at = await self._expect(state)
                        return at
        except TimeoutError:
            return None

    async def answer(self, value: Any, question: str, within: float) -> dict[str, Any]:
        """Answer until it is acknowledged, with the same id; the seconds it took."""
        frame = {"type": "answer", "id": str(uuid4()), "value": value}
        if question:
            frame["question"] = question
        return await self.command(frame, within)

    async def command(self, frame: dict[str, Any], within: float) -> dict[str, Any]:
        """Send a command until it has its reply, with the same id."""
        started, sent = time.time(), 0
        try:
            async with asyncio.timeout(within):
                while True:
                    sent += 1
                    try:
                        reply, at = await self._ask(frame)
                    except Lost:
                        await self._be_back()
                        continue
                    if reply.get("code") != "unavailable":
                        break
                    await asyncio.sleep(reply.get("retry_after", 1))
        except TimeoutError:
            return {"id": frame["id"], "reply": None, "sent": sent}
        return {"id": frame["id"], "reply": reply, "took": at - started, "sent": sent}

    async def _ask(self, frame: dict[str, Any]) -> tuple[dict[str, Any], float]:
        if self.socket is None:
            raise Lost
        reply = self._expect(frame["id"])
        self.socket.send(frame)
        return await reply

    async def _be_back(self) -> None:
        if self._returning and not self._returning.done():
            await asyncio.shield(self._returning)
        else:
            await self.connect(self.slug)

    # Going

    def drop(self) -> None:
        """Cut the connection, and don't come back by oneself."""
        self._stay_away()
        self._cut()

    def _stay_away(self) -> None:
        if self._returning:
            self._returning.cancel()
            self._returning = None

    def _cut(self) -> None:
        self.unwanted = True
        if self.socket:
            self.socket.drop()
        self.socket = None

    async def come_back(self, dropped: float) -> dict[str, Any]:
        """After a random first delay; the seconds since the connection was lost."""
        attempts, at = await self._return()
        mine = self.welcome.get("mine") or {}
        return {
            "took": at and at - dropped,
            "attempts": attempts,
            "answers": len(mine.get("answers", [])),
            "known": bool(self.welcome.get("me")),
        }

    def leave(self) -> "asyncio.Future[None] | None":
        """Say goodbye; what is done once the server has heard it."""
        self._stay_away()
        self.unwanted = True
        if not (self.socket and self.socket.transport):
            return None
        self.socket.close()
        return self.socket.closed
