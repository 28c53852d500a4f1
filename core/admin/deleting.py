"""Deletes selected rows; rows that can't be deleted are named with the reason."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected as delete
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MAX_AT_ONCE = 1000  # rows: the confirmation page names each
MAX_NAMED = 10


@admin.action(
    permissions=["delete"],
    description=gettext_lazy("Delete selected %(verbose_name_plural)s"),
)
def delete_selected(
    modeladmin: Any, request: HttpRequest, queryset: QuerySet
) -> HttpResponse | None:
    """Django's action, asked and carried out only for the rows that may be deleted."""
    rows = list(queryset[: MAX_AT_ONCE + 1])
    if len(rows) > MAX_AT_ONCE:
        text = _("Nothing was deleted: choose at most %(most)d at a time.")
        messages.error(request, text % {"most": MAX_AT_ONCE})
        return None
    reasons = {row.pk: (row, modeladmin.reason_not_to_delete(row)) for row in rows}
    refused = [(row, why) for row, why in reasons.values() if why]
    warn(request, refused)
    if len(refused) == len(rows) or (refused and request.POST.get("post")):
        return None
    deletable = queryset.exclude(pk__in=[row.pk for row, _why in refused])
    response: HttpResponse | None = delete(modeladmin, request, deletable)
    return response


def warn(request: HttpRequest, refused: list[tuple[Any, Any]]) -> None:
    """Name the rows that can't be deleted, each with its reason."""
    for row, why in refused[:MAX_NAMED]:
        messages.warning(request, f"“{row}”: {why}")
    if len(refused) > MAX_NAMED:
        text = _("%(count)d more can’t be deleted, for the same or another reason.")
        messages.warning(request, text % {"count": len(refused) - MAX_NAMED})
