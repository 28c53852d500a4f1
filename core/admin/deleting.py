"""Deleting several rows of a list: what stays is named, with the reason."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected as delete
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MAX_AT_ONCE = 1000  # rows, each of them named on the page that asks
MAX_NAMED = 10


@admin.action(
    permissions=["delete"],
    description=gettext_lazy("Delete selected %(verbose_name_plural)s"),
)
def delete_selected(
    modeladmin: Any, request: HttpRequest, queryset: QuerySet
) -> HttpResponse | None:
    """Django's, for the rows that may go. Staff are asked about those alone."""
    rows = list(queryset[: MAX_AT_ONCE + 1])
    if len(rows) > MAX_AT_ONCE:
        text = _("Nothing was deleted: choose at most %(most)d at a time.")
        messages.error(request, text % {"most": MAX_AT_ONCE})
        return None
    reasons = {row.pk: (row, modeladmin.reason_not_to_delete(row)) for row in rows}
    kept = [(row, why) for row, why in reasons.values() if why]
    tell(request, kept)
    if len(kept) == len(rows) or (kept and request.POST.get("post")):
        return None
    left = queryset.exclude(pk__in=[row.pk for row, _why in kept])
    response: HttpResponse | None = delete(modeladmin, request, left)
    return response


def tell(request: HttpRequest, kept: list[tuple[Any, Any]]) -> None:
    """Name what stays."""
    for row, why in kept[:MAX_NAMED]:
        messages.warning(request, f"“{row}”: {why}")
    if len(kept) > MAX_NAMED:
        text = _("%(count)d more can’t be deleted, for the same or another reason.")
        messages.warning(request, text % {"count": len(kept) - MAX_NAMED})
