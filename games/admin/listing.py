"""The list of games, with counts and filters."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.calendars import written
from games.extensions import registry
from games.kinds import kinds
from games.models import Code, Game
from games.models.prizes import NO_STOCK
from users.admin.base import StaffAdmin

NO_BREAK = "\N{NO-BREAK SPACE}"


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, kind.label) for name, kind in kinds().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class RelatedUsedFilter(admin.RelatedOnlyFieldListFilter):
    """Filters by a link even if there is only one value to choose.

    Django would then ignore the link and show everything, such as another game's rows.
    """

    def has_output(self) -> bool:
        return bool(self.lookup_val) or super().has_output()


def add_counts(games: list[Any]) -> None:
    """Set how many players answered each game, and its stock of codes."""
    by_id = {game.pk: game for game in games}
    answered = registry.counts(by_id)
    stock = Code.objects.filter(pool__game__in=by_id).stock_by("pool__game")
    for pk, game in by_id.items():
        game.answered = answered.get(pk, {}).get("answered", 0)
        game.stock = stock.get(pk, NO_STOCK)


def short(moment: datetime | None) -> str:
    """The time, without a line break inside the date, for a narrow column."""
    if moment is None:
        return "–"
    day, time = written(moment).rsplit(" ", 1)
    return f"{day.replace(' ', NO_BREAK)} {time}"


class Listing(StaffAdmin):
    """The columns, filters and search of the list."""

    list_display = (
        *("title", "kind_label", "state_chip", "opens", "closes"),
        *("players_answered", "codes"),
    )
    list_filter = ("state", KindFilter, "access")
    search_fields = ("title", "slug")
    list_per_page = 50
    show_full_result_count = False

    def add_to_rows(self, rows: list[Any]) -> None:
        add_counts(rows)

    @admin.display(description=_("kind"), ordering="kind")
    def kind_label(self, game: Game) -> Any:
        return game.of_kind.label

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, game: Game) -> SafeString:
        state = game.get_state_display()
        return format_html('<span class="chip chip-{}">{}</span>', game.state, state)

    @admin.display(description=_("opens"), ordering="opens_at")
    def opens(self, game: Game) -> str:
        return short(game.opens_at)

    @admin.display(description=_("closes"), ordering="closes_at")
    def closes(self, game: Game) -> str:
        return short(game.closes_at)

    @admin.display(description=_("answered"))
    def players_answered(self, game: Any) -> str:
        return f"{game.answered:,}"

    @admin.display(description=_("codes left"))
    def codes(self, game: Any) -> str:
        if not game.stock.total:
            return "–"
        return f"{game.stock.left:,} / {game.stock.total:,}"
