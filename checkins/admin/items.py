"""The items of the shop."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checkins.forms import ItemForm
from checkins.models import Item
from games.admin.listing import RelatedUsedFilter, short
from games.models import Code
from games.models.prizes import NO_STOCK
from users.admin.base import StaffAdmin


@admin.register(Item)
class ItemAdmin(StaffAdmin):
    form = ItemForm
    list_display = (
        *("title", "game", "pool_name", "coins", "limit_per_player"),
        *("window", "stock", "hidden"),
    )
    list_filter = (("pool__game", RelatedUsedFilter), "hidden")
    list_select_related = ("pool__game",)
    search_fields = ("title", "pool__game__title")
    filled_by_links = ("pool",)
    fieldsets = (
        (None, {"fields": ("title", "pool", "picture")}),
        (None, {"fields": ("price", "limit", "opens_at", "closes_at", "hidden")}),
    )

    class Media:
        css = {"all": ("css/admin/games.css",)}

    def add_to_rows(self, rows: list[Any]) -> None:
        pools = {item.pool_id for item in rows}
        stock = Code.objects.filter(pool__in=pools).stock_by("pool")
        for item in rows:
            item.pool_stock = stock.get(item.pool_id, NO_STOCK)

    def save_model(
        self, request: HttpRequest, obj: Item, form: Any, change: bool
    ) -> None:
        self.confirm(request, form, change)
        obj.save_and_announce()

    def delete_model(self, request: HttpRequest, obj: Item) -> None:
        obj.discard()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        for item in queryset:
            item.discard()

    def reason_not_to_delete(self, obj: Item) -> Any:
        bought = obj.redemptions.exists()
        return _("It has been bought: hide it instead.") if bought else ""

    @admin.display(description=gettext_lazy("game"), ordering="pool__game__title")
    def game(self, item: Item) -> str:
        return item.pool.game.title

    @admin.display(description=gettext_lazy("pool"), ordering="pool__name")
    def pool_name(self, item: Item) -> str:
        return item.pool.name

    @admin.display(description=gettext_lazy("price"), ordering="price")
    def coins(self, item: Item) -> str:
        return f"{item.price:,}"

    @admin.display(description=gettext_lazy("limit"), ordering="limit")
    def limit_per_player(self, item: Item) -> int | None:
        return item.limit

    @admin.display(description=gettext_lazy("sold"), ordering="opens_at")
    def window(self, item: Item) -> str:
        if not item.opens_at and not item.closes_at:
            return _("always")
        return f"{short(item.opens_at)} – {short(item.closes_at)}"

    @admin.display(description=gettext_lazy("left / given"))
    def stock(self, item: Any) -> str:
        return f"{item.pool_stock.left:,} / {item.pool_stock.given:,}"
