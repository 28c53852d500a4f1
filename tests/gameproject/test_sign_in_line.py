"""The lines for sign-in and sign-up: the order, the number at a time, the place."""

import asyncio
import json
from typing import Any

import pytest

from gameproject.sign_in_line import FORMS, PLACE, SIGN_IN, SignInLine, SignIns

ID = b"0b9f4f0e-4a64-4b8f-9b52-0d5b0c9a3c11"


class Pages:
    """Stands in for Django: responds once `may_answer` is set; `inside` has bodies."""

    def __init__(self) -> None:
        self.inside: list[bytes] = []
        self.most = 0
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if (scope["method"], scope["path"]) not in {("POST", path) for path in FORMS}:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return
        self.inside.append((await receive())["body"])
        self.most = max(self.most, len(self.inside))
        await self.may_answer.wait()
        self.inside.pop()
        headers = [(b"location", b"/me/"), (b"set-cookie", b"sessionid=x")]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


class Browser:
    """One request and its response."""

    def __init__(self, path: str = "/signup/", method: str = "POST", id_: bytes = b""):
        headers = [(b"host", b"localhost"), *([(b"x-place", id_)] if id_ else [])]
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": "",
            "query_string": b"",
            "headers": headers,
        }
        self.says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.says.put_nowait({"type": "http.request", "body": id_ or b"form"})
        self.heard: list[dict[str, Any]] = []

    async def hear(self, message: dict[str, Any]) -> None:
        self.heard.append(message)

    def asks(self, line: SignInLine) -> "asyncio.Task[None]":
        return asyncio.create_task(line(self.scope, self.says.get, self.hear))

    def goes_away(self) -> None:
        self.says.put_nowait({"type": "http.disconnect"})

    @property
    def status(self) -> int:
        return self.heard[0]["status"]


async def settle() -> None:
    for _turn in range(30):
        await asyncio.sleep(0)


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def line(pages: Pages) -> SignInLine:
    return SignInLine(pages)


async def place_of(line: SignInLine, id_: bytes) -> dict[str, int]:
    browser = Browser(PLACE, "GET", id_)
    await browser.asks(line)
    return json.loads(browser.heard[1]["body"])


@pytest.mark.parametrize("path", sorted(FORMS - {SIGN_IN}))
async def test_few_forms_are_let_in_at_a_time(
    line: SignInLine, pages: Pages, path: str
) -> None:
    browsers = [Browser(path) for _place in range(1000)]
    asking = [browser.asks(line) for browser in browsers]
    await settle()
    assert len(pages.inside) == line.forms.line.at_once
    pages.may_answer.set()
    await asyncio.gather(*asking)
    assert pages.most == line.forms.line.at_once
    assert {browser.status for browser in browsers} == {302}


async def test_other_requests_do_not_wait_in_these_lines(
    line: SignInLine, pages: Pages
) -> None:
    waiting = [Browser().asks(line) for _place in range(50)]
    await settle()
    for path, method in [("/login/", "GET"), ("/me/", "GET"), ("/logout/", "POST")]:
        browser = Browser(path, method)
        await browser.asks(line)
        assert browser.status == 200
    pages.may_answer.set()
    await asyncio.gather(*waiting)


async def test_script_is_told_its_place_and_then_where_to_go(
    line: SignInLine, pages: Pages
) -> None:
    before = [Browser().asks(line) for _place in range(line.forms.line.at_once + 4)]
    await settle()
    browser = Browser(id_=ID)
    asking = browser.asks(line)
    await settle()
    assert (await place_of(line, ID))["place"] == 5
    assert await place_of(line, ID[::-1]) == {"place": 0, "seconds": 0}
    pages.may_answer.set()
    await asyncio.gather(*before, asking)
    assert await place_of(line, ID) == {"place": 0, "seconds": 0}
    assert browser.status == 201
    headers = dict(browser.heard[0]["headers"])
    assert headers == {b"location": b"/me/", b"set-cookie": b"sessionid=x"}


async def test_who_asks_for_their_place_is_let_in_in_their_turn(
    line: SignInLine, pages: Pages
) -> None:
    """An id used twice moves neither form forward."""
    waiting = [Browser(id_=b"%016d" % n).asks(line) for n in range(10)]
    await settle()
    again = Browser(id_=b"%016d" % 9)
    waiting.append(again.asks(line))
    await settle()
    assert (await place_of(line, b"%016d" % 9))["place"] == 11 - line.forms.line.at_once
    pages.may_answer.set()
    await asyncio.gather(*waiting)
    assert not line.turns


async def test_who_goes_away_leaves_the_line(line: SignInLine, pages: Pages) -> None:
    inside = [Browser().asks(line) for _place in range(line.forms.line.at_once)]
    await settle()
    leaver, stayer = Browser(id_=b"leaver" * 4), Browser(id_=b"stayer" * 4)
    waiting = [leaver.asks(line), stayer.asks(line)]
    await settle()
    leaver.goes_away()
    await settle()
    assert waiting[0].done()
    assert (await place_of(line, b"stayer" * 4))["place"] == 1
    pages.may_answer.set()
    await asyncio.gather(*inside, *waiting)
    assert (leaver.heard, stayer.status) == ([], 201)


async def test_thousand_are_let_wait_however_slow_the_first_turns_were(
    line: SignInLine,
) -> None:
    forms = line.forms.line
    turns = [forms.turn() for _turn in range(forms.at_once)]
    for turn in turns:
        forms.begin(turn)
    forms.end(turns[0], 10.0)
    forms.begin(turns[0])
    waiting = [Browser().asks(line) for _place in range(1000)]
    await settle()
    assert len(forms.waiting) == 1000
    late = Browser()
    await late.asks(line)
    assert late.status == 503
    headers = {name.lower(): value for name, value in late.heard[0]["headers"]}
    assert int(headers[b"retry-after"]) > 0
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not forms.waiting


async def test_place_of_a_sign_in_counts_those_inside_too() -> None:
    """Those inside are served one after the other, so they wait as well."""
    line = SignIns(2, 55)
    turns = [line.turn() for _turn in range(3)]
    for turn in turns[:2]:
        line.begin(turn)
    waiting = asyncio.create_task(turns[2].__aenter__())
    await settle()
    assert [turn.place for turn in turns] == [0, 1, 2]
    line.end(turns[0], 1.0)
    await waiting
    assert [turn.place for turn in turns] == [0, 0, 1]
