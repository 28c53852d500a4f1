"""Moments as the wire writes them."""

from datetime import datetime
from typing import overload


@overload
def to_ms(moment: datetime) -> int: ...
@overload
def to_ms(moment: None) -> None: ...


def to_ms(moment: datetime | None) -> int | None:
    """Whole ms since 1970; None stays None."""
    return None if moment is None else int(moment.timestamp() * 1000)
