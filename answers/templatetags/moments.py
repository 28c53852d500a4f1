"""Times on a page that a thousand open at once, for less than Django's `date` takes."""

from datetime import datetime
from functools import lru_cache

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language

register = template.Library()


@register.filter(expects_localtime=True)
def iso(moment: datetime) -> str:
    """For machines: `date:"c"`."""
    return moment.isoformat()


@register.filter(expects_localtime=True)
def to_minute(moment: datetime) -> str:
    """For people: `date:"j M Y, H:i"`."""
    minute = moment.replace(second=0, microsecond=0, tzinfo=None)
    return in_words(minute, get_language())


@lru_cache(maxsize=10_000)
def in_words(minute: datetime, language: str | None) -> str:
    """In the language, which is the active one. What a rush shows is of few minutes."""
    return date_format(minute, "j M Y, H:i")
