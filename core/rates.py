"""Rates as written in settings: `10/5m` is 10 in 5 minutes, `10/s` is 10 per second.

The settings module imports this one, so this one may not read settings.
"""

import re
from functools import cache
from typing import NamedTuple

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}
WRITTEN = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,3})?([smhd])")


class Rate(NamedTuple):
    """`most` requests in `seconds` seconds."""

    most: int
    seconds: int


@cache
def parse_rate(text: str) -> Rate:
    """The rate; `ValueError` if the text is not `<count>/[<number>]<s, m, h or d>`."""
    match = WRITTEN.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no rate; write 10/5m or 10/s")
    most, units, unit = match.groups()
    return Rate(int(most), int(units or 1) * UNITS[unit])
