"""Groups. Whoever changes one could give themselves any permission."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from users.admin.base import StaffAdmin, staff_of

admin.site.unregister(Group)


@admin.register(Group)
class StaffGroupAdmin(StaffAdmin, GroupAdmin):
    """Only superusers change groups, as with the permissions of one player."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return staff_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_of(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_of(request).is_superuser
