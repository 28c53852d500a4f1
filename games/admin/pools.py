"""The pools of codes on a game's page."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.forms import StaffForm
from games.models import Pool


class PoolInline(admin.TabularInline):
    """A game's pools with their stock."""

    model = Pool
    extra = 0
    form = StaffForm
    readonly_fields = ("stock", "import_link")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        given = Count("codes", filter=Q(codes__player__isnull=False))
        pools = super().get_queryset(request)
        return pools.annotate(in_all=Count("codes"), given=given)

    @admin.display(description=gettext_lazy("given / left / total"))
    def stock(self, pool: Any) -> str:
        if pool.pk is None:
            return "–"
        left = pool.in_all - pool.given
        return f"{pool.given:,} / {left:,} / {pool.in_all:,}"

    @admin.display(description=gettext_lazy("codes"))
    def import_link(self, pool: Pool) -> SafeString | str:
        if pool.pk is None:
            return _("Save first, then import codes.")
        codes = reverse("admin:games_code_changelist")
        links = [
            (reverse("admin:games_game_import", args=[pool.pk]), _("Import codes")),
            (f"{codes}?pool__id__exact={pool.pk}", _("Show codes")),
        ]
        if pool.game.of_kind.takes_check_ins:
            sell = f"{reverse('admin:checkins_item_add')}?pool={pool.pk}"
            links.append((sell, _("Sell in the shop")))
        return format_html_join(" · ", '<a href="{}">{}</a>', links)
