"""The states of a game, and the verbs that each state allows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    DRAFT = "DRAFT", _("draft")
    SCHEDULED = "SCHEDULED", _("scheduled")
    OPEN = "OPEN", _("open")
    PAUSED = "PAUSED", _("paused")
    CLOSED = "CLOSED", _("closed")
    REVEALED = "REVEALED", _("revealed")
    ARCHIVED = "ARCHIVED", _("archived")


class Access(models.TextChoices):
    EVERYBODY = "everybody", _("everybody, guests too")
    SIGNED_IN = "signed_in", _("signed-in players")
    LISTED = "listed", _("players on the list")


# States in which players may see the game.
PUBLISHED = (State.SCHEDULED, State.OPEN, State.PAUSED, State.CLOSED, State.REVEALED)

# States in which players can play now or soon.
RUNNING = (State.SCHEDULED, State.OPEN, State.PAUSED)

# The states in which staff may use each verb.
ALLOWED: dict[str, frozenset[State]] = {
    "schedule": frozenset({State.DRAFT}),
    "withdraw": frozenset({State.SCHEDULED}),
    "open": frozenset({State.DRAFT, State.SCHEDULED}),
    "pause": frozenset({State.OPEN}),
    "resume": frozenset({State.PAUSED}),
    "extend": frozenset({State.OPEN, State.PAUSED, State.CLOSED}),
    "close": frozenset({State.OPEN, State.PAUSED}),
    "reveal": frozenset({State.CLOSED}),
    "archive": frozenset({State.DRAFT, State.CLOSED, State.REVEALED}),
    "restore": frozenset({State.ARCHIVED}),
    "notify": frozenset(PUBLISHED),
    "take_back_notice": frozenset(PUBLISHED),
}
