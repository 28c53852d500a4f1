"""Frames of our server under load, plain and through TLS, arrive whole and in order."""

import asyncio
import datetime
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.stack import ROOT, free_port, wait_until_served

READERS, ROUNDS, FRAMES, FLOOD = 20, 30, 40, 400
LENGTHS = (1, 200, 20_000)  # characters; a round is more than the network takes at once

# The server sends a round of frames for each "more". For "flood" it sends more than may
# wait for a client.
SERVING = f"""
import sys
from gameproject.ops.server import Server

async def application(scope, receive, send):
    number = 0
    async def say(length):
        nonlocal number
        text, number = str(number) + " " + "x" * length, number + 1
        form = "bytes" if number % 7 == 3 else "text"
        await send({{"type": "websocket.send",
                    form: text.encode() if form == "bytes" else text}})
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.connect":
            await send({{"type": "websocket.accept"}})
        elif message["text"] == "flood":
            for _frame in range({FLOOD}):
                await say({LENGTHS[-1]})
        else:
            for place in range({FRAMES}):
                await say({LENGTHS}[place % {len(LENGTHS)}])

Server(application, [sys.argv[1]]).run()
"""


def certificate(folder: Path) -> tuple[Path, Path]:
    """Files with a key and a self-signed certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    alone = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(alone, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files = folder / "key.pem", folder / "certificate.pem"
    files[0].write_bytes(
        key.private_bytes(pem, form, serialization.NoEncryption())  # for this test
    )
    files[1].write_bytes(signed.public_bytes(pem))
    return files


class Site:
    """Our server with the application above, on a local port."""

    def __init__(self, folder: Path, tls: bool) -> None:
        self.port, self.trusts = free_port(), None
        self.endpoint = f"tcp:port={self.port}:interface=127.0.0.1"
        if tls:
            key, signed = certificate(folder)
            files = f"privateKey={key}:certKey={signed}"
            self.endpoint = f"ssl:port={self.port}:interface=127.0.0.1:{files}"
            self.trusts = ssl.create_default_context(cafile=str(signed))

    @asynccontextmanager
    async def client(self) -> AsyncIterator[ClientConnection]:
        address = f"{'wss' if self.trusts else 'ws'}://127.0.0.1:{self.port}/"
        async with connect(address, ssl=self.trusts, max_queue=None) as one:
            yield one


@pytest.fixture(params=["plain", "tls"])
def site(
    request: pytest.FixtureRequest, runs_servers: None, tmp_path: Path
) -> Iterator[Site]:
    one = Site(tmp_path, request.param == "tls")
    command = [sys.executable, "-c", SERVING, one.endpoint]
    process = subprocess.Popen(command, cwd=ROOT)
    wait_until_served(one.port)
    yield one
    process.terminate()
    assert process.wait(20) == 0


async def heard_by(client: ClientConnection) -> list[str]:
    """The frames that a client gets that asks for one round after the other."""
    heard = []
    for _round in range(ROUNDS):
        await client.send("more")
        for _frame in range(FRAMES):
            frame = await client.recv()
            heard.append(frame.decode() if isinstance(frame, bytes) else frame)
    return heard


EXPECTED = [
    f"{number} {'x' * LENGTHS[number % FRAMES % len(LENGTHS)]}"
    for number in range(ROUNDS * FRAMES)
]


async def read_in_order(site: Site) -> None:
    async with site.client() as client:
        assert await heard_by(client) == EXPECTED


async def test_frames_come_in_order_to_many_beside_one_who_does_not_read(
    site: Site,
) -> None:
    async with site.client() as slow:
        slow.transport.pause_reading()
        await slow.send("flood")
        readers = [read_in_order(site) for _reader in range(READERS)]
        await asyncio.gather(*readers)
        slow.transport.resume_reading()
        assert await is_cut_off(slow)


async def is_cut_off(client: ClientConnection) -> bool:
    """Whether the connection ends before the whole flood has arrived."""
    heard = 0
    with suppress(ConnectionClosed):
        while heard < FLOOD * LENGTHS[-1]:
            heard += len(await client.recv())
        return False
    return True


async def test_goodbye_is_answered(site: Site) -> None:
    async with site.client() as client:
        await (await client.ping())
        await client.send("more")
        await client.recv()
        await client.close()
    assert client.close_code == 1000
