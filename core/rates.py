"""Rates as settings write them: `10/5m` is ten in five minutes, `10/s` ten a second.

Settings read this module, so it may ask nothing of them.
"""

import re
from functools import cache
from typing import NamedTuple

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}
WRITTEN = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,3})?([smhd])")


class Rate(NamedTuple):
    """So many in so many seconds."""

    most: int
    seconds: int


@cache
def parse_rate(text: str) -> Rate:
    match = WRITTEN.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no rate; write 10/5m or 10/s")
    most, units, unit = match.groups()
    return Rate(int(most), int(units or 1) * UNITS[unit])
