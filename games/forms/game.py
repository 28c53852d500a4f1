"""The form of a game: the fields of all games, and the settings of its kind."""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, ClassVar

from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError as SchemaError

from core.admin.asking import Question
from core.admin.forms import StaffForm
from core.refusals import Refused
from games.extensions import registry
from games.forms.fields import fields_of
from games.forms.form_errors import FieldError, field_errors
from games.forms.pasted import PastedField
from games.forms.pictures import PictureField
from games.forms.rows import RowsWidget
from games.kinds import kind_named
from games.kinds.base import Kind, Part, Settings
from games.models import Game, require_players
from games.states import RUNNING, State
from games.tables.guesses import NAME_WORDS
from games.times import Change
from users.names import is_too_long, normalize_key

PREFIX = "settings_"
TIMES = ("opens_at", "closes_at")
MAX_NAMES = 100_000


class GameForm(StaffForm):
    """`form_for` makes a subclass for each kind, with the fields of its settings."""

    kind: ClassVar[Kind[Any]]
    rules: Settings

    picture = PictureField(label=_("Picture"), required=False)
    names = PastedField(
        [Part(_("Name"), NAME_WORDS)],
        label=_("List of players"),
        required=False,
        help_text=_("One name per line. Used only if “players on the list” may play."),
    )

    class Meta:
        model = Game
        widgets = {"text": AdminTextareaWidget(attrs={"rows": 5})}
        fields = (
            *("title", "slug", "text", "picture", "picture_alt"),
            *("opens_at", "closes_at", "access"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        game = self.instance
        if not game.pk or "title" not in self.fields:
            return
        names = game.invitations.order_by("pk").values_list("name", flat=True)
        self.initial.update({"names": list(names), **prefixed(game.rules)})
        if game.state != State.DRAFT:
            self.fields["slug"].disabled = True
            self.fields["slug"].help_text = _(
                "Players know this address, so it can’t be changed."
            )

    def clean_names(self) -> list[str]:
        names: list[str] = self.cleaned_data["names"]
        if len(names) > MAX_NAMES:
            text = _("The list has %(count)s names; at most %(most)s are allowed.")
            counts = {"count": f"{len(names):,}", "most": f"{MAX_NAMES:,}"}
            raise ValidationError(text, code="many", params=counts)
        for name in names:
            if is_too_long(name):
                text = _("“%(name)s” is longer than any player's name.")
                raise ValidationError(text, code="long", params={"name": name[:60]})
        return names

    @cached_property
    def now(self) -> dict[str, Any]:
        if not self.instance.pk or "title" not in self.fields:
            return super().now
        return super().now | prefixed(self.instance.rules)

    def single_fields(self) -> list[str]:
        return [name for name in super().single_fields() if not is_setting(name)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and closes < opens:
            self.add_error("closes_at", _("The game must close after it opens."))
        if self.instance.state in RUNNING and "names" in cleaned:
            self._check_list(cleaned.get("access", ""), cleaned["names"])
        wanted = setting_names(self.kind.name)
        if all(name in cleaned for name in wanted):
            self._check_settings({name: cleaned[name] for name in wanted})
        return cleaned

    def _check_list(self, access: str, names: list[str]) -> None:
        try:
            require_players(access, any(map(normalize_key, names)))
        except Refused as refused:
            self.add_error(refused.field, str(refused.detail))

    def _check_settings(self, values: dict[str, Any]) -> None:
        """Check what staff sent; then again, merged with what others have changed."""
        if not self._validate(values):
            return
        sent = prefixed(self.rules)
        current = {name: v for name, v in self.now.items() if is_setting(name)}
        self.merge(sent, current)
        if self._validate(sent) and self.instance.pk:
            self.rules = self.instance.carry(self.rules)
            self._check_change()

    def _validate(self, values: Mapping[str, Any]) -> bool:
        """Set `rules` from these values of fields, or add errors to the form."""
        settings = {name.removeprefix(PREFIX): value for name, value in values.items()}
        try:
            self.rules = self.kind.Settings.model_validate(settings)
            return True
        except SchemaError as error:
            for field_error in field_errors(error):
                self._add_field_error(field_error)
        return False

    def _check_change(self) -> None:
        try:
            registry.check_change(self.instance, self.rules)
        except Refused as refused:
            error = FieldError((refused.field,), str(refused.detail))
            self._add_field_error(error)

    def questions(self) -> list[Question]:
        times = [Question(f"times: {text}", text) for text in self.times()]
        return [*super().questions(), *times]

    def times(self) -> list[str]:
        """Texts about effects of the new times that staff may not expect."""
        if not self.instance.pk:
            return []
        moved, now = frozenset(self.changed_data), timezone.now()
        before = Game(state=self.instance.state, **self.times_before)
        opens, closes = (self.cleaned_data[name] for name in TIMES)
        change = Change(before.state_at(now), opens, closes, moved)
        return list(change.surprises(now))

    @property
    def times_before(self) -> dict[str, Any]:
        return {name: self.now.get(name) for name in TIMES}

    def _add_field_error(self, error: FieldError) -> None:
        """Show an error at the field, line or row that is wrong."""
        name, *rest = (*error.path, None)
        field = f"{PREFIX}{name}"
        if field not in self.fields:
            self.add_error(None, error.text)
            return
        place, text = rest[0], error.text
        widget = self.fields[field].widget
        if isinstance(place, int) and isinstance(widget, RowsWidget) and widget.sent:
            widget.sent.add_error(place, rest[1], text)
            text = str(_("Please correct the rows below."))
        elif isinstance(place, int):
            text = _("Line %(line)d: %(text)s") % {"line": place + 1, "text": text}
        if text not in self.errors.get(field, []):
            self.add_error(field, text)

    @property
    def settings(self) -> dict[str, Any]:
        """The kind's settings as JSON, as a game stores them."""
        return self.rules.model_dump(mode="json")

    @property
    def changed_columns(self) -> list[str]:
        """The columns of the model that staff changed."""
        return [name for name in self.changed_data if name in GameForm.Meta.fields]

    @property
    def changes_rules(self) -> bool:
        """Whether the settings differ from the game's."""
        return self.rules != self.instance.rules


def prefixed(rules: Settings) -> dict[str, Any]:
    """Settings as JSON, by the names of their form fields."""
    values = rules.model_dump(mode="json").items()
    return {PREFIX + name: value for name, value in values}


def is_setting(name: str) -> bool:
    return name.startswith(PREFIX)


@cache
def form_for(kind: str) -> type[GameForm]:
    """The form for games of this kind; `KeyError` if there is no such kind."""
    its_kind = kind_named(kind)
    fields = fields_of(its_kind.Settings).items()
    attributes = {PREFIX + name: field for name, field in fields}
    name = f"{its_kind.name.title()}GameForm"
    return type(name, (GameForm,), {"kind": its_kind, **attributes})


def setting_names(kind: str) -> list[str]:
    """The names of the form fields of a kind's settings."""
    return [PREFIX + name for name in fields_of(kind_named(kind).Settings)]
