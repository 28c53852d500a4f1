"""Groups of permissions."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group

from users.admin_base import StaffAdmin

admin.site.unregister(Group)


@admin.register(Group)
class StaffGroupAdmin(StaffAdmin, GroupAdmin):
    """Django's own, on our base."""
