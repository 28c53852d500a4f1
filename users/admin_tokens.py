"""API tokens: made and revoked by staff, shown once."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _

from users.admin_base import StaffAdmin
from users.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(StaffAdmin):
    """A token is made here and can then only be revoked."""

    list_display = ("name", "player", "scope", "created_at", "revoked_at")
    list_filter = ("scope", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "player__name")
    list_select_related = ("player",)
    autocomplete_fields = ("player",)
    fields = ("player", "name", "scope")
    actions = ("revoke",)

    def save_model(
        self, request: HttpRequest, obj: ApiToken, form: ModelForm, change: bool
    ) -> None:
        token, text = ApiToken.objects.issue(obj.player, obj.name, obj.scope)
        obj.__dict__.update(token.__dict__)
        told = _("The token, shown this once: %(token)s") % {"token": text}
        messages.warning(request, told)

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        for token in tokens:
            token.revoke()
        messages.success(request, _("Revoked."))

    def get_readonly_fields(
        self, request: HttpRequest, obj: ApiToken | None = None
    ) -> Any:
        return self.fields if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
