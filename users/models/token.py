"""API tokens, with which scripts act for a player."""

import hashlib
import secrets
from collections.abc import Iterable

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from users.models.player import Player

PREFIX = "gp_"  # so that tools recognise a leaked token


class ApiTokenManager(models.Manager["ApiToken"]):
    def issue(
        self, player: Player, name: str, scope: str, by: Player | None = None
    ) -> tuple["ApiToken", str]:
        """A new token and its text, which is not stored and so can't be shown again.

        `Refused` if `by`, the member of staff, may not make it.
        """
        if by:
            check_may_speak_for(by, player)
        text = PREFIX + secrets.token_urlsafe(32)
        token = self.create(
            player=player, name=name, scope=scope, digest=digest_of(text)
        )
        return token, text

    def find(self, text: str) -> "ApiToken | None":
        """The token of that text, unless it was revoked or its player banned."""
        return self.find_many([text]).get(text)

    def find_many(self, texts: Iterable[str]) -> dict[str, "ApiToken"]:
        """`find` for many texts, in one statement."""
        by_digest = {digest_of(text): text for text in texts}
        rows = self.filter(digest__in=list(by_digest), revoked_at=None)
        return {
            by_digest[token.digest]: token
            for token in rows.select_related("player")
            if token.player.is_active
        }


class ApiToken(models.Model):
    """A player's key. Its text has 256 random bits, so a plain hash is enough."""

    class Scope(models.TextChoices):
        READ = "read", _("read")
        WRITE = "write", _("read and write")

    player = models.ForeignKey(
        Player, models.CASCADE, related_name="tokens", verbose_name=_("player")
    )
    name = models.CharField(
        _("name"), max_length=80, help_text=_("What it is for, and where it is kept.")
    )
    scope = models.CharField(
        _("scope"), max_length=5, choices=Scope.choices, default=Scope.READ
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = ApiTokenManager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name

    def revoke(self, by: Player | None = None) -> None:
        """Revoke it for good. The row stays as a record.

        `Refused` if `by`, the member of staff, may not revoke it.
        """
        if by:
            check_may_speak_for(by, self.player)
        self.revoked_at = self.revoked_at or timezone.now()
        self.save(update_fields=["revoked_at"])


def check_may_speak_for(by: Player, player: Player) -> None:
    """`Refused` unless this member of staff may make tokens of that player."""
    if not by.may_speak_for(player):
        detail = _("Only superusers make or revoke tokens of other staff.")
        raise Refused("forbidden", detail, field="player")


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
