"""Checks for the values of environment variables, one for each sort of value.

A check raises `ValidationError`; environs adds the variable's name. The settings import
this module, so it must not use them.
"""

import logging
import re
from collections.abc import Callable
from zoneinfo import available_timezones

from environs import ValidationError, validate

from core.rates import parse_rate

Check = Callable[[str], None]

MAX_DAYS = 3650

at_least_one = validate.Range(min=1)
not_negative = validate.Range(min=0)
days = validate.Range(min=1, max=MAX_DAYS)
log_level = validate.OneOf([*logging.getLevelNamesMapping()])


def matches(form: re.Pattern[str], example: str) -> Check:
    """A check that the whole value matches."""

    def check(value: str) -> None:
        if not form.fullmatch(value):
            raise ValidationError(f"{value!r} can't be used; write {example}")

    return check


text = matches(re.compile(r"\s*\S.*"), "no empty parts")
origin = matches(
    re.compile(r"https?://[\w.:\[\]-]+"), "https://host or https://host:port"
)
host = matches(
    re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*|\[[0-9a-fA-F:.]+\]"), "play.example.com"
)
redis_url = matches(re.compile(r"(redis|rediss|unix)://\S+|"), "redis://host:6379/0")
key_prefix = matches(re.compile(r"[\w-]+"), "letters, digits, - and _")
cdn_url = matches(re.compile(r"https?://[\w.:/\[\]-]+|"), "https://cdn.example.com")


def secret(least: int) -> Check:
    """A check that a value has at least `least` characters, unless it is empty."""

    def check(value: str) -> None:
        if 0 < len(value) < least:
            raise ValidationError(f"it is short: at least {least} characters")

    return check


def rate(value: str) -> None:
    """Check a rate, such as "10/5m"; see `core.rates`."""
    try:
        parse_rate(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def time_zone(value: str) -> None:
    """Check the name of a time zone."""
    if value not in available_timezones():
        raise ValidationError(f"{value!r} is unknown; write one such as Asia/Bangkok")


def each(check: Check) -> Callable[[list[str]], None]:
    """A check of every value in a list."""

    def check_all(values: list[str]) -> None:
        for value in values:
            check(value)

    return check_all


def some(check: Check) -> Callable[[list[str]], None]:
    """A check of every value in a list, which must not be empty."""

    def check_all(values: list[str]) -> None:
        if not any(values):
            raise ValidationError("it is empty")
        each(check)(values)

    return check_all
