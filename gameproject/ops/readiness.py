"""`/readyz`: whether the database and Redis answer this process."""

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

MAX_WAIT = 2.0  # seconds, for all checks together

_threads = ThreadPoolExecutor(2, thread_name_prefix="ready")


class Dependency:
    """Checked by one thread at a time, however many requests ask."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check, self._lock = check, Lock()
        self._running: Future[None] | None = None

    def check(self) -> "Future[None]":
        with self._lock:
            if self._running is None or self._running.done():
                self._running = _threads.submit(self._check)
            return self._running


def check_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def check_redis() -> None:
    get_redis_connection("strict").ping()


DEPENDENCIES = {"database": Dependency(check_database)}
if settings.REDIS_URL:
    DEPENDENCIES["redis"] = Dependency(check_redis)


@require_safe
@cache_control(no_store=True)
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if the database and Redis answer; 503 names the one that doesn't."""
    checks = {name: it.check() for name, it in DEPENDENCIES.items()}
    wait(checks.values(), MAX_WAIT)
    for name, check in checks.items():
        error = check.exception() if check.done() else TimeoutError()
        if error:
            logger.warning("Not ready, no answer from the %s: %r", name, error)
            detail = _("No answer from the %(part)s.") % {"part": name}
            return Refused("unavailable", detail, field=name, retry_after=2).response()
    return HttpResponse("ready\n", content_type="text/plain")
