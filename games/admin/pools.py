"""Pools of codes: a part of their game's page, and the page to import codes."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from games.admin.actions import Actions
from games.forms.codes import CodesForm
from games.imports import Report, import_codes
from games.models import Pool
from users.refusals import Refused


class PoolInline(admin.TabularInline):
    """A game's pools with their stock."""

    model = Pool
    extra = 0
    readonly_fields = ("stock", "import_link")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        given = Count("codes", filter=Q(codes__player__isnull=False))
        pools = super().get_queryset(request)
        return pools.annotate(in_all=Count("codes"), given=given)

    @admin.display(description=gettext_lazy("given / left / in all"))
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
        if pool.game.kind == "checkin":
            sell = f"{reverse('admin:checkins_item_add')}?pool={pool.pk}"
            links.append((sell, _("Sell in the shop")))
        return format_html_join(" · ", '<a href="{}">{}</a>', links)


class Imports(Actions):
    """The page to upload codes to."""

    def get_urls(self) -> list[URLPattern]:
        page = require_http_methods(["GET", "POST"])(self.import_page)
        view = self.admin_site.admin_view(page)
        return [
            path("pools/<int:pk>/import/", view, name="games_game_import"),
            *super().get_urls(),
        ]

    def import_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        pool = get_object_or_404(Pool.objects.select_related("game"), pk=pk)
        if not self.has_change_permission(request, pool.game):
            raise PermissionDenied
        posted = request.method == "POST"
        form = CodesForm(request.POST, request.FILES) if posted else CodesForm()
        report = self.take(request, pool, form) if form.is_valid() else None
        title = _("Import codes into “%(pool)s”") % {"pool": pool}
        context = {"pool": pool, "form": form, "report": report}
        context |= self.page_of(request, pool.game, title)
        return TemplateResponse(request, "admin/games/import.html", context)

    def take(self, request: HttpRequest, pool: Pool, form: CodesForm) -> Report | None:
        """Import what was uploaded, or say at the form why not."""
        try:
            report = import_codes(pool, form.cleaned_data["file"])
        except Refused as refused:
            form.add_error("file", str(refused.detail))
            return None
        text = _("Imported %(added)d codes into “%(pool)s”.")
        text %= {"added": report.added, "pool": pool}
        self.log_change(request, pool.game, text)
        return report
