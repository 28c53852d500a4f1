"""Every frame that the server sends, on one page.

`docs/protocol.md` shows an example of each, and a test compares the two.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from core.refusals import Refused
from core.timestamps import to_ms
from games.notices import Notice

Frame = dict[str, Any]


def encode(value: Any) -> str:
    """A frame, or a part of one, as text for a socket."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def welcome(
    seq: int,
    public: str,
    notice: Notice | None,
    me: Frame | None,
    mine: Frame,
    tally: Mapping[str, int],
    board: list[Frame],
) -> str:
    """The whole state, encoded. `public` is already encoded, once for all sockets."""
    head = f'{{"type":"welcome","seq":{seq},"now":{to_ms(timezone.now())}'
    own = f'"me":{encode(me)},"mine":{encode(mine)}'
    counts = f'"tally":{encode(tally)},"board":{encode(board)}'
    return f'{head},"game":{public},"notice":{encode(notice)},{own},{counts}}}'


def resynced(reply_to: str, welcome: str) -> str:
    """An encoded welcome as the reply to `resync`."""
    return f'{welcome[:-1]},"id":{encode(reply_to)}}}'


def game(seq: int, public: Frame, notice: Notice | None) -> Frame:
    """The public state after a change by staff or by the clock."""
    return {"type": "game", "seq": seq, "game": public, "notice": notice}


def game_text(seq: int, public: str, notice: Notice | None) -> str:
    """The same as text, from a public state that is already encoded."""
    text = encode(notice)
    return f'{{"type":"game","seq":{seq},"game":{public},"notice":{text}}}'


def notice(seq: int, notice: Notice | None) -> Frame:
    """A message from staff; an empty text means that it was taken back."""
    return {"type": "notice", "seq": seq, **(notice or {"text": "", "until": None})}


def notice_in(frame: Frame) -> Notice | None:
    """The notice of such a frame, as `welcome` and `game` have it."""
    return {"text": frame["text"], "until": frame["until"]} if frame["text"] else None


def tally(seq: int, counts: Mapping[str, int]) -> Frame:
    """How many are here, have answered, and are right."""
    return {"type": "tally", "seq": seq, **counts}


def board(seq: int, top: list[Frame]) -> Frame:
    """The leaders, each with `place`, `name` and `points`."""
    return {"type": "board", "seq": seq, "top": top}


def me(me: Frame | None, mine: Frame) -> Frame:
    """A player's own state after a change from anywhere."""
    return {"type": "me", "me": me, "mine": mine}


def rank(rank: Frame | None) -> Frame:
    """A player's `place`, `points`, and how many players have points; or null."""
    return {"type": "rank", **(rank or {"place": None, "points": None, "of": None})}


def reply(command: str, id_: str, fields: Mapping[str, Any]) -> Frame:
    """The one reply to a command that was carried out."""
    return {"type": command, "id": id_, **fields}


def error(id_: str | None, refused: Refused) -> Frame:
    """The one reply to a command that was refused; `id` is null if it had none."""
    return {"type": "error", "id": id_, **refused.body()}


def encode_error(id_: str | None, refused: Refused) -> str:
    """`error` in ASCII: a client's `id` may have characters that UTF-8 can't encode."""
    return json.dumps(error(id_, refused), separators=(",", ":"))
