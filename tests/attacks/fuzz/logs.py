"""What the daphnes' log says went wrong, told apart by where and how."""

import re
from dataclasses import dataclass
from pathlib import Path

ENTRY = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ [A-Z]+ )", re.MULTILINE)
WRONG = re.compile(r"^\S+ \S+ (?:ERROR|CRITICAL) |^Traceback |Unhandled", re.MULTILINE)
# How Django writes down a refusal: a strange host, a form of too many fields, a 403.
REFUSAL = re.compile(r"^\S+ \S+ (?:ERROR django\.security\.|WARNING django\.request )")
FRAME = re.compile(r'^ *File "([^"]+)", line (\d+), in (\S+)', re.MULTILINE)
SITE_PACKAGES = "site-packages"


@dataclass
class Log:
    """A log, read from where it was read to last."""

    path: Path
    offset: int = 0

    def new_errors(self) -> list[str]:
        """One of each sort, with how often it came."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            new = file.read()
        self.offset += len(new)
        return errors_in(new.decode(errors="replace"))


def errors_in(text: str) -> list[str]:
    found: dict[str, list[str]] = {}
    for entry in ENTRY.split(text):
        if WRONG.search(entry) and not REFUSAL.match(entry):
            found.setdefault(sort_of(entry), []).append(entry)
    return [f"logged {len(same)} times: {sort}" for sort, same in found.items()]


def sort_of(entry: str) -> str:
    """Where it was raised, by whom of ours, and what was said."""
    frames = [f"{file}:{line} {name}" for file, line, name in FRAME.findall(entry)]
    ours = [frame for frame in frames if SITE_PACKAGES not in frame]
    said = [line for line in entry.splitlines() if line and not line.startswith(" ")]
    last = re.sub(r"\d{3,}", "#", said[-1])[:300] if said else ""
    return " | ".join(filter(None, (*ours[-1:], *frames[-1:], last)))
