"""Requests for Django wait in line without a thread, and none is cut short."""

import asyncio
import json
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import LazySettings

from core.line import Line
from gameproject.boundary import MAX_BODY
from gameproject.waiting import InLine

PAGE = "/admin/login/"


class Pages:
    """Stands in for Django: each request waits until `may_go` is set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.inside = self.most = 0
        self.heard: list[bytes] = []
        self.threads: set[int] = set()
        self.may_go = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["query_string"].decode())
        self.heard.append((await receive())["body"])
        self.threads.add(await sync_to_async(threading.get_ident)())
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.may_go.wait()
        self.inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


class Visitor:
    """One client, with its request and the response."""

    def __init__(
        self, door: InLine, path: str = PAGE, method: str = "GET", **how: Any
    ) -> None:
        self.says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.messages: list[dict[str, Any]] = []
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": "",
            "query_string": how.get("query", b""),
            "headers": [(b"host", b"localhost"), *how.get("headers", [])],
        }
        if how.get("sends_all", True):
            self.send(b"")
        self.task = asyncio.create_task(door(self.scope, self.says.get, self.hear))

    async def hear(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    def send(self, body: bytes, more: bool = False) -> None:
        part = {"type": "http.request", "body": body, "more_body": more}
        self.says.put_nowait(part)

    def leave(self) -> None:
        self.says.put_nowait({"type": "http.disconnect"})

    @property
    def status(self) -> int | None:
        return self.messages[0]["status"] if self.messages else None

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode(): v.decode() for k, v in self.messages[0]["headers"]}

    @property
    def text(self) -> str:
        return self.messages[1]["body"].decode()


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def door(pages: Pages, settings: LazySettings) -> InLine:
    settings.PAGES_AT_ONCE = 2
    return InLine(pages)


async def full(door: InLine, pages: Pages) -> list[Visitor]:
    """Two visitors who are being served, as many as may be."""
    visitors = [Visitor(door) for _place in range(2)]
    await until(lambda: pages.inside == 2)
    return visitors


async def until(is_so: Any) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def all_done(*visitors: Visitor) -> None:
    await asyncio.gather(*(visitor.task for visitor in visitors))


def waiting(door: InLine) -> int:
    return len(door.pages_line.line.waiting)


async def test_few_are_served_at_a_time_in_few_threads_and_in_order(
    door: InLine, pages: Pages
) -> None:
    visitors = [Visitor(door, query=b"%d" % place) for place in range(30)]
    await until(lambda: waiting(door) == 28 and pages.inside == 2)
    pages.may_go.set()
    await all_done(*visitors)
    assert [visitor.status for visitor in visitors] == [200] * 30
    assert pages.most == 2
    assert len(pages.threads) <= 2
    assert pages.asked == [str(place) for place in range(30)]


async def test_upload_holds_no_place_before_its_end(door: InLine, pages: Pages) -> None:
    pages.may_go.set()
    slow = [Visitor(door, method="POST", sends_all=False) for _place in range(2)]
    for visitor in slow:
        visitor.send(b"a=", more=True)
    await all_done(Visitor(door))
    for visitor in slow:
        visitor.send(b"b")
    await all_done(*slow)
    assert pages.heard == [b"", b"a=b", b"a=b"]


async def test_who_goes_away_leaves_the_line_and_is_not_served(
    door: InLine, pages: Pages
) -> None:
    first = await full(door, pages)
    gone, stays = Visitor(door, query=b"gone"), Visitor(door, query=b"stays")
    await until(lambda: waiting(door) == 2)
    gone.leave()
    await gone.task
    assert waiting(door) == 1
    pages.may_go.set()
    await all_done(*first, stays)
    assert pages.asked == ["", "", "stays"]
    assert gone.messages == []


async def test_who_goes_away_before_the_end_of_the_body_is_not_served(
    door: InLine, pages: Pages
) -> None:
    gone = Visitor(door, method="POST", sends_all=False)
    gone.send(b"a=", more=True)
    gone.leave()
    await gone.task
    assert pages.asked == []


@pytest.mark.parametrize("cancelled", [True, False])
async def test_turn_goes_on_to_its_end_though_its_client_has_gone(
    door: InLine, pages: Pages, cancelled: bool
) -> None:
    """Its thread still works, and the next turn needs a thread."""
    gone, other = await full(door, pages)
    if cancelled:
        gone.task.cancel()
    else:
        gone.leave()
    late = Visitor(door)
    await until(lambda: waiting(door) == 1)
    assert pages.inside == 2
    pages.may_go.set()
    await all_done(other, late)
    await until(lambda: not door.visits)
    assert gone.messages == []
    assert not door.pages_line.line.inside


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/metrics", "/static/x.css", "/", "/games/a/"],
)
async def test_checks_files_and_shared_pages_do_not_stand_behind_others(
    door: InLine, pages: Pages, path: str
) -> None:
    visitors = await full(door, pages)
    other = Visitor(door, path)
    await until(lambda: pages.inside == 3)
    pages.may_go.set()
    await all_done(*visitors, other)


async def test_form_sent_to_a_shared_page_waits_as_others_do(
    door: InLine, pages: Pages
) -> None:
    visitors = await full(door, pages)
    form = Visitor(door, "/signup/", "POST")
    await until(lambda: waiting(door) == 1)
    pages.may_go.set()
    await all_done(*visitors, form)


async def test_body_larger_than_was_said_is_refused(door: InLine, pages: Pages) -> None:
    large = Visitor(door, "/api/answers", "POST", sends_all=False)
    large.send(b"x" * MAX_BODY, more=True)
    large.send(b"x", more=True)
    await large.task
    assert (large.status, pages.asked) == (413, [])


# Refusals


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def long_line(door: InLine, pages: Pages) -> InLine:
    """A line whose places are taken, and whose turns take a minute each."""
    clock = Clock()
    door.pages_line.line = line = Line(2, 15, clock)
    async with line.turn():
        clock.now += 60
    await full(door, pages)
    return door


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This page tries again by itself in 15 seconds."),
        ("th", "หน้านี้จะลองใหม่เองในอีก 15 วินาที"),
    ],
)
async def test_page_that_is_refused_comes_back_by_itself(
    long_line: InLine, language: str, sentence: str
) -> None:
    visitor = Visitor(long_line, headers=[(b"accept-language", language.encode())])
    await visitor.task
    assert visitor.status == 503
    assert visitor.headers["Retry-After"] == visitor.headers["Refresh"] == "15"
    assert visitor.headers["Cache-Control"] == "private, no-store"
    assert "default-src 'none'" in visitor.headers["Content-Security-Policy"]
    assert visitor.headers["X-Content-Type-Options"] == "nosniff"
    assert sentence in visitor.text
    assert f'<html lang="{language}">' in visitor.text


async def test_form_that_is_refused_is_not_asked_for_again_but_sent(
    long_line: InLine,
) -> None:
    visitor = Visitor(long_line, method="POST")
    await visitor.task
    assert visitor.status == 503
    assert "Refresh" not in visitor.headers
    assert "Go back in 15 seconds and send it again." in visitor.text


async def test_api_is_refused_by_the_json_it_documents(long_line: InLine) -> None:
    visitor = Visitor(long_line, "/api/users/1")
    await visitor.task
    assert (visitor.status, visitor.headers["Retry-After"]) == (503, "15")
    error = json.loads(visitor.text)["error"]
    assert (error["code"], error["retry_after"]) == ("unavailable", 15)
