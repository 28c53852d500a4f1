"""Staff forms that never undo what somebody else saved since the form was opened."""

import hashlib
import json
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.core.files import File
from django.db.models import Model
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core.admin.asking import Question
from core.admin.words import Differing, differing
from core.calendars import written

OPENED = "opened"
KEEP = "keep_theirs"  # form field: keep what others changed
FAR = timedelta(days=366)  # later dates must be confirmed


class Overtaken(Exception):
    """The row was changed or deleted since this request read it."""


class StaffForm(forms.ModelForm):
    """A three-way merge of what the form showed, what staff sent, and the current row.

    The hidden field `opened` has a digest of each value shown. A field that staff left
    unchanged isn't written. A field that both changed needs a confirmation. Without
    `opened`, the form is taken to have shown the current values.
    """

    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.edits: list[str] | None = None  # names; set by `clean`
        self.overtaken: list[Differing] = []

    @cached_property
    def now(self) -> dict[str, Any]:
        """The current values of the fields that staff can change, by name."""
        own = (name for name in self.fields if name in self.base_fields)
        names = (name for name in own if not self.fields[name].disabled)
        return {name: self.initial.get(name) for name in names if name != OPENED}

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        if field_name == OPENED:
            return json.dumps(digests(self.now)) if self.instance.pk else ""
        return super().get_initial_for_field(field, field_name)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.edits = []
        self.merge(cleaned, {name: self.now[name] for name in self.single_fields()})
        return cleaned

    def single_fields(self) -> list[str]:
        """The names of the fields that are merged one by one."""
        return list(self.now)

    def merge(self, mine: MutableMapping[str, Any], now: Mapping[str, Any]) -> None:
        """Take from `now` what staff left unchanged; record what they changed."""
        assert self.edits is not None
        shown = self.shown()
        for name in [name for name in now if name in mine]:
            sent, current = digest(mine[name]), digest(now[name])
            before = shown.get(name, current)
            if sent == current:
                continue
            if sent == before or (before != current and KEEP in self.data):
                mine[name] = self.cleaned(name, now[name])
                continue
            self.edits.append(name)
            if before != current:
                values = self.cleaned(name, now[name]), mine[name]
                self.overtaken.append(differing(self.fields[name], *values))

    def shown(self) -> Mapping[str, str]:
        """By field name, the digests of what the form showed when it was opened."""
        if not self.instance.pk:
            return {}
        try:
            opened = json.loads(self.cleaned_data.get(OPENED) or "{}")
        except (ValueError, RecursionError):
            return {}
        return opened if isinstance(opened, dict) else {}

    def cleaned(self, name: str, value: Any) -> Any:
        """A current value in the form that `cleaned_data` has."""
        field = self.fields[name]
        if isinstance(field, forms.ModelMultipleChoiceField):
            chosen = [row.pk for row in value or ()]
            return field.clean(chosen)
        if isinstance(field, forms.ModelChoiceField):
            return getattr(self.instance, name)
        return value

    @property
    def changed_data(self) -> list[str]:
        """The names of the fields that staff changed and that will be written."""
        if self.edits is not None:
            return [name for name in self.fields if name in self.edits]
        return [name for name in super().changed_data if name != OPENED]

    def check_current(self, row: Model) -> None:
        """Raise `Overtaken` if the row has changed since this form read it."""
        if digests(type(self)(instance=row).now) != digests(self.now):
            raise Overtaken

    def questions(self) -> list[Question]:
        """What staff must confirm before this is saved."""
        far = [Question(f"far: {text}", text) for text in self.far_dates()]
        return [*self.of_others(), *far]

    def of_others(self) -> Iterator[Question]:
        if self.overtaken:
            yield Question(
                digest([[field.label, *field.now] for field in self.overtaken]),
                _("Somebody else has changed this since you opened it."),
                yes=_("Save mine anyway"),
                template="admin/_overtaken.html",
                context={"overtaken": self.overtaken, "keep": KEEP},
            )

    def far_dates(self) -> Iterator[str]:
        latest = timezone.localdate() + FAR
        for name in self.edits or ():
            value = self.cleaned_data.get(name)
            if isinstance(value, date) and local_day(value) > latest:
                text = _("%(field)s: %(date)s is more than a year away.")
                label = capfirst(str(self.fields[name].label))
                yield text % {"field": label, "date": written(value)}


def local_day(value: date) -> date:
    return timezone.localdate(value) if isinstance(value, datetime) else value


def digests(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: digest(value) for name, value in values.items()}


def digest(value: Any) -> str:
    """A digest; equal for values that look the same in a form."""
    text = json.dumps(plain(value), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def plain(value: Any) -> Any:
    """A value as JSON, without what forms don't show, such as fractions of a second."""
    if value is None or value is False:
        return ""
    if isinstance(value, datetime):
        return value.replace(microsecond=0).astimezone(UTC).isoformat()
    if isinstance(value, str):
        return "\n".join(value.splitlines()).strip()
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, File):
        return value.name or ""
    if isinstance(value, Mapping) or not hasattr(value, "__iter__"):
        return value
    items = [plain(item) for item in value]
    # Chosen rows have no order.
    return sorted(items) if any(isinstance(item, Model) for item in value) else items
