"""What every page of the staff side obeys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.exceptions import (
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
)
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core.admin import asking
from core.admin.dates import DayField, Moment, MomentField, SingleDay
from core.admin.forms import Overtaken, StaffForm
from core.admin.lookups import fits, lookups_of
from core.refusals import Refused
from users.models import Player
from users.names import normalize_key

MAX_SEARCH_LENGTH = 200  # characters
MAX_TRIES = 3  # at a form that others keep overtaking


@contextmanager
def refusing_lookups() -> Iterator[None]:
    """Answer a look-up that isn't on the list as bad input, with a page of ours."""
    try:
        yield
    except (DisallowedModelAdminLookup, DisallowedModelAdminToField) as error:
        raise Refused("invalid", _("This list has no such filter.")) from error


def staff_of(request: HttpRequest) -> Player:
    """The member of staff who asks."""
    assert isinstance(request.user, Player)
    return request.user


class StaffAdmin(admin.ModelAdmin):
    """The base of every ModelAdmin: look-ups, searches and ids are checked first."""

    # Besides `list_filter`: relations by which links of ours narrow this list.
    linked_by: ClassVar[tuple[str, ...]] = ()
    # Fields of an empty form that links of ours fill in.
    filled_by_links: ClassVar[tuple[str, ...]] = ()
    # Where a name's key stands, to find it however it is cased or spaced.
    folded_search_field: ClassVar[str] = ""
    # Django's redirect to a page of the site asks for no permission.
    view_on_site = False
    form: type[ModelForm] = StaffForm
    formfield_overrides: ClassVar[Any] = {
        models.DateField: {"form_class": DayField, "widget": SingleDay},
        models.DateTimeField: {"form_class": MomentField, "widget": Moment},
    }

    def lookup_allowed(
        self, lookup: str, value: str, request: HttpRequest | None = None
    ) -> bool:
        assert request is not None
        check = lookups_of(self, request).get(lookup)
        if check and not check(value):
            raise IncorrectLookupParameters  # which leads back to the whole list
        return check is not None

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return to_field in ("pk", self.opts.pk.name)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        # Django asks for a field of no name where the address leaves it empty.
        return super().get_object(request, object_id, from_field or None)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        with refusing_lookups():
            return super().get_changelist_instance(request)

    # Saving

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            with refusing_lookups():
                return self.try_form(request, *args, **kwargs)
        except asking.Unconfirmed as asked:
            return asking.page(request, asked, self.asking(request, asked.form))

    def try_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Django's view, again where another saved in the middle of it."""
        for _try in range(MAX_TRIES):
            try:
                return super().changeform_view(request, *args, **kwargs)
            except Overtaken:
                uploads: Any = request.FILES.values()
                for upload in uploads:
                    upload.seek(0)
        raise Refused("unavailable", retry_after=1)

    def asking(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        """What a page that asks about this form needs."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": self.model._default_manager.filter(pk=form.instance.pk).first(),
            "media": self.media,
        }

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        self.confirm(request, form, change)
        super().save_model(request, obj, form, change)

    def confirm(self, request: HttpRequest, form: StaffForm, change: bool) -> None:
        """Hold the row, and go on if nothing is to be asked or staff have said yes."""
        if change:
            self.hold(form)
        asking.ask(request, form, form.questions())

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        rows = [one for formset in formsets for one in formset.initial_forms]
        asked = [question for row in rows for question in row.questions()]
        asking.ask(request, form, asked)
        super().save_related(request, form, formsets, change)

    def hold(self, form: StaffForm, *, no_key: bool = True) -> Any:
        """The row as it is now, locked to the end of this request's transaction.

        With `no_key` other staff wait, and what players do may refer to it meanwhile.
        `Overtaken` where it isn't as the form was checked against.
        """
        rows = self.model._default_manager.select_for_update(no_key=no_key)
        row = rows.filter(pk=form.instance.pk).first()
        if row is None:
            raise Overtaken
        form.check_current(row)
        return row

    # Deleting

    def why_kept(self, obj: Any) -> Any:
        """Why it is not deleted, whoever asks; empty where nothing is in the way."""
        return ""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not self.why_kept(obj))

    def delete_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> Any:
        with refusing_lookups():
            found = self.get_object(request, object_id)
            may = found and super().has_delete_permission(request, found)
            if may and (why := self.why_kept(found)):
                raise Refused("forbidden", why)
            return super().delete_view(request, object_id, *args, **kwargs)

    def get_ordering(self, request: HttpRequest) -> Any:
        # Autocomplete turns pages over the same rows, and they need an order too.
        return self.ordering or self.opts.ordering or ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if len(search_term) > MAX_SEARCH_LENGTH or "\x00" in search_term:
            return queryset.none(), False
        found, duplicates = super().get_search_results(request, queryset, search_term)
        key = normalize_key(search_term) if self.folded_search_field else ""
        if key:
            by_name = Q(**{f"{self.folded_search_field}__contains": key})
            found = queryset.filter(by_name | Q(pk__in=found.values("pk")))
        return found, duplicates

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Of a query string only what links of ours say."""
        said = {name: request.GET.get(name, "") for name in self.filled_by_links}
        return {name: text for name, text in said.items() if self.can_fill(name, text)}

    def can_fill(self, name: str, text: str) -> bool:
        field: Any = self.opts.get_field(name)
        return fits(field.target_field if field.is_relation else field)(text)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet, *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(map(fits(self.opts.pk), chosen)):
            raise Refused("invalid", field=ACTION_CHECKBOX_NAME)
        return super().response_action(request, queryset, *args, **kwargs)


class GivingAdmin(StaffAdmin):
    """For what staff give: its form knows who gives, as `by`."""

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.by = staff_of(request)  # type: ignore[attr-defined]
        return form
