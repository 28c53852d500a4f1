"""Sessions end only if they are not used: renewal of their rows and cookies.

Any use of a session renews its row, at most once a day. Personal responses renew the
cookie, which outlives the row by `fresh`. A second cookie, `renewed`, lasts for `fresh`
only: when it is gone, a script asks for a personal response
(`static/js/lib/renewal.js`).
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions import middleware
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.utils import timezone

from core.outages import OUTAGES

COOKIE = "renewed"
MAX_WAIT = timedelta(days=1)  # from one renewal of a row to the next
MAX_ROWS = 1000  # sessions in one statement


def life() -> timedelta:
    """How long a session lasts after its last use."""
    return timedelta(seconds=settings.SESSION_COOKIE_AGE)


def fresh() -> timedelta:
    """How long a browser's cookies need no renewal."""
    return life() / 4


def old_before(now: datetime) -> datetime:
    """Sessions that end before this time are due for renewal."""
    return now + life() - min(MAX_WAIT, life() / 10)


def renew(session_keys: Collection[str], now: datetime) -> None:
    """Let those of these sessions that are due last a full `life` from now.

    Skips those that another process is renewing, so nobody waits for a lock.
    """
    keys = list(session_keys)
    for place in range(0, len(keys), MAX_ROWS):
        with transaction.atomic():
            due = Session.objects.select_for_update(skip_locked=True).filter(
                session_key__in=keys[place : place + MAX_ROWS],
                expire_date__gt=now,
                expire_date__lt=old_before(now),
            )
            Session.objects.filter(pk__in=due.values("pk")).update(
                expire_date=now + life()
            )


def renew_due(expiries: Mapping[str, datetime], now: datetime) -> None:
    """`renew` by known expiry times; takes no statement if none is due."""
    due = [key for key, expires in expiries.items() if expires < old_before(now)]
    if due:
        renew(due, now)


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's session middleware, which also renews used sessions."""

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        response = super().process_response(request, response)
        if is_personal(request, response):
            new = begins(request.session, response)
            if not new:
                renew_row(request.session)
            if new or not is_fresh(request):
                renew_cookies(request, response)
        return response


def begins(session: Any, response: HttpResponse) -> bool:
    """Whether the session is new, or was saved, with this response."""
    return session.begins or settings.SESSION_COOKIE_NAME in response.cookies


def is_personal(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether the response is for a signed-in player, so that no cache stores it."""
    known = getattr(request.session, "_session_cache", {})  # no query
    shared = "public" in response.get("Cache-Control", "")
    shared = shared or hasattr(request, "shared_by")
    return SESSION_KEY in known and not shared and response.status_code < 500


def renew_row(session: Any) -> None:
    if session.expires:
        with suppress(*OUTAGES):  # the response is good all the same
            renew_due({session.session_key: session.expires}, timezone.now())


def is_fresh(request: HttpRequest) -> bool:
    return {COOKIE, settings.CSRF_COOKIE_NAME} <= request.COOKIES.keys()


def renew_cookies(request: HttpRequest, response: HttpResponse) -> None:
    """Set the three cookies of a signed-in browser: session, CSRF token, `renewed`."""
    if "CSRF_COOKIE" not in request.META:
        get_token(request)  # makes one
    token, key = request.META["CSRF_COOKIE"], str(request.session.session_key)
    year = timedelta(seconds=settings.CSRF_COOKIE_AGE)
    put(response, settings.SESSION_COOKIE_NAME, key, life() + fresh(), hidden=True)
    put(response, settings.CSRF_COOKIE_NAME, token, year)
    put(response, COOKIE, "1", fresh())


def forget_cookies(response: HttpResponseBase) -> None:
    """Delete the cookies by which a script sees that there is a session."""
    for name in (COOKIE, settings.CSRF_COOKIE_NAME):
        response.delete_cookie(
            name,
            path=settings.SESSION_COOKIE_PATH,
            domain=settings.SESSION_COOKIE_DOMAIN,
            samesite="Lax",
        )


def put(
    response: HttpResponse,
    name: str,
    value: str,
    lasts: timedelta,
    *,
    hidden: bool = False,
) -> None:
    """Set a cookie; scripts can read it unless it is `hidden`."""
    response.set_cookie(
        name,
        value,
        max_age=lasts,
        path=settings.SESSION_COOKIE_PATH,
        domain=settings.SESSION_COOKIE_DOMAIN,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=hidden,
        samesite="Lax",
    )
