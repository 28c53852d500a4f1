"""The players of many sessions, in two statements; and which sessions have ended."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user,
)
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db.models import BigIntegerField, Value
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from core.outages import OUTAGES
from users.models import Player, Revocation
from users.renewal import life, renew_due
from users.session_store import Row, SessionStore, is_key, new_key

REVOCATIONS_KEPT = timedelta(days=1)
MAX_CLEARED = 1000  # sessions in one statement


class SignedIn(NamedTuple):
    """The player of a session, and when it ends unless it is used."""

    player: Player
    expires: datetime


def players_of(session_keys: Iterable[str]) -> dict[str, Player]:
    """The active player of each session that has one, by session key."""
    return {key: session.player for key, session in signed_in(session_keys).items()}


def signed_in(session_keys: Iterable[str]) -> dict[str, SignedIn]:
    """The active player of each session that has one, and when the session ends.

    The rules are those of `django.contrib.auth.get_user`: our backend, an active
    player, and the password is still the one with which they signed in.
    """
    rows = _load({key for key in session_keys if is_key(key)})
    return {
        key: SignedIn(player, rows[key].expires)
        for key, player in players_in(rows).items()
    }


def players_in(rows: Mapping[str, Row]) -> dict[str, Player]:
    """The active player of each of these sessions that has one, in one statement."""
    datas = [row.data for row in rows.values()]
    players = Player.objects.in_bulk(
        {data[SESSION_KEY] for data in datas if SESSION_KEY in data}
    )
    active = {}
    for key, row in rows.items():
        player = players.get(int(row.data.get(SESSION_KEY, 0)))
        if player and player.is_active and _is_valid(row.data, player):
            active[key] = player
    return active


def recognize(requests: Sequence[HttpRequest]) -> None:
    """Load each request's `session` and set its `user`, in two statements."""
    sessions = [cast(SessionStore, request.session) for request in requests]
    rows = _load({str(s.session_key) for s in sessions if s.session_key})
    players = players_in(rows)
    for request, session in zip(requests, sessions, strict=True):
        key = str(session.session_key)
        session.fill(rows.get(key))
        user: Any = SimpleLazyObject(partial(_user, request, players.get(key)))
        request.user = user


def _user(request: HttpRequest, player: Player | None) -> Player | AnonymousUser:
    """The player of the session. All but the usual case is left to Django.

    Django ends a session from before a new password, and updates one that was signed
    with an earlier secret key of the site.
    """
    signed = request.session.get(HASH_SESSION_KEY, "")
    if player and constant_time_compare(signed, player.get_session_auth_hash()):
        return player
    return get_user(request)


def renew_used(requests: Sequence[HttpRequest]) -> None:
    """Renew the sessions of these requests that were used and are due.

    One statement.
    """
    sessions = [cast(SessionStore, request.session) for request in requests]
    used = [s for s in sessions if s.expires and SESSION_KEY in s]
    ends = {str(s.session_key): s.expires for s in used if s.expires}
    with suppress(*OUTAGES):  # the responses are good all the same
        renew_due(ends, timezone.now())
    for session in used:
        session.expires = None


class Revoked(NamedTuple):
    """An ended session, or a player whose sessions may have ended; `number` rises."""

    session_key: str
    player_id: int | None
    number: int


def revoked_in_the_last(period: timedelta) -> list[Revoked]:
    """The sessions that were revoked or have expired, in one statement."""
    revoked = Revocation.objects.of_the_last(period)
    expired = Session.objects.filter(
        expire_date__gt=Now() - period, expire_date__lte=Now()
    )
    no_player = Value(None, BigIntegerField())
    rows = revoked.values_list("session_key", "player_id", "pk").union(
        expired.values_list("session_key", no_player, Value(0)), all=True
    )
    return [Revoked(*row) for row in rows]


def clear_sessions(now: datetime) -> None:
    """Delete some expired sessions, and old revocations."""
    expired = Session.objects.filter(expire_date__lt=now - REVOCATIONS_KEPT)
    keys = list(expired.values_list("session_key", flat=True)[:MAX_CLEARED])
    if keys:
        Session.objects.filter(session_key__in=keys).delete()
    Revocation.objects.filter(at__lt=now - REVOCATIONS_KEPT).delete()


def end(session_keys: Iterable[str | None]) -> None:
    """End the sessions with these keys: one statement."""
    if keys := [key for key in session_keys if key]:
        Session.objects.filter(session_key__in=keys).delete()


def open_for(players: Iterable[Player]) -> list[str]:
    """Open a session for each of these players; the keys, in their order."""
    expires = timezone.now() + life()
    sessions = [
        Session(
            session_key=new_key(),
            session_data=SessionStore().encode(_signed_in(player)),
            expire_date=expires,
        )
        for player in players
    ]
    Session.objects.bulk_create(sessions)
    return [session.session_key for session in sessions]


def note_sign_in(players: Iterable[Player]) -> None:
    ids = [player.pk for player in players]
    Player.objects.filter(pk__in=ids).update(last_login=timezone.now())


def sign_in_by(request: HttpRequest, key: str, player: Player) -> None:
    """Sign the browser in with a session of `open_for`; the response sets cookies."""
    session = SessionStore(key)
    session.fill(Row(_signed_in(player), timezone.now() + life()))
    assert SESSION_KEY in session  # so it is in use
    session.begins = True
    request.session, request.user = session, player


def _signed_in(player: Player) -> dict[str, str]:
    """What `django.contrib.auth.login` stores in a session."""
    return {
        SESSION_KEY: str(player.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: player.get_session_auth_hash(),
    }


def _load(keys: set[str]) -> dict[str, Row]:
    """Those of these sessions that haven't ended, by key."""
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    decode = SessionStore().decode
    fields = ("session_key", "session_data", "expire_date")
    values = rows.values_list(*fields) if keys else []
    return {key: Row(decode(data), expires) for key, data, expires in values}


def _is_valid(data: dict[str, Any], player: Player) -> bool:
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    stored = data.get(HASH_SESSION_KEY, "")
    hashes = [
        player.get_session_auth_hash(),
        *player.get_session_auth_fallback_hash(),
    ]
    return any(constant_time_compare(stored, valid) for valid in hashes)
