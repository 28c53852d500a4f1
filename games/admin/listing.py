"""The list of games."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.admin.lists import AnnotatedList
from core.calendars import written
from games.extensions import registry
from games.kinds import kinds
from games.models import Game
from games.stock import Stock, stock_by
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
    """Narrows by a link also where there is nothing to choose between: Django would
    then show everything, such as another game's."""

    def has_output(self) -> bool:
        return bool(self.lookup_val) or super().has_output()


class GameList(AnnotatedList):
    """Shows for each game how many players answered, and its stock of codes."""

    def annotate(self, rows: list[Any]) -> None:
        by_id: dict[int, Any] = {game.pk: game for game in rows}
        answered, stock = registry.counts(by_id), stock_by("pool__game", by_id)
        for pk, game in by_id.items():
            game.answered = answered.get(pk, {}).get("answered", 0)
            game.stock = stock.get(pk, Stock())


def short(moment: datetime | None) -> str:
    """Without a line break inside the date: the column is narrow."""
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

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return GameList

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
