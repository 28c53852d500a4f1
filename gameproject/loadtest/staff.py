"""A member of staff at work in the admin while players rush in."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from gameproject.loadtest.plan import Address

PAGE = "/admin/games/game/"
PAUSE = 0.05  # seconds between two pages
WITHIN = 30.0


@contextmanager
def staff_at_work(address: Address, session: str) -> Iterator[list[float | None]]:
    """The seconds of each page that was asked for; None for one that failed."""
    took: list[float | None] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            took.append(seconds_of_page(address, session))
            over.wait(PAUSE)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield took
    finally:
        over.set()
        worker.join()


def seconds_of_page(address: Address, session: str) -> float | None:
    url, cookie = f"{address.origin}{PAGE}", {"Cookie": f"sessionid={session}"}
    started = time.monotonic()
    try:
        with urlopen(Request(url, headers=cookie), timeout=WITHIN) as response:  # noqa: S310
            response.read()
            at_work = response.url == url  # and was not sent to sign in
    except (HTTPError, OSError):
        return None
    return time.monotonic() - started if at_work else None
