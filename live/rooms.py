"""Rooms: this process's sockets, by game.

The process subscribes to the channel layer once per game, not per socket. A frame
arrives encoded and is written to every socket unchanged. The room keeps the public
state, so a welcome needs no query for it.
"""

import asyncio
import json
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from django.utils import timezone

from answers.leaderboard import boards_of
from answers.models import Answer
from core import metrics
from core.refusals import Refused
from games import events, frames, notices
from games.models import Game, games_with_public_state
from games.states import PUBLISHED, State
from live.batchers import in_thread
from live.ranks import Ranking, tell_ranks
from live.renewals import renew_open
from live.revocations import end_revoked
from live.subscription import ChannelLayerSubscription
from live.ticker import heartbeat, tick

logger = logging.getLogger(__name__)

OVERTAKEN = 0.05  # seconds: the wait of a frame that arrives before an earlier one
PEER_SILENCE = 12.0  # seconds without a message after which a process counts as gone


class Socket(Protocol):
    """A socket, as far as a room uses it; see `live.consumer.GameConsumer`."""

    name: str
    player_id: int | None
    session_key: str
    revocation: int  # the number of its player's last revocation that was checked
    rank: dict[str, Any] | None  # as last sent

    async def base_send(self, message: dict[str, Any]) -> None: ...
    async def refresh_me(self) -> None: ...
    async def end_session(self) -> None: ...
    async def end_game(self) -> None: ...


class Room:
    """This process's sockets in one game, and the public state last sent to them."""

    def __init__(self, game: Game, public: dict[str, Any]) -> None:
        self.sockets: dict[int | None, set[Socket]] = defaultdict(set)
        self.size = 0
        self.empty_ticks = 0
        self.behind_ticks = 0
        self.quiet_ticks = 0
        self.tally: dict[str, int] = {}
        self.board: list[dict[str, Any]] = []
        self.ranking = Ranking()
        self._notice: notices.Notice | None = None
        self.seq = game.seq  # of the last frame sent to the sockets
        self.reloading: asyncio.Task[None] | None = None
        self.take(game, public)

    def take(self, game: Game, public: dict[str, Any]) -> None:
        """Take over the database's state, unless a newer frame has been sent.

        It may be newer than that frame. `seq` stays, because the frame of the newer
        state is still on its way and must not be dropped when it arrives.
        """
        if game.seq >= self.seq:
            self.game = game
            self._show(public)
            self._notice = game.notice_at(timezone.now())
            self.ranking.changes += 1

    def _show(self, public: dict[str, Any]) -> None:
        self.public = frames.encode(public)
        self.version: str | None = public.get("play", {}).get("version")

    @property
    def notice(self) -> notices.Notice | None:
        """The notice from staff, until it expires."""
        return notices.in_force(self._notice, timezone.now())

    def note(self, frame: dict[str, Any]) -> None:
        """Update the state by a frame that is about to be sent."""
        self.seq = frame["seq"]
        self.quiet_ticks = 0
        if frame["type"] == "game":
            self._show(frame["game"])
            self._notice = frame["notice"]
        elif frame["type"] == "notice":
            self._notice = frames.notice_in(frame)
        elif frame["type"] == "tally":
            self._count({k: v for k, v in frame.items() if k not in ("type", "seq")})
        elif frame["type"] == "board":
            self.board = frame["top"]

    def _count(self, tally: dict[str, int]) -> None:
        """Keep the counts; a change of `here` alone changes nobody's rank."""
        before, self.tally = self.tally, tally
        if {**before, "here": 0} != {**tally, "here": 0}:
            self.ranking.changes += 1

    def welcome(self, me: dict[str, Any] | None, mine: dict[str, Any]) -> str:
        """The encoded welcome frame."""
        return frames.welcome(
            self.seq, self.public, self.notice, me, mine, self.tally, self.board
        )

    async def settled(self) -> None:
        """Wait for the reload that is running, if any."""
        if self.reloading:
            await asyncio.shield(self.reloading)

    @property
    def players(self) -> list[int]:
        """The ids of the signed-in players in this room, each once."""
        return [player_id for player_id in self.sockets if player_id is not None]

    def add(self, socket: Socket) -> None:
        self.sockets[socket.player_id].add(socket)
        self.size += 1

    def remove(self, socket: Socket) -> None:
        sockets = self.sockets[socket.player_id]
        if socket in sockets:
            sockets.remove(socket)
            self.size -= 1
        if not sockets:
            del self.sockets[socket.player_id]

    @property
    def everybody(self) -> list[Socket]:
        return [socket for sockets in self.sockets.values() for socket in sockets]

    async def write(self, text: str) -> None:
        """Write the same encoded frame to all sockets."""
        await write_all(self.everybody, text)

    async def refresh(self, player_id: int, origin: str) -> None:
        """Send a player's own state to their sockets here, but not to `origin`."""
        sockets = [s for s in self.sockets.get(player_id, ()) if s.name != origin]
        await asyncio.gather(*map(refresh, sockets))

    async def tell_rank(self, player_id: int, rank: dict[str, Any] | None) -> bool:
        """Send the rank to the player's sockets that have another; whether any had."""
        sockets = [s for s in self.sockets.get(player_id, ()) if s.rank != rank]
        for socket in sockets:
            socket.rank = rank
        await write_all(sockets, frames.encode(frames.rank(rank)))
        return bool(sockets)


async def refresh(socket: Socket) -> None:
    try:
        await socket.refresh_me()
    except Exception:  # it closed, or the database is away: then the client reconnects
        logger.debug("A socket could not be refreshed", exc_info=True)


async def write_all(sockets: Sequence[Socket], text: str) -> None:
    message = {"type": "websocket.send", "text": text}
    for socket in sockets:
        try:
            await socket.base_send(message)
        except Exception:  # one broken socket must not silence the others
            logger.debug("A socket could not be written to", exc_info=True)
    metrics.frames.inc(len(sockets))


class Rooms:
    """All rooms of this process. `loops` run from the first socket on."""

    def __init__(self, *loops: Callable[["Rooms"], Coroutine[Any, Any, None]]) -> None:
        self.loops = loops
        self.process = uuid.uuid4().hex
        self.by_game: dict[int, Room] = {}
        self._opening: dict[str, asyncio.Task[Room]] = {}
        self.subscription = ChannelLayerSubscription(self._on_message)
        self._started = False
        self._tasks: set[asyncio.Task[Any]] = set()
        # By process: when its presence last arrived, and its sockets by game id.
        self._peers: dict[str, tuple[float, dict[int, int]]] = {}

    # Opening and leaving

    async def enter(self, slug: str) -> Room:
        """The room of a game; concurrent calls open it once. `Refused` if unknown."""
        self._start()
        for room in self.by_game.values():
            if room.game.slug == slug and room.game.state in PUBLISHED:
                room.empty_ticks = 0
                return room
        opening = self._opening.get(slug)
        if opening is None:
            opening = self._opening[slug] = asyncio.create_task(self._open(slug))
            opening.add_done_callback(lambda _done: self._opening.pop(slug, None))
        return await asyncio.shield(opening)

    def _start(self) -> None:
        """Start the loops with the first socket."""
        if not self._started:
            self._started = True
            for loop in self.loops:
                self._keep(loop(self))

    def _keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task and keep a reference, without which it may be collected."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _open(self, slug: str) -> Room:
        game_id = await in_thread(number_of, slug)
        if room := self.by_game.get(game_id):
            return room
        # Subscribe before reading, so that no change in between is missed.
        await self.subscription.subscribe(events.group_of(game_id))
        room = await in_thread(open_room, game_id)
        self.by_game[game_id] = room
        return room

    async def end(self, room: Room) -> None:
        """Close the room of a game that no longer exists."""
        for socket in room.everybody:
            await socket.end_game()
        await self.leave(room.game.pk)

    async def leave(self, game_id: int) -> None:
        del self.by_game[game_id]
        await self.subscription.leave(events.group_of(game_id))

    # Who is where

    @property
    def watched(self) -> list[Room]:
        """The rooms with at least one socket."""
        return [room for room in self.by_game.values() if room.size]

    def leads(self, room: Room) -> bool:
        """Whether this process counts for the room.

        Of the processes with sockets there, the one with the lowest id does.
        """
        game_id = room.game.pk
        present = [p for p, here in self._alive().items() if here.get(game_id)]
        return min(present, default=self.process) == self.process

    def here(self, game_id: int) -> int:
        """The number of sockets in a game, over all processes."""
        return sum(here.get(game_id, 0) for here in self._alive().values())

    def sizes(self) -> dict[int, int]:
        return {game_id: room.size for game_id, room in self.by_game.items()}

    def _alive(self) -> dict[str, dict[int, int]]:
        since = time.monotonic() - PEER_SILENCE
        self._peers = {p: seen for p, seen in self._peers.items() if seen[0] > since}
        alive = {p: here for p, (_at, here) in self._peers.items()}
        return {**alive, self.process: self.sizes()}

    # Messages of the channel layer

    async def _on_message(self, message: dict[str, Any]) -> None:
        if message["type"] == "presence":
            self._peers[message["process"]] = (time.monotonic(), dict(message["here"]))
            return
        own = self.by_game.get(message["game"])
        if message["type"] == "me":
            for room in [own] if own else self.by_game.values():
                for player_id, origin in message["players"]:
                    if player_id in room.sockets:
                        self._keep(room.refresh(player_id, origin))
        elif own:
            await self._frame(own, message)

    async def _frame(self, room: Room, message: dict[str, Any]) -> None:
        """Send a frame to the room; one that arrives too early waits for the others.

        A change takes a little longer to arrive than a tally. Without the wait, a
        thousand clients would see a gap and each ask for the whole state.
        """
        if message["seq"] > room.seq + 1:
            self._keep(self._tell_later(room, message))
        else:
            await self._tell(room, message)

    async def _tell_later(self, room: Room, message: dict[str, Any]) -> None:
        await asyncio.sleep(OVERTAKEN)
        await self._tell(room, message)

    async def _tell(self, room: Room, message: dict[str, Any]) -> None:
        if message["seq"] <= room.seq:
            return
        missed = message["seq"] > room.seq + 1
        frame = json.loads(message["text"])
        room.note(frame)
        await room.write(message["text"])
        # After writing: a thread that runs meanwhile would slow it down.
        if missed or frame["type"] == "game":
            room.reloading = self._keep(self.reload(room))

    async def reload(self, room: Room) -> None:
        room.take(*await in_thread(find, pk=room.game.pk, state__in=State))


def number_of(slug: str) -> int:
    """The id of a published game; `Refused` if there is none."""
    games = Game.objects.published().filter(slug=slug)
    game_id = games.values_list("pk", flat=True).first()
    if game_id is None:
        raise Refused("not_found")
    return game_id


def find(**which: Any) -> tuple[Game, dict[str, Any]]:
    """The game, by default a published one, and its public state now, or `Refused`."""
    try:
        game = games_with_public_state().get(**{"state__in": PUBLISHED, **which})
    except Game.DoesNotExist:
        raise Refused("not_found") from None
    return game, game.public(timezone.now())


def open_room(game_id: int) -> Room:
    """A new room with the game's state, tally and leaderboard from the database."""
    game, public = find(pk=game_id)
    room = Room(game, public)
    room.tally = {"here": 0, **Answer.objects.counts([game_id]).get(game_id, {})}
    room.board = boards_of([game.slug]).get(game.slug, [])
    return room


rooms = Rooms(tick, heartbeat, tell_ranks, end_revoked, renew_open)
