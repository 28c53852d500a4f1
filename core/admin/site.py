"""The admin site."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver

from core.admin.deleting import delete_selected


class StaffSite(AdminSite):
    """Django's site without `view_on_site`, which is open to staff without rights."""

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.add_action(delete_selected, "delete_selected")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        urls = super().get_urls()
        return [url for url in urls if getattr(url, "name", "") != "view_on_site"]

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Sign out on POST only: a link alone signs nobody out."""
        if request.method != "POST":
            return redirect("admin:index")
        return super().logout(request, extra_context)


class StaffConfig(AdminConfig):
    default_site = "core.admin.site.StaffSite"
