"""The admin of prize codes: read all, delete those that nobody has."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from games.admin.listing import RelatedUsedFilter
from games.models import Code, Game
from users.admin.base import StaffAdmin


class GivenFilter(admin.SimpleListFilter):
    title = _("given")
    parameter_name = "given"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Given")), ("no", _("Left"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        free = {"yes": False, "no": True}.get(self.value() or "")
        return queryset if free is None else queryset.filter(player__isnull=free)


def count_neighbours(codes: Iterable[Any]) -> None:
    """Set how many players won in the game from the network of each code."""
    codes = list(codes)
    games = {code.pool.game_id for code in codes if code.address}
    addresses = {code.address for code in codes if code.address}
    rows = Code.objects.filter(pool__game__in=games, address__in=addresses)
    counted = rows.values_list("address").annotate(Count("player", distinct=True))
    winners = dict(counted) if addresses else {}
    for code in codes:
        code.neighbours = winners.get(code.address, 0) if code.address else 0


class RepeatFilter(admin.SimpleListFilter):
    title = _("in another pool too")
    parameter_name = "repeat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("accepted", _("Yes, accepted by staff")),
            ("unasked", _("Yes, not accepted yet")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "accepted":
            return queryset.filter(repeat__gt=0)
        return queryset.filter(repeat__lt=0) if self.value() else queryset


@admin.register(Code)
class CodeAdmin(StaffAdmin):
    staff_may = frozenset({"delete"})
    actions = ("accept",)
    list_display = (
        *("shown_text", "pool", "game", "player", "given_at"),
        "winners_there",
    )
    list_filter = (
        GivenFilter,
        RepeatFilter,
        ("pool__game", RelatedUsedFilter),
        ("pool", RelatedUsedFilter),
    )
    list_select_related = ("pool__game", "player")
    search_fields = ("text", "player__name")
    folded_search_field = "player__name_key"
    linked_by = ("player", "address")
    show_full_result_count = False
    fields = readonly_fields = list_display

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("games.change_game")

    def may_see_free(self, request: HttpRequest) -> bool:
        """A free code is worth its prize: only staff who may import see it."""
        return self.has_import_permission(request)

    def get_list_display(self, request: HttpRequest) -> Any:
        if self.may_see_free(request):
            return ("text", *self.list_display[1:])
        return self.list_display

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_list_display(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_list_display(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if search_term and not self.may_see_free(request):
            queryset = queryset.exclude(player=None)
        return super().get_search_results(request, queryset, search_term)

    def add_to_rows(self, rows: list[Any]) -> None:
        count_neighbours(rows)

    def get_object(self, *args: Any, **kwargs: Any) -> Code | None:
        code = super().get_object(*args, **kwargs)
        count_neighbours([code] if code else [])
        return code

    @admin.display(description=_("winners in the same network"))
    def winners_there(self, code: Any) -> Any:
        """How many players won from this network; a link if there are several."""
        if code.neighbours < 2:
            return code.neighbours or "–"
        url = f"{reverse('admin:games_code_changelist')}?address__exact={code.address}"
        return format_html('<a href="{}">{}</a>', url, code.neighbours)

    @admin.action(
        description=_("Accept codes that are in another pool too"),
        permissions=["import"],
    )
    def accept(self, request: HttpRequest, queryset: QuerySet) -> None:
        with transaction.atomic():
            for code in queryset.filter(repeat__lt=0):
                self.log_change(
                    request,
                    code,
                    gettext("Accepted, although it is in another pool too."),
                )
            count = Code.objects.filter(pk__in=queryset.values("pk")).accept()
        text = ngettext(
            "%(count)d code that is in another pool too was accepted.",
            "%(count)d codes that are in another pool too were accepted.",
            count,
        )
        messages.success(request, text % {"count": count})

    @admin.display(description=_("code"))
    def shown_text(self, code: Code) -> str:
        return code.text if code.player_id else "••••••"

    @admin.display(description=_("game"), ordering="pool__game")
    def game(self, code: Code) -> str:
        return code.pool.game.title

    def reason_not_to_delete(self, obj: Code) -> Any:
        given = obj.player_id is not None
        return _("It was given to a player, so it can’t be deleted.") if given else ""

    def delete_model(self, request: HttpRequest, obj: Code) -> None:
        self.delete_queryset(request, Code.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        # A code that was given since the page was shown stays.
        chosen = Code.objects.unclaimed().filter(pk__in=queryset.values("pk"))
        with transaction.atomic():
            pools = set(chosen.values_list("pool", flat=True))
            chosen.delete()
            # If these were the last codes, players must learn that it is sold out.
            for game in Game.objects.published().filter(pools__in=pools).distinct():
                game.announce()
