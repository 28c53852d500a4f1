"""One virtual player: arrives, waits, answers, loses the connection and returns."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from gameproject.loadtest.client import Lost, Socket, TimedResponse, connect, get
from gameproject.loadtest.plan import Address

WELCOME_SECONDS = 10.0  # for a handshake and its welcome, before another attempt
GIVE_UP_SECONDS = 60.0  # of attempts
FIRST_DELAY, MAX_DELAY = 1.0, 30.0  # seconds, as in static/js/lib/socket.js


@dataclass(frozen=True)
class Credentials:
    """A session that the fixtures opened, and its account's name."""

    player_id: int
    session: str
    name: str = ""


class Player:
    """Speaks docs/protocol.md. Times are in s since 1970: one clock for all."""

    def __init__(self, address: Address, credentials: Credentials) -> None:
        self.address, self.credentials = address, credentials
        self.socket: Socket | None = None
        self.slug = ""
        self.welcome: dict[str, Any] = {}
        self.states: list[tuple[str, float]] = []
        self.seq = -1
        self.on_tally: Callable[[int, float], None] = lambda _seq, _now: None
        self.frames = 0
        self.lost = 0
        self.expects_loss = False  # the player ends the connection itself
        self._waiting: dict[str, asyncio.Future[tuple[dict[str, Any], float]]] = {}
        self._reconnecting: asyncio.Task[Any] | None = None

    # Receiving

    def _receive(self, frame: dict[str, Any], now: float) -> None:
        self.frames += 1
        kind = frame["type"]
        if kind in ("game", "welcome"):
            self.states.append((frame["game"]["state"], now))
            self._resolve(frame["game"]["state"], frame, now)
        elif kind == "tally" and frame["seq"] > self.seq:
            self.seq = frame["seq"]
            self.on_tally(self.seq, now)
        self._resolve(frame.get("id") or kind, frame, now)

    def _resolve(self, name: str, frame: dict[str, Any], now: float) -> None:
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
        if not self.expects_loss:
            self.lost += 1
            self._reconnecting = asyncio.create_task(self._reconnect())
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Lost())
                future.exception()  # no warning if nobody awaits it
        self._waiting.clear()

    async def _reconnect(self) -> tuple[int, float | None]:
        """Connect again after a random first delay, as the browser's client does."""
        await asyncio.sleep(random.uniform(0, FIRST_DELAY))  # noqa: S311
        return await self.connect(self.slug, failures=1)

    # Arriving

    async def arrive(self, slug: str) -> dict[str, Any]:
        """One page and one socket; the seconds until each is there."""
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

    async def page(self, path: str) -> TimedResponse:
        return await get(self.address, path, self.credentials.session)

    async def connect(self, slug: str, failures: int = 0) -> tuple[int, float | None]:
        """The number of attempts, and the time of the welcome; None without one.

        Waits between attempts as the browser's client does.
        """
        self.slug, attempts = slug, 0
        deadline = time.time() + GIVE_UP_SECONDS
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
        self._abort()
        socket = Socket(
            self.address,
            f"/ws/games/{self.slug}/",
            self.credentials.session,
            self._receive,
            lambda: self._lost(socket),
        )
        self.socket, welcomed = socket, self._expect("welcome")
        try:
            async with asyncio.timeout(WELCOME_SECONDS):
                await connect(self.address, socket)
                self.welcome, at = await welcomed
            if self.socket is not socket:
                raise Lost  # just now
        except BaseException:
            self._abort()
            raise
        self.expects_loss = False
        return at

    # Playing

    async def see(self, state: str, since: float, within: float) -> float | None:
        """When the player learned that the game is in this state; None if never."""
        for known, at in self.states:
            if known == state and at >= since:
                return at
        try:
            async with asyncio.timeout(within):
                while True:
                    with suppress(Lost):  # the next welcome has the state too
                        _frame, at = await self._expect(state)
                        return at
        except TimeoutError:
            return None

    async def answer(self, value: Any, question: str, within: float) -> dict[str, Any]:
        """Send an answer until it is acknowledged, with the same id."""
        frame = {"type": "answer", "id": str(uuid4()), "value": value}
        if question:
            frame["question"] = question
        return await self.command(frame, within)

    async def command(self, frame: dict[str, Any], within: float) -> dict[str, Any]:
        """Send a command until it has its reply, with the same id.

        Returns `id`, `reply` (or None), `sent` times and, with a reply, `took` seconds.
        """
        started, sent = time.time(), 0
        try:
            async with asyncio.timeout(within):
                while True:
                    sent += 1
                    try:
                        reply, at = await self._ask(frame)
                    except Lost:
                        await self._wait_for_socket()
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

    async def _wait_for_socket(self) -> None:
        if self._reconnecting and not self._reconnecting.done():
            await asyncio.shield(self._reconnecting)
        else:
            await self.connect(self.slug)

    # Leaving

    def drop(self) -> None:
        """Abort the connection, and do not reconnect."""
        self._cancel_reconnect()
        self._abort()

    def _cancel_reconnect(self) -> None:
        if self._reconnecting:
            self._reconnecting.cancel()
            self._reconnecting = None

    def _abort(self) -> None:
        self.expects_loss = True
        if self.socket:
            self.socket.drop()
        self.socket = None

    async def come_back(self, dropped: float) -> dict[str, Any]:
        """Reconnect after a random first delay; the seconds since the loss."""
        attempts, at = await self._reconnect()
        mine = self.welcome.get("mine") or {}
        return {
            "took": at and at - dropped,
            "attempts": attempts,
            "answers": len(mine.get("answers", [])),
            "known": bool(self.welcome.get("me")),
        }

    def leave(self) -> "asyncio.Future[None] | None":
        """Close the socket; the future is done once the server has closed."""
        self._cancel_reconnect()
        self.expects_loss = True
        if not (self.socket and self.socket.transport):
            return None
        self.socket.close()
        return self.socket.closed
