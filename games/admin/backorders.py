"""Backorders, read only: the next import of codes fills them."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from games.admin.listing import RelatedUsedFilter
from games.models import Backorder
from users.admin.base import StaffAdmin


@admin.register(Backorder)
class BackorderAdmin(StaffAdmin):
    staff_may = frozenset()
    list_display = ("owed_to", "of_pool", "game", "owed_since", "import_link")
    list_display_links = None
    list_filter = (
        ("pool__game", RelatedUsedFilter),
        ("pool", RelatedUsedFilter),
    )
    list_select_related = ("pool__game", "player")
    search_fields = ("player__name",)
    folded_search_field = "player__name_key"
    ordering = ("pk",)
    show_full_result_count = False

    @admin.display(description=gettext_lazy("player"), ordering="player__name")
    def owed_to(self, backorder: Backorder) -> str:
        return backorder.player.name

    @admin.display(description=gettext_lazy("pool"), ordering="pool")
    def of_pool(self, backorder: Backorder) -> str:
        return backorder.pool.name

    @admin.display(description=gettext_lazy("game"), ordering="pool__game")
    def game(self, backorder: Backorder) -> str:
        return backorder.pool.game.title

    @admin.display(description=gettext_lazy("since"), ordering="since")
    def owed_since(self, backorder: Backorder) -> Any:
        return backorder.since

    @admin.display(description=gettext_lazy("codes"))
    def import_link(self, backorder: Backorder) -> SafeString:
        url = reverse("admin:games_game_import", args=[backorder.pool_id])
        return format_html('<a href="{}">{}</a>', url, _("Import codes"))
