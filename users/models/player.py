"""Players: people who play, with an account or as a guest."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.cache import invalidate
from core.on_commit import on_commit
from core.refusals import Refused
from users.names import (
    MAX_KEY_LENGTH,
    MAX_NAME_LENGTH,
    check_name,
    normalize_display,
    normalize_key,
)

NAME_TAKEN = _("That name is taken.")


class PlayerManager(BaseUserManager["Player"]):
    def get_by_natural_key(self, username: str | None) -> "Player":
        """The account of that name, whatever its capitals and spaces."""
        return self.get(name_key=normalize_key(username or ""))

    def check_name(
        self, name: str, *, account_id: int | None = None, allow_blocked: bool = False
    ) -> str:
        """The name as shown, if this account may have it; None is a new account.

        Raises `Refused("invalid")` on the field `name`.
        """
        shown = check_name(name, allow_blocked=allow_blocked)
        others = self.exclude(pk=account_id) if account_id else self.all()
        if others.filter(name_key=normalize_key(shown)).exists():
            raise Refused("invalid", NAME_TAKEN, field="name")
        return shown

    def create_user(
        self, name: str, password: str | None = None, **fields: Any
    ) -> "Player":
        player = self.model(name=name, **fields)
        player.set_password(password)
        player.save()
        return player

    def create_superuser(self, name: str, password: str, **fields: Any) -> "Player":
        return self.create_user(
            name, password, is_staff=True, is_superuser=True, **fields
        )

    def same_as(self, player_id: int | None) -> "models.QuerySet[Player]":
        """The player, and the guests they were before they signed in."""
        return self.filter(Q(pk=player_id) | Q(account=player_id, is_guest=True))

    def same_as_many(self, players: Iterable["Player"]) -> "dict[int, list[Player]]":
        """Each of these players with the guests they were, by player id."""
        same = {player.pk: [player] for player in players}
        accounts = [pk for pk, [player] in same.items() if not player.is_guest]
        for guest in self.filter(account__in=accounts, is_guest=True).order_by("pk"):
            assert guest.account_id is not None
            same[guest.account_id].append(guest)
        return same

    def create_guest(self, nickname: str) -> "Player":
        """A player without an account. Only the session proves who they are."""
        guest = self._guest(nickname)
        guest.save()
        return guest

    def create_guests(self, nicknames: Sequence[str]) -> "list[Player]":
        """`create_guest` for each nickname, in one statement and in their order."""
        guests = [self._guest(nickname) for nickname in nicknames]
        for guest in guests:
            guest.clean()
        self.bulk_create(guests)
        on_commit(invalidate, *(guest.cache_tag for guest in guests))
        return guests

    def _guest(self, nickname: str) -> "Player":
        guest = self.model(name=nickname, is_guest=True, last_login=timezone.now())
        guest.set_unusable_password()
        return guest


class Player(AbstractBaseUser, PermissionsMixin):
    """A person who plays. Guests have no `name_key`, so nobody can sign in as one."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        BANNED = "banned", _("banned")

    name = models.CharField(_("name"), max_length=MAX_NAME_LENGTH)
    name_key = models.CharField(
        max_length=MAX_KEY_LENGTH,
        unique=True,
        null=True,
        blank=True,
        editable=False,
    )
    is_guest = models.BooleanField(_("guest"), default=False, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    is_staff = models.BooleanField(
        _("staff"), default=False, help_text=_("May sign in to this admin.")
    )
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    # Of a guest: the account to which the player signed in, and all they have moved.
    account = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="guests",
        verbose_name=_("account"),
    )

    # The sum of the player's coin entries, stored for speed.
    coins = models.PositiveIntegerField(_("coins"), default=0, editable=False)

    objects = PlayerManager()

    USERNAME_FIELD = "name_key"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("player")
        verbose_name_plural = _("players")
        constraints = [
            models.CheckConstraint(
                condition=Q(is_guest=True, name_key=None)
                | Q(is_guest=False, name_key__isnull=False),
                name="player_is_guest_or_has_account",
            ),
            models.CheckConstraint(
                condition=Q(account=None) | Q(is_guest=True),
                name="player_in_an_account_is_guest",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.status == self.Status.ACTIVE

    def public(self) -> dict[str, Any]:
        """What the player may see of themselves."""
        return {
            "id": self.pk,
            "name": self.name,
            "guest": self.is_guest,
            "coins": self.coins,
        }

    def clean(self) -> None:
        # Without AbstractBaseUser.clean, which would normalize the key as typed text.
        self.name = normalize_display(self.name)
        self.name_key = None if self.is_guest else normalize_key(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        if not self._state.adding and kwargs.get("update_fields") is None:
            # Only the ledger changes the balance; the one here may be outdated.
            kwargs["update_fields"] = [
                field.name
                for field in self._meta.concrete_fields
                if not field.primary_key and field.name != "coins"
            ]
        super().save(*args, **kwargs)
        self.invalidate_cache()

    def may_manage(self, other: "Player") -> bool:
        """Whether this member of staff may change that account."""
        # Only superusers may change staff.
        return self.is_superuser or not (other.is_staff or other.is_superuser)

    def may_pay(self, other: "Player") -> bool:
        """Whether this member of staff may give that player coins."""
        return self.pk != other.pk and self.may_manage(other)

    def may_speak_for(self, other: "Player") -> bool:
        """Whether this member of staff may make or revoke tokens of that player."""
        return self.pk == other.pk or self.may_manage(other)

    def invalidate_cache(self) -> None:
        """Invalidate, on commit, what is cached of this player."""
        on_commit(invalidate, self.cache_tag)

    @property
    def cache_tag(self) -> str:
        return f"user:{self.pk}"

    @classmethod
    def lock(cls, pk: int) -> "Player":
        """The active player, locked, so that their commands run one after the other.

        `Refused("not_signed_in")` if there is no such player, or they are banned.
        """
        locked = cls.lock_many([pk])
        if not locked:
            raise Refused("not_signed_in")
        return locked[pk]

    @classmethod
    def lock_many(cls, pks: Iterable[int]) -> dict[int, "Player"]:
        """The active ones of these players by id, locked, always in the same order.

        A guest who has an account by now is left out.
        """
        locked = cls.objects.select_for_update(no_key=True).filter(pk__in=list(pks))
        return {
            player.pk: player
            for player in locked.order_by("pk")
            if player.is_active and player.account_id is None
        }

    def ban(self) -> None:
        """Sign the player out everywhere and refuse all their requests."""
        self._set_status(self.Status.BANNED)

    def restore(self) -> None:
        self._set_status(self.Status.ACTIVE)

    def _set_status(self, status: Status) -> None:
        self.status = status
        self.save(update_fields=["status"])
