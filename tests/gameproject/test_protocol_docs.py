"""docs/protocol.md is true: each frame has an example with its fields, each bound."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from answers import leaderboard
from batch.api import BatchIn
from core.paging import Page
from core.rate_limits import of_address, rates
from core.refusals import STATUS, Refused
from gameproject.ops import bounds, stopping
from gameproject.ops.serving import GONE_SECONDS, PING_SECONDS
from games import frames, notices
from games.kinds import kinds
from games.models import Game
from games.models.people import REPEATABLE
from live import consumer, ranks, ticker
from live.commands import COMMANDS
from live.welcome import parts_in
from tests.conftest import SETTINGS
from tests.modules import ROOT
from users import names
from users.auth import MAX_BODY
from users.renewal import fresh, life

DOCS = (ROOT / "docs/protocol.md").read_text()
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", DOCS, re.S)]
SERVER_SIDE, CLIENT_SIDE = DOCS.split("## From the client")


def example(type_: str, **fields: Any) -> dict[str, Any]:
    return next(e for e in EXAMPLES if e["type"] == type_ and fields.keys() <= e.keys())


def test_every_frame_the_server_sends_is_documented() -> None:
    seen = re.findall(r"^### `(\w+)`", SERVER_SIDE, re.M)
    broadcasts = {"game", "notice", "tally", "board"}
    builders = broadcasts | {"welcome", "me", "rank", "error"}
    assert set(seen) == builders
    for name in builders:
        assert callable(getattr(frames, name))


def test_every_command_is_documented_with_its_reply() -> None:
    commands = {*COMMANDS, "resync"}
    assert set(re.findall(r"^### `(\w+)`", CLIENT_SIDE, re.M)) == commands
    for name in commands - {"resync"}:
        assert example(name, status="")


@pytest.mark.django_db
def test_welcome_example_has_just_the_fields_of_a_welcome(
    make_game: Callable[..., Game],
) -> None:
    documented = example("welcome")
    game = make_game("puzzle")
    public = game.refetch().public(timezone.now())
    text = frames.welcome(1, frames.encode(public), None, None, {}, {}, [])
    assert list(json.loads(text)) == list(documented)
    assert list(public) == list(documented["game"])
    assert list(public["play"]) == list(documented["game"]["play"])
    assert set(documented["mine"]) == set(parts_in(game, []))


def test_other_examples_have_the_fields_of_their_frames() -> None:
    assert frames.game(42, {}, None).keys() == example("game").keys()
    assert frames.notice(1, None).keys() == example("notice").keys()
    tally = {"here": 1, "answered": 1, "right": 1}
    assert frames.tally(1, tally).keys() == example("tally").keys()
    assert frames.board(1, []).keys() == example("board").keys()
    assert frames.me(None, {}).keys() == example("me").keys()
    assert frames.rank(None).keys() == example("rank").keys()
    refused = Refused("no_attempts_left", retry_after=40)
    assert frames.error(None, refused).keys() == example("error").keys()


def test_every_refusal_is_documented_with_its_status() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", DOCS, re.M)
    assert {code: int(status) for code, status in rows} == STATUS


def test_every_kind_is_documented_with_what_it_shows() -> None:
    for name, kind in kinds().items():
        [row] = re.findall(rf"^\| `{name}` \|(.*)$", DOCS, re.M)
        if name in SETTINGS:
            rules = kind.Settings.model_validate(SETTINGS[name])
            for field in [*kind.public(rules), *kind.reveal(rules, {})]:
                assert f"`{field}`" in row, (name, field)


def test_names_that_clients_use_are_documented() -> None:
    assert f"`{settings.SESSION_COOKIE_NAME}`" in DOCS
    assert f"`{settings.CSRF_COOKIE_NAME}`" in DOCS
    for name in ("game", "join"):
        assert reverse(name, args=["shadow"]).replace("shadow", "<slug>") in DOCS
    assert f"at most {consumer.MAX_FRAME // 1024} KiB" in DOCS
    assert f"| {consumer.GONE} |" in DOCS
    assert f"| {consumer.FLOODED} | more than {consumer.MAX_QUEUE_LENGTH} " in DOCS


SCRIPTS = ROOT / "static/js/lib"
FLAT = " ".join(DOCS.split())


def seconds(script: str, name: str) -> str:
    """A duration in a page's script, in seconds. `tests/js/` tests its use."""
    text = (SCRIPTS / f"{script}.js").read_text()
    [number] = re.findall(rf"^const {name} = ([\d_]+);", text, re.M)
    return f"{int(number) / 1000:g} s"


def test_spans_of_the_server_are_documented() -> None:
    tick = ticker.TICK_SECONDS * ticker.HEARTBEAT_TICKS
    for sentence in (
        f"after {PING_SECONDS} s in which the client said nothing",
        f"after {GONE_SECONDS} s without a sign of life",
        f"something itself every {tick:g} s at least",
        f"and every {tick:g} s as a heartbeat",
        f"every {ranks.EVERY:g} s at the most",
        f"A session lasts {life().days} days",
    ):
        assert sentence in FLAT
    assert (ticker.TICK_SECONDS, life() / fresh(), REPEATABLE.seconds) == (1, 4, 600)
    for words in ("Once a second at the most", "after a quarter of", "for ten minutes"):
        assert words in FLAT


def test_spans_of_the_page_are_documented() -> None:
    for sentence in (
        f"nothing for {seconds('socket', 'SILENCE_MS')}, or isn't open within",
        f"open within {seconds('socket', 'CONNECT_MS')}, closes",
        f"a random part of {seconds('socket', 'FIRST_MS')}, then of 2 s",
        f"up to {seconds('socket', 'MAX_MS')}, for ever",
        f"a random part of {seconds('socket', 'MAX_MS')}, or when",
        f"within {seconds('socket', 'PROBE_MS')} it opens another socket",
        f"no reply after {seconds('reply_timeouts', 'REPLY_TIMEOUT_MS')} is sent",
        f"open within {seconds('connection', 'FALLBACK_MS')}, or has been away",
        f"asks for the game every {seconds('fallback', 'POLL_MS')}",
        f"(every {seconds('fallback', 'HIDDEN_POLL_MS')} in the background)",
    ):
        assert sentence in FLAT


def test_bounds_are_documented() -> None:
    page, batch = Page.model_json_schema()["properties"]["limit"], BatchIn
    sockets = settings.SOCKETS_PER_SESSION, settings.SOCKETS_PER_ADDRESS
    for sentence in (
        f"`nickname`, {names.MIN_LENGTH} to {names.MAX_NICKNAME_LENGTH} characters",
        f"more than {bounds.FRAMES_AT_ONCE} WebSocket frames of any kind at once",
        f"or {bounds.FRAMES_A_SECOND} a second in the long run",
        f"leaves {bounds.MAX_BACKLOG >> 20} MiB unread",
        f"for each {bounds.FRAME_BYTES >> 10} KiB",
        f"hold {sockets[0]} sockets in each process, an address {sockets[1]:,}",
        f"more than {consumer.MAX_FUTILE} frames in a row",
        f"at most {notices.MAX_LENGTH} characters",
        f"over {consumer.MAX_FRAME >> 10} KiB on the socket",
        f"over {MAX_BODY >> 10} KiB over HTTP",
        f"{page['default']} unless asked, {page['maximum']} at the most",
    ):
        assert sentence in FLAT
    asked = batch.model_json_schema()["properties"]["requests"]
    assert (leaderboard.TOP, asked["maxItems"], consumer.UNREADABLE) == (10, 50, 4)
    for words in ("The ten leaders", "up to fifty reads", "counts as four"):
        assert words in FLAT


def test_every_close_code_is_documented() -> None:
    named = {consumer.SIGNED_OUT, consumer.GONE, consumer.REPLACED, consumer.FLOODED}
    away = 1013  # for a socket that can't be welcomed
    written = set(map(int, re.findall(r"^\| (\d{4}) \|", DOCS, re.M)))
    assert written == named | {stopping.RESTARTING, away}


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("answers", "{burst} answers in a second and {most} in {seconds} s"),
        ("checkins", "purchases in a second and {most} in {seconds} s"),
        ("game", "`resync` {burst} times in a second and {most} in {seconds} s"),
    ],
)
def test_limits_of_commands_are_documented(what: str, sentence: str) -> None:
    (most, seconds), (burst, _second) = rates(what)
    assert sentence.format(burst=burst, most=most, seconds=seconds) in FLAT


@pytest.mark.parametrize("what", ["joins", "sign-ups"])
def test_limits_of_strangers_are_documented(what: str) -> None:
    bucket = of_address(what)
    sentence = f"of one address {bucket.capacity:,} may join or make an account at once"
    sentence += f", and {bucket.refill.most:,} an hour from then on"
    assert bucket.refill.seconds == 3600
    assert sentence in FLAT
