"""One who comes to the doors: joins, signs in, reads pages, plays without a socket.

Each door is a method that says what came of it (`LET_IN`, or why not) and when.
"""

import asyncio
import time
from collections import defaultdict
from typing import Any
from uuid import uuid4

from gameproject.loadtest.player import Player, Who
from gameproject.loadtest.requests import Response, get, post_form, post_json

LET_IN = "in"
TOKEN = uuid4().hex  # for CSRF; any will do that stands in both cookie and request
NICKNAME = "rehearsal-"  # and a number
COMMAND_SECONDS = 60.0
FALLBACK = ("game", "mine", "board")  # what a page without a socket reads

Outcome = tuple[str, float]


class Visitor:
    """A stranger or, with a session, a player. Ids stay the same when sent again."""

    def __init__(self, player: Player, nickname: str) -> None:
        self.player, self.nickname, self.address = player, nickname, player.address
        self.ids: dict[str, str] = defaultdict(lambda: str(uuid4()))
        session = player.who.session
        self.cookies = {"sessionid": session, "csrftoken": TOKEN} if session else {}

    # Strangers

    async def join(self, slug: str) -> Outcome:
        """Become a guest under a nickname; a session and its token must come of it."""
        fields = {"nickname": self.nickname, "join_id": self.ids[f"join {slug}"]}
        path = f"/games/{slug}/join/"
        response = await post_form(self.address, path, self.cookies, fields)
        self.cookies |= response.cookies
        self.player.who = Who(0, self.cookies.get("sessionid", ""))
        has_all = {"sessionid", "csrftoken"} <= self.cookies.keys()
        return verdict(response, 302, "without a session" * (not has_all))

    async def be_in(self, slug: str) -> Outcome:
        """Join, unless that was done."""
        known = "sessionid" in self.cookies
        return (LET_IN, time.time()) if known else await self.join(slug)

    async def arrive(self, slug: str) -> Outcome:
        """A stranger's whole way: join, page, socket, welcome."""
        outcome, ended = await self.join(slug)
        if outcome == LET_IN:
            outcome, ended = await self.read(f"/games/{slug}/")
        if outcome == LET_IN:
            outcome, ended = await self.connect(slug)
        return outcome, ended

    async def sign_in(self, password: str) -> Outcome:
        fields = {"username": self.player.who.name, "password": password}
        fields["csrfmiddlewaretoken"] = TOKEN
        cookies = {"csrftoken": TOKEN}
        response = await post_form(self.address, "/login/", cookies, fields)
        known = "sessionid" in response.cookies
        return verdict(response, 302, "without a session" * (not known))

    async def read(self, path: str) -> Outcome:
        """A page that is the same for everybody."""
        return verdict(await get(self.address, path, {}), 200)

    # Players

    async def read_own(self, path: str) -> Outcome:
        return verdict(await get(self.address, path, self.cookies), 200)

    async def connect(self, slug: str) -> Outcome:
        _attempts, at = await self.player.connect(slug)
        known = at is not None and self.player.welcome.get("me")
        return LET_IN if known else "no welcome", at or time.time()

    async def go_home(self) -> Outcome:
        """The home page and its personal part, which the page asks for meanwhile."""
        own = {"type": "user", "id": str(self.player.who.player_id)}
        (page, at), (part, later) = await asyncio.gather(
            self.read_own("/"), self.batch([own, {"type": "games"}])
        )
        return page if page != LET_IN else part, max(at, later)

    async def fall_back(self, slug: str) -> Outcome:
        """Where sockets are blocked: the page, and one batch for all that is in it."""
        outcome, ended = await self.read(f"/games/{slug}/")
        if outcome == LET_IN:
            reads = [{"type": kind, "id": slug} for kind in FALLBACK]
            outcome, ended = await self.batch(reads)
        return outcome, ended

    async def batch(self, reads: list[dict[str, str]]) -> Outcome:
        response = await self._post("/api/batch", {"requests": reads})
        if response.status != 200:
            return verdict(response, 200)
        results = response.json()["results"]
        bad = [item["status"] for item in results if item["status"] != 200]
        return verdict(response, 200, "an item failed" * bool(bad))

    async def answer_over_http(self, slug: str, value: Any) -> Outcome:
        body = {"game": slug, "id": self.ids[f"answer {slug}"], "value": value}
        return verdict(await self._post("/api/answers", body), 200)

    async def check_in_over_http(self, slug: str) -> Outcome:
        body = {"game": slug, "id": self.ids[f"checkin {slug}"]}
        return verdict(await self._post("/api/checkins", body), 200)

    async def answer(self, slug: str, value: Any) -> Outcome:
        return await self._command("answer", slug, value=value)

    async def check_in(self, slug: str) -> Outcome:
        return await self._command("checkin", slug)

    async def _command(self, kind: str, slug: str, **fields: Any) -> Outcome:
        started = time.time()
        frame = {"type": kind, "id": self.ids[f"{kind} {slug}"], **fields}
        result = await self.player.command(frame, COMMAND_SECONDS)
        reply = result["reply"] or {"type": "no reply"}
        outcome = LET_IN if reply["type"] == kind else reply.get("code", reply["type"])
        return outcome, started + result.get("took", COMMAND_SECONDS)

    async def _post(self, path: str, body: Any) -> Response:
        return await post_json(self.address, path, self.cookies, body)


def verdict(response: Response, good: int, fault: str = "") -> Outcome:
    """Let in with the good status and without a fault."""
    if response.status == good and not fault:
        return LET_IN, response.ended
    status = str(response.status or "no response")
    return f"{status} {fault}".strip(), response.ended
