"""`/metrics`: the metrics of this process, for Prometheus."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.cache import outage
from core.refusals import Refused
from games.pages import player_of
from live.rooms import rooms

POOL = {
    "pool_size": "Connections to PostgreSQL.",
    "pool_available": "Connections that nobody is using.",
    "requests_waiting": "Requests that wait for a connection.",
    "requests_errors": "Requests that got no connection, since the start.",
}


class Now(Collector):
    """Gauges that are read when they are asked for."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        sizes = [room.size for room in list(rooms.by_game.values())]
        yield gauge("rooms", "Games with a room in this process.", len(sizes))
        yield gauge("sockets", "Sockets in these rooms.", sum(sizes))
        yield gauge("cache_away", "1 while Redis is away.", outage.away)
        if settings.ON_POSTGRES:
            stats = connection.pool.get_stats()  # type: ignore[attr-defined]
            for name, about in POOL.items():
                yield gauge(f"database_{name}", about, stats.get(name, 0))


def gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"gameproject_{name}", about, value)


REGISTRY.register(Now())


@require_safe
@cache_control(no_store=True)
def metrics(request: HttpRequest) -> HttpResponse:
    """For staff, and for clients with the token."""
    if not may_read(request):
        return Refused("forbidden").response()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """The token is checked first: it works while the database is away."""
    sent = request.headers.get("Authorization", "")
    token = settings.METRICS_TOKEN
    if token and constant_time_compare(sent, f"Bearer {token}"):
        return True
    player = player_of(request)
    return player is not None and player.is_active and player.is_staff
