"""Removes what a rehearsal made on the site, however it ended."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Min, QuerySet

from answers.models import Answer
from checkins.models import CheckIn
from core.cache import invalidate
from gameproject.loadtest.visitor import NICKNAME
from games.models import Backorder, Code, Game, Guest, Invitation, Pool
from users.models import Player
from users.renewal import life
from users.session_store import SessionStore

PREFIX = "rehearsal-"


def remove(prefix: str) -> None:
    """Remove games with this prefix, their answers and codes, and their players."""
    games = Game.objects.filter(slug__startswith=prefix)
    slugs = list(games.values_list("slug", flat=True))
    with transaction.atomic():
        players = players_of(prefix, games)
        remove_sessions(players)
        CheckIn.objects.filter(game__in=games).delete()
        Answer.objects.filter(game__in=games).delete()
        Backorder.objects.filter(pool__game__in=games).delete()
        Code.objects.filter(pool__game__in=games).delete()
        Pool.objects.filter(game__in=games).delete()
        Invitation.objects.filter(game__in=games).delete()
        games.delete()
        players.delete()
    invalidate("games", *(f"game:{slug}" for slug in slugs))


def players_of(prefix: str, games: QuerySet[Game]) -> QuerySet[Player]:
    """The accounts with this prefix, and the rehearsal's own guests in these games."""
    ours = Guest.objects.filter(game__in=games, nickname__startswith=NICKNAME)
    guests = Player.objects.filter(
        is_guest=True, name__startswith=NICKNAME, pk__in=ours.values("player")
    )
    accounts = Player.objects.filter(name_key__startswith=prefix)
    ids = [
        *guests.values_list("pk", flat=True),
        *accounts.values_list("pk", flat=True),
    ]
    return Player.objects.filter(pk__in=ids)


def remove_sessions(players: QuerySet[Player]) -> None:
    """Only its data says whose a session is: read those as young as the players."""
    first = players.aggregate(first=Min("joined_at"))["first"]
    if first is None:
        return
    since = first + life() - timedelta(minutes=1)
    sessions = Session.objects.filter(expire_date__gte=since)
    ids = {str(pk) for pk in players.values_list("pk", flat=True)}
    Session.objects.filter(session_key__in=list(keys_of(sessions, ids))).delete()


def keys_of(sessions: QuerySet[Session], players: set[str]) -> Iterable[str]:
    decode = SessionStore().decode
    for key, data in sessions.values_list("session_key", "session_data").iterator():
        if decode(data).get(SESSION_KEY) in players:
            yield key
