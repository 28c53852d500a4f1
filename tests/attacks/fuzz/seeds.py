"""Inputs in files: what was found once is asked for ever after.

A seed is a JSON file in `seeds/http`, `seeds/frames` or `seeds/raw`, with the fields of
`Ask`, `Talk` or `Bytes`, and with `about`. A text may be a list of texts and of
[text, times].
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.attacks.fuzz.frames import Said, Socket, Talk
from tests.attacks.fuzz.http import Ask
from tests.attacks.fuzz.raw import Bytes

FOLDER = Path(__file__).parent / "seeds"
Input = Ask | Talk | Bytes


def names() -> list[str]:
    return sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.json"))


def load(name: str) -> Input:
    said = json.loads((FOLDER / name).read_text())
    assert said.pop("about"), f"{name} doesn't say what it is about"
    return READERS[Path(name).parent.name](said)


def dump(one: Input) -> str:
    """An input as a seed says it."""
    return json.dumps({"about": "", **asdict(one)})


def whole(said: Any) -> str:
    """A text, or the parts of one."""
    if isinstance(said, str):
        return said
    return "".join(one if isinstance(one, str) else one[0] * one[1] for one in said)


def http(said: dict[str, Any]) -> Ask:
    said["headers"] = [(name, whole(value)) for name, value in said.get("headers", [])]
    said |= {name: whole(said[name]) for name in ("target", "body") if name in said}
    return Ask(**said)


def frames(said: dict[str, Any]) -> Talk:
    sockets = [
        Socket(
            one["game"], [Said(m["kind"], whole(m["content"])) for m in one["messages"]]
        )
        for one in said["sockets"]
    ]
    return Talk(said["role"], sockets, said.get("turn", 0))


def raw(said: dict[str, Any]) -> Bytes:
    return Bytes([whole(piece) for piece in said["pieces"]])


READERS = {"http": http, "frames": frames, "raw": raw}
