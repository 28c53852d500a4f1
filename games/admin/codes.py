"""Prize codes, for reading: a code given stays given."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from games.admin.listing import UsedFilter
from games.models import Code, Game
from users.admin_base import StaffAdmin


class GivenFilter(admin.SimpleListFilter):
    title = _("given")
    parameter_name = "given"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Given")), ("no", _("Left"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        free = {"yes": False, "no": True}.get(self.value() or "")
        return queryset if free is None else queryset.filter(player__isnull=free)


@admin.register(Code)
class CodeAdmin(StaffAdmin):
    list_display = ("text", "pool", "game", "player", "given_at")
    list_filter = (
        GivenFilter,
        ("pool__game", UsedFilter),
        ("pool", UsedFilter),
    )
    list_select_related = ("pool__game", "player")
    search_fields = ("text", "player__name")
    folded_search_field = "player__name_key"
    linked_by = ("player",)
    show_full_result_count = False
    fields = readonly_fields = list_display

    @admin.display(description=_("game"), ordering="pool__game")
    def game(self, code: Code) -> str:
        return code.pool.game.title

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.player_id is None)

    def delete_model(self, request: HttpRequest, obj: Code) -> None:
        self.delete_queryset(request, Code.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        # One may have been given since the page was shown: that one stays.
        chosen = Code.objects.unclaimed().filter(pk__in=queryset.values("pk"))
        with transaction.atomic():
            pools = set(chosen.values_list("pool", flat=True))
            chosen.delete()
            # The last ones may be gone: players must hear that it is sold out.
            for game in Game.objects.seen().filter(pools__in=pools).distinct():
                game.announce()
