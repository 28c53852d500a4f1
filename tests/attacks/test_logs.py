"""Logs are bounded, whatever clients make us say."""

import io
import logging
import time
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from gameproject.ops import logs
from gameproject.ops.logs import (
    MAX_FILE,
    MAX_LENGTH,
    MAX_PER_KIND,
    MAX_PER_LOGGER,
    WINDOW,
    BoundedHandler,
    rotate,
)
from tests.stack import Stack

MANY = 10 * MAX_PER_KIND


class Log:
    """A logger as the product's, whose clock goes on when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self.handler, self.stream = BoundedHandler(), io.StringIO()
        self.handler.setStream(self.stream)

    def say(self, name: str, template: str, *args: object, level: int = 30) -> None:
        self.handler.handle(logging.LogRecord(name, level, "", 0, template, args, None))

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    return Log(monkeypatch)


def test_the_same_line_is_written_some_times_and_then_counted(log: Log) -> None:
    for place in range(MANY):
        log.say("django.request", "Not Found: %s", f"/{place}")
    assert log.lines == [f"Not Found: /{place}" for place in range(MAX_PER_KIND)]
    log.now += WINDOW
    log.say("games", "something else")
    left_out = MANY - MAX_PER_KIND
    assert log.lines[MAX_PER_KIND:] == [
        f"{left_out} more lines were left out: Not Found: %s",
        "something else",
    ]


def test_another_line_is_written_beside_a_flood(log: Log) -> None:
    for place in range(MANY):
        log.say("django.request", "Not Found: %s", f"/{place}")
    log.say("django.request", "Internal Server Error: %s", "/", level=40)
    log.say("live.consumer", "A command failed", level=40)
    assert log.lines[-2:] == ["Internal Server Error: /", "A command failed"]


def test_lines_that_are_never_the_same_are_bounded_too(log: Log) -> None:
    for place in range(MANY):
        log.say("daphne", f"Traceback {place}")
    assert len(log.lines) == MAX_PER_LOGGER
    log.now += WINDOW
    log.say("daphne", "again")
    assert log.lines[-2].startswith(f"{MANY - MAX_PER_LOGGER} more lines")


def test_long_line_keeps_its_beginning_and_its_end(log: Log) -> None:
    log.say("games", "a" + "x" * 10 * MAX_LENGTH + "z")
    text = log.stream.getvalue().strip()
    assert len(text) < MAX_LENGTH + 100
    assert (text[0], text[-1]) == ("a", "z")


def test_debug_lines_are_all_written(log: Log) -> None:
    for _time in range(MANY):
        log.say("django.db", "SELECT", level=logging.DEBUG)
    assert len(log.lines) == MANY


def test_every_line_of_the_product_goes_that_way() -> None:
    handlers = settings.LOGGING["handlers"]
    assert [one["class"] for one in handlers.values()] == [
        f"{logs.__name__}.{BoundedHandler.__name__}"
    ]


def test_requests_that_are_refused_add_few_lines(stack: Stack) -> None:
    before = len(stack.log.read_text().splitlines())
    with closing(HTTPConnection(urlsplit(stack.url("/")).netloc, timeout=60)) as http:
        answered: Counter[int] = Counter()
        for place in range(MANY):
            for method, path in (("GET", f"/nowhere/{place}/"), ("POST", "/login/")):
                http.request(method, path)
                response = http.getresponse()
                response.read()
                answered[response.status] += 1
    assert answered == {404: MANY, 403: MANY}
    # Of two kinds, in two windows at the most, each with what the last left out.
    added = len(stack.log.read_text().splitlines()) - before
    assert 0 < added <= 4 * (MAX_PER_KIND + 1)


def test_file_that_has_grown_too_large_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "daphne-0.log"
    with file.open("ab") as writer:
        writer.write(b"x" * MAX_FILE)
        writer.flush()
        rotate(file)
        assert file.stat().st_size == MAX_FILE
        writer.write(b"y")
        writer.flush()
        rotate(file)
        writer.write(b"z")
    assert file.read_bytes() == b"z"
    assert (tmp_path / "daphne-0.log.1").stat().st_size == MAX_FILE + 1
    rotate(file)
    assert file.read_bytes() == b"z"
