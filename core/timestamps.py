"""Times in frames and replies: milliseconds since 1970."""

from datetime import datetime
from typing import overload


@overload
def to_ms(moment: datetime) -> int: ...
@overload
def to_ms(moment: None) -> None: ...


def to_ms(moment: datetime | None) -> int | None:
    """Whole milliseconds since 1970 (UTC); None for None."""
    return None if moment is None else int(moment.timestamp() * 1000)
