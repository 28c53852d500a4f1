"""The list of check-ins, read-only."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from checkins.admin.export import ExportAdmin
from checkins.award_codes import annotate_codes
from checkins.exports import CHECKINS
from checkins.models import CheckIn
from games.admin.listing import RelatedUsedFilter


@admin.register(CheckIn)
class CheckInAdmin(ExportAdmin):
    table = CHECKINS
    list_display = (
        *("player", "game", "date", "day", "run"),
        *("is_made_up", "coins", "code"),
    )
    list_filter = (
        ("game", RelatedUsedFilter),
        "date",
        "made_up",
        "completes",
    )
    list_select_related = ("game", "player")
    search_fields = ("player__name",)
    date_hierarchy = "date"
    fields = readonly_fields = (*list_display, "completes", "at")

    def add_to_rows(self, rows: list[Any]) -> None:
        annotate_codes(rows)

    def get_object(self, *args: Any, **kwargs: Any) -> CheckIn | None:
        check_in = super().get_object(*args, **kwargs)
        annotate_codes([check_in] if check_in else [])
        return check_in

    @admin.display(description=_("made up"), ordering="made_up")
    def is_made_up(self, row: CheckIn) -> str:
        return gettext("yes") if row.made_up else ""

    @admin.display(description=_("code"))
    def code(self, row: Any) -> str:
        return " · ".join(filter(None, (row.day_code, row.all_days_code))) or "–"
