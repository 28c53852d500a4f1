"""Dates in the reader's calendar: Thai readers use the Buddhist Era (BE = CE + 543)."""

import re
import unicodedata
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.timezone import is_aware, localtime
from django.utils.translation import get_language

BE_OFFSET = 543
# Four digits. 2543 to 2642 are Buddhist years: 2000 to 2099 in the Common Era.
YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
FIRST, LAST = 2000 + BE_OFFSET, 2099 + BE_OFFSET


def counts_buddhist() -> bool:
    """Whether the active language counts years in the Buddhist Era."""
    return (get_language() or "").startswith("th")


def in_common_era(text: str) -> str:
    """A typed date with ASCII digits, and its Buddhist year as a Common Era year."""
    plain = "".join(str(unicodedata.decimal(c, c)) for c in text)
    return YEAR.sub(lambda match: str(common_year(int(match[0]))), plain)


def common_year(year: int) -> int:
    """The Common Era year of a Buddhist year; any other year as it is."""
    return year - BE_OFFSET if FIRST <= year <= LAST else year


def shown_year(year: int) -> int:
    """A Common Era year in the reader's calendar."""
    return year + BE_OFFSET if counts_buddhist() else year


def written(moment: date, time: str = "H:i") -> str:
    """A day or a local time for staff: “27 Nov 2026 18:00”, “27 พ.ย. 2569 18:00”."""
    if isinstance(moment, datetime):
        local = localtime(moment) if is_aware(moment) else moment
        return f"{written(local.date())} {date_format(local, time)}"
    return f"{date_format(moment, 'j M')} {shown_year(moment.year)}"
