"""The list of check-ins, read-only."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from checkins.admin.records import ReadOnlyAdmin
from checkins.award_codes import annotate_codes
from checkins.exports import CHECKINS
from checkins.models import CheckIn
from games.admin.listing import RelatedUsedFilter


class CheckInList(ChangeList):
    """Loads the codes of all check-ins on the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        annotate_codes(self.result_list)


@admin.register(CheckIn)
class CheckInAdmin(ReadOnlyAdmin):
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

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CheckInList

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
