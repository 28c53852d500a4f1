"""What a client says over its sockets, most of it no command."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from tests.attacks.fuzz import junk
from tests.attacks.fuzz.world import World
from tests.conftest import SETTINGS

ROLES = ("stranger", "guest", "player", "player", "player")
LARGEST = 8 * 1024  # bytes; a larger one is no command
CLOSING = 64 * 1024  # bytes; a larger one ends the socket
DEEP = 20  # from here on a server may call it no JSON
VALUES = ("mouse", "elephant", "042", {"home": 2, "away": 1}, [0], [1], [0, 1], 7)


@dataclass(frozen=True)
class Said:
    """One message: `kind` is text, pieces (in fragments), binary, ping or pong."""

    kind: str
    content: str

    @property
    def data(self) -> bytes:
        """As it is sent: text frames are UTF-8, or no client could send them."""
        data = junk.wire(self.content)
        if self.kind in ("text", "pieces"):
            data = data.decode("utf-8", "replace").encode()
        return data


@dataclass(frozen=True)
class Socket:
    game: str
    messages: list[Said] = field(default_factory=list)


@dataclass(frozen=True)
class Talk:
    """One player's sockets, one after the other."""

    role: str
    sockets: list[Socket]
    turn: int = 0


def talk(random: Random, world: World, messages: int) -> Talk:
    """So many messages over one or two sockets."""
    ids = [
        str(UUID(int=random.getrandbits(128), version=4)) for _one in range(messages)
    ]
    if random.random() < 0.3:
        ids = [random.choice(ids[:2]) for _one in ids]
    games = random.choices(list(SETTINGS), k=random.choice((1, 1, 2)))
    share = -(-messages // len(games))
    sockets = [
        Socket(
            game, [message(random, world, game, id_) for id_ in ids[at : at + share]]
        )
        for game, at in zip(games, range(0, messages, share))
    ]
    return Talk(random.choice(ROLES), sockets, random.randrange(1000))


def message(random: Random, world: World, game: str, id_: str) -> Said:
    text = said(random, world, id_)
    kind = random.choices(
        ("text", "pieces", "binary", "ping", "pong"), (80, 8, 6, 3, 3)
    )
    if kind[0] in ("ping", "pong"):
        text = junk.text_of(junk.wire(text)[:100])
    return Said(kind[0], text)


def said(random: Random, world: World, id_: str) -> str:
    """A command with something wrong, or no command at all."""
    kind = random.random()
    good = command(random, world, id_)
    if kind < 0.8:
        return junk.said(
            random, junk.mutated(random, good, random.choice((0, 1, 1, 2)))
        )
    if kind < 0.9:
        return json.dumps(junk.value(random))
    if kind < 0.95:
        return junk.text(random)
    good["value"] = "x" * random.choice((LARGEST - 100, LARGEST, CLOSING - 200))
    return json.dumps(good)


def command(random: Random, world: World, id_: str) -> dict[str, Any]:
    type_ = random.choice(("answer", "answer", "answer", "checkin", "redeem", "resync"))
    more: dict[str, dict[str, Any]] = {
        "answer": {"value": random.choice(VALUES)},
        "redeem": {"item": world.ids["item"]},
    }
    made = {"type": type_, "id": id_, **more.get(type_, {})}
    if type_ == "answer" and random.random() < 0.5:
        made["question"] = random.choice(("", "1", "2", "3"))
    if type_ == "checkin" and random.random() < 0.5:
        made["day"] = random.choice((1, 2, 3, 60))
    return made


# What the protocol promises


def reply_to(message: Said) -> tuple[str | None, bool]:
    """The `id` of the one reply that is owed, and whether it might be null as well."""
    text = message.data.decode("utf-8", "replace")
    if message.kind == "binary" or len(message.data) > LARGEST:
        return None, False
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None, False
    id_ = frame.get("id") if isinstance(frame, dict) else None
    if not isinstance(id_, str):
        return None, False
    return id_, not is_plain(text, id_)


def is_plain(text: str, id_: str) -> bool:
    """Whether every reader of JSON sees the same in it, and can say its id."""
    try:
        id_.encode()
        strict = json.loads(text, parse_constant=refuse, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return False
    return depth_of(strict) < DEEP


def refuse(constant: str) -> None:
    raise ValueError(constant)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def depth_of(thing: Any) -> int:
    depth, level = 0, [thing]
    while level and depth < DEEP:
        inside = [
            list(one.values()) if isinstance(one, dict) else one
            for one in level
            if isinstance(one, dict | list)
        ]
        depth, level = depth + 1, [part for many in inside for part in many]
    return depth


def may_close(talk: Talk) -> bool:
    """Whether something in it ends the socket by WebSocket's own rules."""
    return any(
        len(one.data) > CLOSING - 300
        for socket in talk.sockets
        for one in socket.messages
    )
