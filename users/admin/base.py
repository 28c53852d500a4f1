"""The base classes of the admin."""

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
MAX_TRIES = 3  # to save a form while others save the same row


@contextmanager
def refusing_lookups() -> Iterator[None]:
    """Refuse a lookup that the list doesn't offer, as bad input."""
    try:
        yield
    except (DisallowedModelAdminLookup, DisallowedModelAdminToField) as error:
        raise Refused("invalid", _("This list has no such filter.")) from error


def staff_of(request: HttpRequest) -> Player:
    """The member of staff who sent the request."""
    assert isinstance(request.user, Player)
    return request.user


class StaffList(ChangeList):
    """One page of a list, with what the admin adds to its rows."""

    model_admin: "StaffAdmin"

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.model_admin.add_to_rows(self.result_list)


class StaffAdmin(admin.ModelAdmin):
    """The base of every ModelAdmin. It checks lookups, searches and ids first."""

    # What staff with the permission may do; all others are refused it.
    staff_may: ClassVar[frozenset[str]] = frozenset({"add", "change", "delete"})
    # Relations by which our own links filter this list, besides `list_filter`.
    linked_by: ClassVar[tuple[str, ...]] = ()
    # Fields of an empty form that our own links fill in.
    filled_by_links: ClassVar[tuple[str, ...]] = ()
    # The column with the normalized key of a name, for searches.
    folded_search_field: ClassVar[str] = ""
    # Django's redirect to a page of the site checks no permission.
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
            raise IncorrectLookupParameters  # Django then shows the whole list
        return check is not None

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return to_field in ("pk", self.opts.pk.name)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        # Django passes an empty field name if the address has an empty one.
        return super().get_object(request, object_id, from_field or None)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        with refusing_lookups():
            return super().get_changelist_instance(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StaffList

    def add_to_rows(self, rows: list[Any]) -> None:
        """Set what the list shows beside the columns, for all rows of a page at once.

        So a page takes the same few statements, however many rows it has.
        """

    # Permissions

    def has_add_permission(self, request: HttpRequest) -> bool:
        return "add" in self.staff_may and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return "change" in self.staff_may and allowed

    # Saving

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            with refusing_lookups():
                return self.try_form(request, *args, **kwargs)
        except asking.Unconfirmed as asked:
            return asking.page(request, asked, self.asking(request, asked.form))

    def try_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Django's view, run again if somebody else saved meanwhile."""
        for _try in range(MAX_TRIES):
            try:
                return super().changeform_view(request, *args, **kwargs)
            except Overtaken:
                uploads: Any = request.FILES.values()
                for upload in uploads:
                    upload.seek(0)
        raise Refused("unavailable", retry_after=1)

    def asking(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        """The context of a page that asks about this form."""
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
        """Lock the row; `Unconfirmed` if the form has a question without a yes."""
        if change:
            self.lock_row(form)
        asking.ask(request, form, form.questions())

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        rows = [row for formset in formsets for row in formset.initial_forms]
        questions = [question for row in rows for question in row.questions()]
        asking.ask(request, form, questions)
        super().save_related(request, form, formsets, change)

    def lock_row(self, form: StaffForm, *, no_key: bool = True) -> Any:
        """The current row, locked until this request's transaction ends.

        With `no_key` only other staff wait: players may still refer to the row.
        Raises `Overtaken` if the row has changed since the form was checked.
        """
        rows = self.model._default_manager.select_for_update(no_key=no_key)
        row = rows.filter(pk=form.instance.pk).first()
        if row is None:
            raise Overtaken
        form.check_current(row)
        return row

    # Deleting

    def reason_not_to_delete(self, obj: Any) -> Any:
        """Why nobody may delete it; empty if they may."""
        return ""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if "delete" not in self.staff_may:
            return False
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not self.reason_not_to_delete(obj))

    def delete_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> Any:
        with refusing_lookups():
            row = self.get_object(request, object_id)
            may = row and super().has_delete_permission(request, row)
            if may and (why := self.reason_not_to_delete(row)):
                raise Refused("forbidden", why)
            return super().delete_view(request, object_id, *args, **kwargs)

    def get_ordering(self, request: HttpRequest) -> Any:
        # Autocomplete has pages too, which need an order.
        return self.ordering or self.opts.ordering or ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if len(search_term) > MAX_SEARCH_LENGTH or "\x00" in search_term:
            return queryset.none(), False
        rows, duplicates = super().get_search_results(request, queryset, search_term)
        key = normalize_key(search_term) if self.folded_search_field else ""
        if key:
            by_name = Q(**{f"{self.folded_search_field}__contains": key})
            rows = queryset.filter(by_name | Q(pk__in=rows.values("pk")))
        return rows, duplicates

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From the query string, only fields that our own links fill in."""
        texts = {name: request.GET.get(name, "") for name in self.filled_by_links}
        return {name: text for name, text in texts.items() if self.can_fill(name, text)}

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
    """For rows that staff make for players: the form knows the maker, as `by`."""

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.by = staff_of(request)  # type: ignore[attr-defined]
        return form
