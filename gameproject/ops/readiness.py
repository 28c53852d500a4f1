"""`/readyz`: whether what this process depends on answers."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django_redis import get_redis_connection

from core.refusals import Refused

logger = logging.getLogger(__name__)

MAX_WAIT = 2.0  # seconds, for all parts together

_threads = ThreadPoolExecutor(2, thread_name_prefix="ready")


class Part:
    """Something we depend on, asked once at a time however many want to know."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask, self._lock = ask, Lock()
        self._asked: Future[None] | None = None

    def asked(self) -> "Future[None]":
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = _threads.submit(self._ask)
            return self._asked


def ask_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def ask_redis() -> None:
    get_redis_connection("strict").ping()


PARTS = {"database": Part(ask_database)}
if settings.REDIS_URL:
    PARTS["redis"] = Part(ask_redis)


@require_safe
@cache_control(no_store=True)
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if the database and Redis answer; 503 names the one that doesn't."""
    asked = {name: part.asked() for name, part in PARTS.items()}
    wait(asked.values(), MAX_WAIT)
    for name, answer in asked.items():
        error = answer.exception() if answer.done() else TimeoutError()
        if error:
            logger.warning("Not ready, no answer from the %s: %r", name, error)
            detail = _("No answer from the %(part)s.") % {"part": name}
            return Refused("unavailable", detail, field=name, retry_after=2).response()
    return HttpResponse("ready\n", content_type="text/plain")
