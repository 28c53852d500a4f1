"""Bytes: handshakes, requests and WebSocket frames that are none, or nearly."""

import struct
from dataclasses import dataclass
from random import Random

from tests.attacks.fuzz import junk

PAGE = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
OLD = "GET /games/puzzle/ HTTP/1.0\r\n\r\n"
BATCH = '{"requests": [{"type": "games"}]}'
POST = (
    "POST /api/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BATCH)}\r\n\r\n{BATCH}"
)
CHUNKED = (
    "POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"Transfer-Encoding: chunked\r\n\r\n{len(BATCH):x}\r\n{BATCH}\r\n0\r\n\r\n"
)
HANDSHAKE = (
    "GET /ws/games/puzzle/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
)
GOOD = (PAGE, OLD, POST, CHUNKED, HANDSHAKE, HANDSHAKE)
FIRST_LINES = (
    *(
        "GET",
        "GET /",
        "GET  / HTTP/1.1",
        " / HTTP/1.1",
        "GET / HTTP/9.9",
        "GET / XTTP/1.1",
    ),
    *("GET / HTTP/1.1 x", "GET http://evil.example/ HTTP/1.1", "OPTIONS * HTTP/1.1"),
    *(
        "CONNECT a:443 HTTP/1.1",
        "GET /%00 HTTP/1.1",
        "GET /\0 HTTP/1.1",
        "\udcff / HTTP/1.1",
    ),
    *("GET /\udcff HTTP/1.1", "GET /?\udcff HTTP/1.1", "GET //evil.example HTTP/1.1"),
    *(
        "GET /../../etc/passwd HTTP/1.1",
        "get / http/1.1",
        "PRI * HTTP/2.0",
        "\x16\x03\x01",
    ),
    *(
        "GET /" + "a" * 9000 + " HTTP/1.1",
        "X" * 300 + " / HTTP/1.1",
        "GET /ws/ HTTP/1.1",
    ),
    *(
        "GET /ws/games/%ff/ HTTP/1.1",
        "GET /ws/games/puzzle/?" + "a=b&" * 500 + " HTTP/1.1",
    ),
)
LINES = (
    *(
        ":",
        "a",
        " a: b",
        "a : b",
        "\ta: b",
        "a: b\n c: d",
        "a: \0",
        "a\0: b",
        "a: \udc80",
    ),
    *(
        "\udcff: a",
        "a" * 9000 + ": b",
        "a: " + "b" * 9000,
        "Host: a",
        "Host:",
        "Host: a b",
    ),
    *(
        "Content-Length: -1",
        "Content-Length: +3",
        "Content-Length: 0x3",
        "Content-Length:",
    ),
    *(
        "Content-Length: 5",
        "Content-Length: 99999999999999999999",
        "Content-Length: 3, 3",
    ),
    *("Content-Length: 3\r\nContent-Length: 4", "Transfer-Encoding: chunked"),
    *(
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: gzip, chunked",
        "TE: trailers",
    ),
    *(
        "Transfer-Encoding:\x0bchunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
    ),
    *(
        "Connection: close",
        "Connection: x, \udcff",
        "Upgrade: websocket, h2c",
        "Upgrade: x",
    ),
    *("Expect: 100-continue", "Expect: x", "Sec-WebSocket-Protocol: \udcff"),
    *("Sec-WebSocket-Protocol: a, a, ,", "Sec-WebSocket-Protocol: " + "a," * 500),
    *("Sec-WebSocket-Version: 99", "Sec-WebSocket-Version: x", "Sec-WebSocket-Key: x"),
    *(
        "Sec-WebSocket-Key: ====",
        "Sec-WebSocket-Key: \udcff",
        "Sec-WebSocket-Extensions: ;=,",
    ),
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=999",
    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits",
    "Sec-WebSocket-Extensions: " + "permessage-deflate, " * 100,
    *("Cookie: \udcff", 'Cookie: sessionid="\\000aaaaaaaaaaaaa"', "Origin: \udcff"),
    *("Origin: null", "Origin: x", "\r\n".join(["a: b"] * 200)),
)
BAD_FRAMES = (
    b"\x83\x80abcd",  # no such opcode
    b"\x8b\x80abcd",
    b"\xc1\x81abcd\x00",  # reserved bits
    b"\xf1\x81abcd\x00",
    b"\x81\x01a",  # not masked
    b"\x80\x81abcd\x00",  # goes on with nothing
    b"\x81\xffabcdefgh" + b"x" * 50,  # a length of 63 bits
    b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xffabcd",
    b"\x81\xfe\x00\x01abcd\x00",  # a length longer than need be
    b"\x89\xfe\x00\x80abcd" + b"x" * 128,  # control frames: too long, in pieces
    b"\x09\x80abcd",
    b"\x88\x81abcd\x00",  # goodbyes
    b"\x88\x82\x00\x00\x00\x00\x03\xe7",
    b"\x88\x82\x00\x00\x00\x00\x03\xed",
    b"\x88\x83\x00\x00\x00\x00\x03\xe8\xff",
    b"\x88\x80abcd\x81\x80abcd",
    b"\x81\x82\x00\x00\x00\x00\xc3\x28",  # no UTF-8
    b"\x01\x81\x00\x00\x00\x00\xc3\x80\x81\x00\x00\x00\x00\xa9",
    b"\x01\x81abcd\x00\x81\x81abcd\x00",  # one message within another
)


@dataclass(frozen=True)
class Bytes:
    """What is sent over one connection, piece by piece."""

    pieces: list[str]


def conversation(random: Random) -> Bytes:
    make = random.choice((one_request, one_request, pipelined, after_handshake, noise))
    whole = make(random)
    if random.random() < 0.3 and len(whole) == 1:
        at = random.randint(0, len(whole[0]))
        whole = [whole[0][:at], whole[0][at:]]
    return Bytes(whole)


def one_request(random: Random) -> list[str]:
    return [request(random)]


def request(random: Random) -> str:
    """A request with something wrong in its lines."""
    first, *lines = random.choice(GOOD).split("\r\n")
    if random.random() < 0.3:
        first = random.choice(FIRST_LINES)
    for _time in range(random.choice((0, 1, 1, 2))):
        at = random.randint(0, len(lines) - 2)
        gone = random.choice((0, 0, 1))
        lines[at : at + gone] = [random.choice(LINES)]
    whole = (
        random.choice(("\n", "\r", "\r\n")) if random.random() < 0.1 else "\r\n"
    ).join((first, *lines))
    return junk.spoilt(random, whole) if random.random() < 0.2 else whole


def pipelined(random: Random) -> list[str]:
    many = [
        random.choice(GOOD) if random.random() < 0.6 else request(random)
        for _one in range(random.choice((2, 3, 20)))
    ]
    return ["".join(many)]


def after_handshake(random: Random) -> list[str]:
    frames = b"".join(frame(random) for _one in range(random.choice((1, 2, 5, 40))))
    if random.random() < 0.2:
        frames = frames[: random.randint(0, len(frames))]
    if random.random() < 0.1:
        return [HANDSHAKE + junk.text_of(frames)]
    return [HANDSHAKE, junk.text_of(frames)]


def frame(random: Random) -> bytes:
    kind = random.random()
    if kind < 0.4:
        return random.choice(BAD_FRAMES)
    if kind < 0.5:
        return random.randbytes(random.choice((1, 2, 14, 500)))
    payload = random.choice((b"", b"{}", b"[", b"\xff", junk.wire(junk.text(random))))
    if kind < 0.9:
        return framed(
            random.choice((0, 1, 2, 8, 9, 10)), payload, random.random() < 0.8
        )
    return framed(1, payload * random.choice((100, 5000)))


def framed(opcode: int, payload: bytes, is_last: bool = True) -> bytes:
    """One frame as a client sends it, masked with nothing."""
    head = bytes([opcode | (0x80 if is_last else 0)])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    elif len(payload) < 1 << 16:
        head += b"\xfe" + struct.pack(">H", len(payload))
    else:
        head += b"\xff" + struct.pack(">Q", len(payload))
    return head + bytes(4) + payload


def noise(random: Random) -> list[str]:
    data = random.randbytes(random.choice((1, 20, 300, 20_000)))
    return [random.choice(("", "GET / HTTP/1.1\r\n", PAGE)) + junk.text_of(data)]
