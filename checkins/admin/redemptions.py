"""The list of purchases, and the button that voids one."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from checkins.admin.export import ExportAdmin
from checkins.exports import REDEMPTIONS
from checkins.models import Redemption
from checkins.shop import void
from games.admin.listing import RelatedUsedFilter, short
from users.admin.base import staff_of


class VoidFilter(admin.SimpleListFilter):
    title = gettext_lazy("void")
    parameter_name = "void"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        valid = {"yes": False, "no": True}.get(self.value() or "")
        return queryset if valid is None else queryset.filter(refund__isnull=valid)


@admin.register(Redemption)
class RedemptionAdmin(ExportAdmin):
    table = REDEMPTIONS
    list_display = ("player", "item", "game", "code", "price", "time", "voided_by")
    list_filter = (
        VoidFilter,
        ("item", RelatedUsedFilter),
        ("item__pool__game", RelatedUsedFilter),
    )
    list_select_related = REDEMPTIONS.related
    search_fields = ("code__text", "player__name")
    date_hierarchy = "at"
    fields = readonly_fields = (*list_display, "void_since")
    change_form_template = "admin/checkins/redemption.html"

    def get_urls(self) -> list[URLPattern]:
        page = require_http_methods(["GET", "POST"])(self.void)
        view = self.admin_site.admin_view(page)
        name = "checkins_redemption_void"
        return [path("<int:pk>/void/", view, name=name), *super().get_urls()]

    def may_void(self, request: HttpRequest, redemption: Redemption) -> bool:
        """Voiding takes the permission to change, and gives coins."""
        codename = f"{self.opts.app_label}.change_{self.opts.model_name}"
        by = staff_of(request)
        return by.has_perm(codename) and by.may_pay(redemption.player)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        redemption: Redemption = kwargs["obj"]
        may_void = self.may_void(request, redemption) and not redemption.refund_id
        context["may_void"] = may_void
        return super().render_change_form(request, context, *args, **kwargs)

    def void(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks for confirmation; POST voids and refunds."""
        rows = Redemption.objects.select_related(*REDEMPTIONS.related)
        redemption = get_object_or_404(rows, pk=pk)
        if not self.may_void(request, redemption):
            raise PermissionDenied
        if request.method == "POST" or redemption.refund_id:
            return self.void_and_refund(request, redemption)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Void and refund"),
            "original": redemption,
            "price": self.price(redemption),
        }
        return TemplateResponse(request, "admin/checkins/void.html", context)

    def void_and_refund(
        self, request: HttpRequest, redemption: Redemption
    ) -> HttpResponse:
        text = _("Voided. %(coins)d coins were refunded.")
        text %= {"coins": self.price(redemption)}
        with transaction.atomic():
            done = void(redemption, staff_of(request), timezone.now())
            if done:
                self.log_change(request, redemption, text)
        if done:
            messages.success(request, text)
        else:
            messages.warning(request, _("Already voided. Nothing was changed."))
        return redirect("admin:checkins_redemption_change", redemption.pk)

    @admin.display(description=gettext_lazy("game"), ordering="item__pool__game__title")
    def game(self, redemption: Redemption) -> str:
        return redemption.item.pool.game.title

    @admin.display(description=gettext_lazy("price"), ordering="-payment__amount")
    def price(self, redemption: Redemption) -> int:
        return -redemption.payment.amount

    @admin.display(description=gettext_lazy("void since"))
    def void_since(self, redemption: Redemption) -> str:
        return short(redemption.refund.at if redemption.refund else None)

    @admin.display(description=gettext_lazy("time"), ordering="at")
    def time(self, redemption: Redemption) -> str:
        return short(redemption.at)
