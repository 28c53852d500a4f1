"""Dates as people write them: in Thailand by the Buddhist Era, 543 years ahead."""

import re
import unicodedata
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.timezone import is_aware, localtime
from django.utils.translation import get_language

AHEAD = 543
# Four digits. As a year they are Buddhist from 2543 to 2642: 2000 to 2099 elsewhere.
YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
FIRST, LAST = 2000 + AHEAD, 2099 + AHEAD


def counts_buddhist() -> bool:
    """Whether the reader's calendar does."""
    return (get_language() or "").startswith("th")


def in_common_era(text: str) -> str:
    """A date as typed, with digits and a year as the rest of the world writes them."""
    plain = "".join(str(unicodedata.decimal(c, c)) for c in text)
    return YEAR.sub(lambda found: str(common_year(int(found[0]))), plain)


def common_year(year: int) -> int:
    return year - AHEAD if FIRST <= year <= LAST else year


def shown_year(year: int) -> int:
    """The year as the reader counts it."""
    return year + AHEAD if counts_buddhist() else year


def written(moment: date, time: str = "H:i") -> str:
    """A day or a moment for staff: “27 Nov 2026 18:00”, “27 พ.ย. 2569 18:00”."""
    if isinstance(moment, datetime):
        local = localtime(moment) if is_aware(moment) else moment
        return f"{written(local.date())} {date_format(local, time)}"
    return f"{date_format(moment, 'j M')} {shown_year(moment.year)}"
