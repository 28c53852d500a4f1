"""The staff side as a whole."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.urls import URLPattern, URLResolver

from users.admin_deleting import delete_selected


class StaffSite(AdminSite):
    """Django's, without the redirect to an object's page, which any staff may ask."""

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.add_action(delete_selected, "delete_selected")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        urls = super().get_urls()
        return [url for url in urls if getattr(url, "name", "") != "view_on_site"]


class StaffConfig(AdminConfig):
    default_site = "users.admin_site.StaffSite"
