"""A member of staff at work in the admin during a rush."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from gameproject.loadtest.plan import Address

PAGE = "/admin/games/game/"
PAUSE_SECONDS = 0.05  # between two pages
TIMEOUT_SECONDS = 30.0


@contextmanager
def staff_at_work(address: Address, session: str) -> Iterator[list[float | None]]:
    """Request pages until the block ends; the seconds of each, None if it failed."""
    took: list[float | None] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            took.append(seconds_of_page(address, session))
            over.wait(PAUSE_SECONDS)

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
        with urlopen(Request(url, headers=cookie), timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            response.read()
            signed_in = response.url == url  # not redirected to sign in
    except (HTTPError, OSError):
        return None
    return time.monotonic() - started if signed_in else None
