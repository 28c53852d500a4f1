"""Games: their settings, who may play, and the verbs that change them."""

import json
from collections.abc import (
    Callable,
    Collection,
    Container,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, cast

from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.on_commit import on_commit
from core.refusals import Refused
from core.timestamps import to_ms
from games import events, notices
from games.extensions import registry
from games.kinds import kind_named
from games.kinds.base import Kind, QuestionKind, Settings
from games.models.lines import Invitation, Winner
from games.models.queryset import GameQuerySet
from games.notices import Notice
from games.states import ALLOWED, PUBLISHED, Access, State
from users.models import Player

slug_validator = RegexValidator(
    r"^[a-z0-9]+(-[a-z0-9]+)*$", _("Small letters, digits and single hyphens only.")
)


@lru_cache(maxsize=256)
def validated(kind: str, settings: str) -> Settings:
    """Settings from JSON, cached: validating a long list takes long."""
    its_kind = kind_named(kind)
    parsed = its_kind.Settings.model_validate_json(settings)
    return cast(Settings, its_kind.keyed(parsed))


@cache
def games_with_public_state() -> GameQuerySet:
    """All games with their public state: always chain it, never iterate it.

    Built once, because building it takes a third of the time of a read.
    """
    return Game.objects.with_public_state()


def require_players(access: str, listed: bool) -> None:
    """`Refused` if the game is for players on a list, and nobody is on it."""
    if access == Access.LISTED and not listed:
        text = _("Nobody is on the list of players, so nobody could play.")
        raise Refused("invalid", text, field="names")


class Game(models.Model):
    """One promotion, of one kind."""

    kind = models.CharField(_("kind"), max_length=20, editable=False)
    slug = models.CharField(
        _("address"),
        max_length=60,
        unique=True,
        validators=[slug_validator],
        help_text=_("The last part of the link: /games/…/"),
    )
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("text"), blank=True, max_length=4000)
    picture = models.ImageField(_("picture"), upload_to="pictures", blank=True)
    picture_alt = models.CharField(
        _("picture in words"),
        max_length=200,
        blank=True,
        help_text=_("For players who can't see it. Don't give the answer away."),
    )
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=State.choices,
        default=State.DRAFT,
        editable=False,
    )
    # The state before the archive, which `restore` sets again.
    archived_as = models.CharField(max_length=10, blank=True, editable=False)
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    access = models.CharField(
        _("who may play"),
        max_length=10,
        choices=Access.choices,
        default=Access.EVERYBODY,
    )
    settings = models.JSONField(default=dict, editable=False)
    # A message from staff, and until when it is shown.
    notice = models.CharField(
        max_length=notices.MAX_LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    notice_until = models.DateTimeField(null=True, editable=False)
    # Rises with each broadcast, so that clients notice if they missed one.
    seq = models.BigIntegerField(default=0, editable=False)
    revealed_at = models.DateTimeField(null=True, editable=False)
    # The result of `kind.reveal`, stored because counting votes takes long.
    revealed = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    # Annotations.
    sold_out: bool  # by `with_public_state`: all codes are given
    listed: list[int] | None  # by `annotate_listed`

    objects = GameQuerySet.as_manager()

    class Meta:
        verbose_name = _("game")
        verbose_name_plural = _("games")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "opens_at"], name="game_state_opens")]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at=None)
                | Q(opens_at=None)
                | Q(closes_at__gte=F("opens_at")),
                name="game_closes_after_it_opens",
                violation_error_message=_("The game must close after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="game_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(notice="", notice_until=None)
                | ~Q(notice="") & Q(notice_until__isnull=False),
                name="game_notice_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/games/{self.slug}/"

    @property
    def of_kind(self) -> Kind[Any]:
        return kind_named(self.kind)

    @property
    def question_kind(self) -> QuestionKind[Any]:
        """The kind, or `Refused` if it asks nothing."""
        kind = self.of_kind
        if not isinstance(kind, QuestionKind):
            raise Refused("invalid", _("This game takes no answers."), field="value")
        return kind

    @property
    def rules(self) -> Settings:
        """The kind's settings, validated."""
        return validated(self.kind, json.dumps(self.settings))

    # Queries

    def state_at(self, now: datetime) -> State:
        """The state by the clock, even if the row doesn't say so yet."""
        state = State(self.state)
        if state is State.SCHEDULED and self.opens_at and self.opens_at <= now:
            state = State.OPEN
        over = self.closes_at is not None and self.closes_at <= now
        if over and state in (State.OPEN, State.PAUSED):
            state = State.CLOSED
        return state

    def check_open(self, now: datetime) -> None:
        """`Refused`, with a code for the state, unless it takes answers at `now`."""
        state = self.state_at(now)
        if state is State.OPEN:
            return
        if state in (State.DRAFT, State.ARCHIVED):
            raise Refused("not_found")
        if state is State.SCHEDULED:
            raise Refused("not_open")
        raise Refused("paused" if state is State.PAUSED else "closed")

    def admitted(self, players: Collection[Player], guests: Container[int]) -> set[int]:
        """The ids of those of these players who may play.

        `guests` holds the ids of those who joined this game under a nickname.
        """
        if self.access == Access.LISTED:
            rows = self.invitations.filter(player__in=players)
            return set(rows.values_list("player_id", flat=True))
        guests_may = self.access == Access.EVERYBODY
        return {
            player.pk
            for player in players
            if not player.is_guest or (guests_may and player.pk in guests)
        }

    def carry(self, new: Settings) -> Settings:
        """New settings with the keys to which existing answers refer."""
        early = self.state in (State.DRAFT, State.SCHEDULED)
        answered = registry.counts([self.pk]).get(self.pk, {}).get("answered")
        old = None if early and not answered else self.rules
        return cast(Settings, self.of_kind.carry(old, new))

    def allows(self, verb: str) -> bool:
        """Whether the state and settings allow staff this verb."""
        if verb == "reveal" and not self.of_kind.ready(self.rules):
            return False
        if verb == "extend" and not self.closes_at:
            return False
        return self.state in ALLOWED[verb]

    def shows_play(self, state: State) -> bool:
        """Whether players may see the questions or days in this state."""
        early = state is not State.SCHEDULED or self.of_kind.seen_early
        return state in PUBLISHED and early

    @property
    def is_published(self) -> bool:
        """Whether players can open its page."""
        return self.state in PUBLISHED

    def has_shown_play(self, now: datetime) -> bool:
        """Whether players can see what is played, or could before it was archived."""
        if self.state == State.ARCHIVED:
            return self.shows_play(State(self.archived_as or State.DRAFT))
        return self.shows_play(self.state_at(now))

    def notice_at(self, now: datetime) -> Notice | None:
        """The message from staff that is shown at `now`."""
        if self.notice_until is None:
            return None
        notice: Notice = {"text": self.notice, "until": to_ms(self.notice_until)}
        return notices.in_force(notice, now)

    def public(self, now: datetime) -> dict[str, Any]:
        """What every player may see now; times are in ms since 1970.

        The game must come from `with_public_state`.
        """
        public = self._own_public(now)
        for name, part in registry.public.items():
            public |= part.shown(self, getattr(self, name))
        return public

    def _own_public(self, now: datetime) -> dict[str, Any]:
        state = self.state_at(now)
        rules, kind = self.rules, self.of_kind
        return {
            "slug": self.slug,
            "kind": self.kind,
            "title": self.title,
            "text": self.text,
            "picture": self.picture.url if self.picture else None,
            "picture_alt": self.picture_alt,
            "state": state.value,
            "opens_at": to_ms(self.opens_at),
            "closes_at": to_ms(self.closes_at),
            "access": self.access,
            "takes_answers": kind.takes_answers,
            # Where nothing is asked, clients are told that it is instant.
            "instant": not isinstance(kind, QuestionKind) or kind.instant(rules),
            "sold_out": self.sold_out and kind.takes_answers,
            "play": kind.public(rules) if self.shows_play(state) else {},
            "reveal": self.revealed if state is State.REVEALED else None,
        }

    def refetch(self) -> "Game":
        """The game as the database has it now, with its public state."""
        return games_with_public_state().get(pk=self.pk)

    # Verbs

    @contextmanager
    def changing(
        self, tell: Callable[["Game"], None] = events.game_changed
    ) -> Iterator[None]:
        """A transaction around a change: the row is locked and read again first.

        On commit, `tell` broadcasts the change to players.
        """
        with transaction.atomic():
            self.refresh_from_db(from_queryset=Game.objects.select_for_update())
            yield
            self.seq += 1
            self.save()
            on_commit(tell, self)

    def edit(self, fields: list[str]) -> None:
        """Save only these fields, and broadcast the game on commit."""
        with transaction.atomic():
            before = Game.objects.select_for_update().get(pk=self.pk)
            self.save(update_fields=fields)
            self.seq = Game.objects.next_seq(self.pk)
            self.refresh_from_db()
            self._tell(before.slug)

    def follow_pools(self, renamed: Mapping[str, str]) -> None:
        """Rename pools in the settings; `renamed` maps old names to new ones."""
        with transaction.atomic():
            rules = Game.objects.select_for_update().get(pk=self.pk).rules
            changed = self.of_kind.with_pools(rules, renamed)
            if changed != rules:
                self.settings = changed.model_dump(mode="json")
                self.edit(["settings"])

    def announce(self) -> None:
        """Broadcast the game without a change, for example when codes have run out."""
        self.edit([])

    def _tell(self, former_slug: str = "") -> None:
        """On commit, invalidate the cache, for an old slug too, and broadcast."""
        on_commit(events.game_changed, self, former_slug)

    def _require(self, verb: str) -> None:
        if not self.allows(verb):
            raise Refused(
                "invalid",
                _("This can’t be done while the game is %(state)s.")
                % {"state": self.get_state_display()},
                field="state",
            )

    def _require_time_left(self, now: datetime) -> None:
        if self.closes_at and self.closes_at <= now:
            raise Refused(
                "invalid",
                _("Set a closing time in the future first."),
                field="closes_at",
            )

    def _require_players(self) -> None:
        require_players(self.access, self.invitations.exists())

    def schedule(self, now: datetime) -> None:
        """Publish it; it opens at its opening time, or at once if that has passed."""
        with self.changing():
            self._require("schedule")
            self._require_time_left(now)
            self._require_players()
            due = self.opens_at is None or self.opens_at <= now
            self.state = State.OPEN if due else State.SCHEDULED
            self.opens_at = self.opens_at or now

    def withdraw(self, now: datetime) -> None:
        """Make it a draft again, which players don't see."""
        with self.changing():
            self._require("withdraw")
            self.state = State.DRAFT

    def open(self, now: datetime) -> None:
        """Open now, whatever the opening time is."""
        with self.changing():
            self._require("open")
            self._require_time_left(now)
            self._require_players()
            self.state, self.opens_at = State.OPEN, now

    def pause(self, now: datetime) -> None:
        """Take no answers until `resume`. The closing time stays."""
        with self.changing():
            self._require("pause")
            self.state = State.PAUSED

    def resume(self, now: datetime) -> None:
        with self.changing():
            self._require("resume")
            self.state = State.OPEN

    def extend(self, minutes: int, now: datetime) -> None:
        """Close this much later; a game that is closed opens again for that time."""
        with self.changing():
            self._require("extend")
            if minutes < 1:
                raise Refused(
                    "invalid", _("Extend by at least one minute."), field="minutes"
                )
            assert self.closes_at
            self.closes_at = max(self.closes_at, now) + timedelta(minutes=minutes)
            if self.state == State.CLOSED:
                self.state = State.OPEN

    def close(self, now: datetime) -> None:
        with self.changing():
            self._require("close")
            self.state, self.closes_at = State.CLOSED, now

    def archive(self, now: datetime) -> None:
        """Hide it from players; nothing is deleted."""
        with self.changing():
            self._require("archive")
            self.archived_as, self.state = self.state, State.ARCHIVED

    def restore(self, now: datetime) -> None:
        """Take it out of the archive, in the state it had before."""
        with self.changing():
            self._require("restore")
            self.archived_as, self.state = "", self.archived_as or State.DRAFT

    def notify(self, text: str, until: datetime) -> None:
        """Show players a message until then; it replaces an earlier one."""
        with self.changing(events.notice_changed):
            self._require("notify")
            self.notice, self.notice_until = notices.checked(text), until

    def take_back_notice(self) -> None:
        """Remove the message."""
        with self.changing(events.notice_changed):
            self._require("take_back_notice")
            self.notice, self.notice_until = "", None

    def apply_schedule(self, now: datetime) -> None:
        """Save the state that the opening and closing times imply."""
        with self.changing():
            self.state = self.state_at(now)

    def duplicate(self, slug: str) -> "Game":
        """A new draft with the same texts, settings and lists."""
        names = ("kind", "title", "text", "picture", "picture_alt", "access")
        with transaction.atomic():
            copy = Game.objects.create(
                slug=slug,
                settings=self.of_kind.carry(None, self.rules).model_dump(mode="json"),
                **{name: getattr(self, name) for name in names},
            )
            Invitation.objects.copy(self, copy)
            Winner.objects.copy(self, copy)
        return copy

    def invite(self, names: Iterable[str]) -> None:
        """Make these names the list of players."""
        Invitation.objects.write(self, names)
