"""Codes that players earned while there were none: importing codes pays them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from games.admin.listing import RelatedUsedFilter
from games.models import Owed
from users.admin.base import StaffAdmin


@admin.register(Owed)
class OwedAdmin(StaffAdmin):
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
    def owed_to(self, owed: Owed) -> str:
        return owed.player.name

    @admin.display(description=gettext_lazy("pool"), ordering="pool")
    def of_pool(self, owed: Owed) -> str:
        return owed.pool.name

    @admin.display(description=gettext_lazy("game"), ordering="pool__game")
    def game(self, owed: Owed) -> str:
        return owed.pool.game.title

    @admin.display(description=gettext_lazy("since"), ordering="since")
    def owed_since(self, owed: Owed) -> Any:
        return owed.since

    @admin.display(description=gettext_lazy("codes"))
    def import_link(self, owed: Owed) -> SafeString:
        url = reverse("admin:games_game_import", args=[owed.pool_id])
        return format_html('<a href="{}">{}</a>', url, _("Import codes"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
