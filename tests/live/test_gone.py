"""When our server pings a socket and when it drops it, measured on a fake clock."""

import json
import subprocess
import sys

import pytest

from gameproject.ops.bounds import GOODBYE_SECONDS
from gameproject.ops.serving import (
    GONE_SECONDS,
    HANDSHAKE_SECONDS,
    PING_SECONDS,
    POLL_SECONDS,
)
from gameproject.ops.serving import daphne as arguments
from tests.stack import ROOT

# Our server and protocol with their start options, on Twisted's fake clock and
# transport. Each input line says in which seconds the client sends, answers, closes.
PLAY = """
import asyncio, json, sys, time, txaio
from daphne import server as module
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from websockets.frames import Frame, Opcode
from gameproject.loadtest.plan import Address
from gameproject.loadtest.client import handshake
from gameproject.ops.serving import daphne
from gameproject.ops import server as ours

clock = module.reactor = txaio.config.loop = Clock()
time.time = clock.seconds
options = ours.CommandLine().parser.parse_args(daphne("unix:x")[2:])

class Server(ours.Server):
    def create_application(self, protocol, scope):
        self.connections[protocol]["application_instance"] = None
        return asyncio.Queue()

server = Server(None, ["unix:x"], ping_interval=options.ping_interval,
                ping_timeout=options.ping_timeout,
                websocket_connect_timeout=options.websocket_connect_timeout,
                websocket_handshake_timeout=options.websocket_connect_timeout)
server.connections = {}
server.ws_factory = None  # where daphne puts its own
factory = server.ws_factory
factory.setProtocolOptions(autoPingTimeout=server.ping_timeout,
                           openHandshakeTimeout=server.websocket_handshake_timeout)
server.timeout_checker()

class Network(StringTransport):
    dataBuffer, offset, _tempDataLen, ended = b"", 0, 0, None
    def abortConnection(self):
        self.ended = self.ended or clock.seconds()
    loseConnection = abortConnection
    def unregisterProducer(self):
        pass

def pings_in(data):
    pings = []
    while data:
        length = data[1] & 127
        if data[0] & 15 == Opcode.PING:
            pings.append(data[2:2 + length])
        data = data[2 + length:]
    return pings

def play(accepts, speaks, hears, closes=0):
    network = Network()
    protocol = factory.buildProtocol(network.getPeer())
    protocol._raw_query_string = b""
    protocol.makeConnection(network)
    began, waiting, pings = clock.seconds(), [], []
    protocol.dataReceived(handshake(Address.parse("http://x"), "/", ""))
    if accepts:
        protocol.serverAccept()
    network.clear()
    for tenth in range(3000):
        if network.ended:
            break
        clock.advance(0.1)
        now = clock.seconds() - began
        new = pings_in(network.value()) if accepts else []
        network.clear()
        waiting += new
        pings += [now for _ping in new]
        if speaks and tenth == speaks * 10:
            protocol.dataReceived(Frame(Opcode.TEXT, b"{}").serialize(mask=True))
        if closes and tenth == closes * 10:
            protocol.serverClose(4429)
        if any(start <= now < end for start, end in hears):
            for ping in waiting:
                protocol.dataReceived(Frame(Opcode.PONG, ping).serialize(mask=True))
            waiting = []
    return {"pings": pings, "gone": network.ended and network.ended - began}

for line in sys.stdin:
    print(json.dumps(play(**json.loads(line))), flush=True)
"""


class Played:
    """When a client was pinged and dropped, in seconds since it connected."""

    def __init__(self, line: str) -> None:
        result = json.loads(line)
        self.pings: list[float] = result["pings"]
        self.gone: float = result["gone"]


CLIENTS = {
    "answers": {"accepts": True, "speaks": 0, "hears": [[0, 300]]},
    "is silent": {"accepts": True, "speaks": 0, "hears": []},
    "speaks, then is silent": {"accepts": True, "speaks": 24, "hears": []},
    "answers, then is silent": {"accepts": True, "speaks": 0, "hears": [[0, 130]]},
    "sleeps for a while": {"accepts": True, "speaks": 0, "hears": [[55, 300]]},
    "is told to go": {"accepts": True, "speaks": 0, "hears": [], "closes": 10},
    "is not let in": {"accepts": False, "speaks": 0, "hears": []},
}


@pytest.fixture(scope="module")
def played() -> dict[str, Played]:
    lines = "\n".join(map(json.dumps, CLIENTS.values()))
    command = [sys.executable, "-c", PLAY]
    process = subprocess.run(
        command, cwd=ROOT, input=lines, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    return dict(zip(CLIENTS, map(Played, process.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("client", ["answers", "sleeps for a while"])
def test_client_that_answers_stays(played: dict[str, Played], client: str) -> None:
    assert played[client].gone is None
    assert len(played[client].pings) >= 5


@pytest.mark.parametrize(
    ("client", "last_sign"),
    [("is silent", 0), ("speaks, then is silent", 24)],
)
def test_silent_client_is_pinged_and_gone_after_a_minute(
    played: dict[str, Played], client: str, last_sign: float
) -> None:
    silent = played[client]
    assert 0 <= silent.pings[0] - last_sign - PING_SECONDS <= POLL_SECONDS + 0.5
    assert 0 <= GONE_SECONDS - (silent.gone - last_sign) <= POLL_SECONDS + 0.5


def test_client_that_falls_silent_is_gone_a_minute_after_its_last_pong(
    played: dict[str, Played],
) -> None:
    silent = played["answers, then is silent"]
    last_sign = max(ping for ping in silent.pings if ping < 130)
    assert 0 <= GONE_SECONDS - (silent.gone - last_sign) <= POLL_SECONDS + 0.5


def test_client_that_is_told_to_go_has_its_time_to_hear_why(
    played: dict[str, Played],
) -> None:
    assert abs(played["is told to go"].gone - 10 - GOODBYE_SECONDS) <= 0.2


def test_handshake_has_its_time(played: dict[str, Played]) -> None:
    slack = POLL_SECONDS + 0.5
    assert abs(played["is not let in"].gone - HANDSHAKE_SECONDS) <= slack


def test_flags_that_are_documented_are_those_it_is_started_with() -> None:
    text = (ROOT / "docs/deploy.md").read_text()
    written = text.split("bin/python ")[1].split("LimitNOFILE")[0].split()
    assert written == arguments("unix:/run/gameproject/%i.sock:mode=660:backlog=4096")
