"""Read-only lists that can be exported."""

from typing import ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from checkins.exports import Table, download
from users.admin.base import StaffAdmin


class ExportAdmin(StaffAdmin):
    staff_may = frozenset()
    table: ClassVar[Table]
    folded_search_field = "player__name_key"
    ordering = ("-pk",)
    show_full_result_count = False
    change_list_template = "admin/checkins/records.html"

    class Media:
        css: ClassVar = {"all": ("css/admin/games.css",)}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.export))
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", view, name=name), *super().get_urls()]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """All pages of the list as it is filtered, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("..")
        return download(request, self.table, rows)
