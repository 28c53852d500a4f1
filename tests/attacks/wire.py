"""Requests byte by byte, as no well-behaved client would write them."""

import socket
from http.client import HTTPConnection, HTTPResponse

from tests.fronted import Answer


def exchange(port: int, request: bytes) -> Answer:
    """Send these bytes to a port of this machine; the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
        one.sendall(request)
        response = HTTPResponse(one, method=request.split(b" ", 1)[0].decode("latin1"))
        response.begin()
        return Answer(response)


def request(
    path: str,
    *headers: tuple[str, str],
    host: str = "127.0.0.1",
    method: str = "GET",
    body: bytes = b"",
) -> bytes:
    """A request with these headers, in this order; a name may stand twice."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode("latin1") + body


def at_once(listen: str, path: str, count: int) -> list[Answer]:
    """What so many get of whom each has asked before the first one reads."""
    connections = [HTTPConnection(listen, timeout=30) for _place in range(count)]
    for connection in connections:
        connection.request("GET", path)
    answers = [Answer(connection.getresponse()) for connection in connections]
    for connection in connections:
        connection.close()
    return answers
