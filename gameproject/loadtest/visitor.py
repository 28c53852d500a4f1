"""A visitor at the doors: joins, signs in, reads pages, plays without a socket.

Each door is a method that returns its outcome (`LET_IN`, or why not) and the time.
"""

import asyncio
import time
from collections import defaultdict
from typing import Any
from uuid import uuid4

from gameproject.loadtest.player import Credentials, Player
from gameproject.loadtest.requests import Response, get, post_form, post_json

LET_IN = "in"
TOKEN = uuid4().hex  # for CSRF: any token that is in both cookie and request
NICKNAME = "rehearsal-"  # followed by a number
COMMAND_SECONDS = 60.0
FALLBACK = ("game", "mine", "board")  # what a page reads without a socket

Outcome = tuple[str, float]


class Visitor:
    """A stranger or, with a session, a player. A repeat has the same id."""

    def __init__(self, player: Player, nickname: str) -> None:
        self.player, self.nickname, self.address = player, nickname, player.address
        self.ids: dict[str, str] = defaultdict(lambda: str(uuid4()))
        session = player.credentials.session
        self.cookies = {"sessionid": session, "csrftoken": TOKEN} if session else {}

    # Strangers

    async def join(self, slug: str) -> Outcome:
        """Become a guest under a nickname. The response must set session and token."""
        fields = {"nickname": self.nickname, "join_id": self.ids[f"join {slug}"]}
        path = f"/games/{slug}/join/"
        response = await post_form(self.address, path, self.cookies, fields)
        self.cookies |= response.cookies
        self.player.credentials = Credentials(0, self.cookies.get("sessionid", ""))
        has_all = {"sessionid", "csrftoken"} <= self.cookies.keys()
        return outcome_of(response, 302, "without a session" * (not has_all))

    async def ensure_joined(self, slug: str) -> Outcome:
        """Join, unless already joined."""
        known = "sessionid" in self.cookies
        return (LET_IN, time.time()) if known else await self.join(slug)

    async def arrive(self, slug: str) -> Outcome:
        """A stranger's whole arrival: join, page, socket, welcome."""
        outcome, ended = await self.join(slug)
        if outcome == LET_IN:
            outcome, ended = await self.read(f"/games/{slug}/")
        if outcome == LET_IN:
            outcome, ended = await self.connect(slug)
        return outcome, ended

    async def sign_in(self, password: str) -> Outcome:
        fields = {"username": self.player.credentials.name, "password": password}
        fields["csrfmiddlewaretoken"] = TOKEN
        cookies = {"csrftoken": TOKEN}
        response = await post_form(self.address, "/login/", cookies, fields)
        known = "sessionid" in response.cookies
        return outcome_of(response, 302, "without a session" * (not known))

    async def read(self, path: str) -> Outcome:
        """A page that is the same for everybody."""
        return outcome_of(await get(self.address, path, {}), 200)

    # Players

    async def read_own(self, path: str) -> Outcome:
        return outcome_of(await get(self.address, path, self.cookies), 200)

    async def connect(self, slug: str) -> Outcome:
        _attempts, at = await self.player.connect(slug)
        known = at is not None and self.player.welcome.get("me")
        return LET_IN if known else "no welcome", at or time.time()

    async def go_home(self) -> Outcome:
        """The home page and, at the same time, its personal part."""
        own = {"type": "user", "id": str(self.player.credentials.player_id)}
        (page, at), (part, later) = await asyncio.gather(
            self.read_own("/"), self.batch([own, {"type": "games"}])
        )
        return page if page != LET_IN else part, max(at, later)

    async def fall_back(self, slug: str) -> Outcome:
        """With blocked sockets: the page, and one batch for all of its data."""
        outcome, ended = await self.read(f"/games/{slug}/")
        if outcome == LET_IN:
            reads = [{"type": kind, "id": slug} for kind in FALLBACK]
            outcome, ended = await self.batch(reads)
        return outcome, ended

    async def batch(self, reads: list[dict[str, str]]) -> Outcome:
        response = await self._post("/api/batch", {"requests": reads})
        if response.status != 200:
            return outcome_of(response, 200)
        results = response.json()["results"]
        bad = [item["status"] for item in results if item["status"] != 200]
        return outcome_of(response, 200, "an item failed" * bool(bad))

    async def answer_over_http(self, slug: str, value: Any) -> Outcome:
        body = {"game": slug, "id": self.ids[f"answer {slug}"], "value": value}
        return outcome_of(await self._post("/api/answers", body), 200)

    async def check_in_over_http(self, slug: str) -> Outcome:
        body = {"game": slug, "id": self.ids[f"checkin {slug}"]}
        return outcome_of(await self._post("/api/checkins", body), 200)

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


def outcome_of(response: Response, good: int, fault: str = "") -> Outcome:
    """`LET_IN` with the good status and no fault; else what was wrong."""
    if response.status == good and not fault:
        return LET_IN, response.ended
    status = str(response.status or "no response")
    return f"{status} {fault}".strip(), response.ended
