"""Parts of admin lists: read-only permissions, and rows annotated page by page."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest


class ReadOnly:
    """A mixin of an admin: nobody adds, changes or deletes its rows."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AnnotatedList(ChangeList):
    """A list whose rows are annotated together, in a few statements per page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.annotate(self.result_list)

    def annotate(self, rows: list[Any]) -> None:
        raise NotImplementedError
