"""API tokens: staff make them, see them once, and revoke them."""

from typing import ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.refusals import Refused
from users.admin.base import GivingAdmin, staff_of
from users.models import ApiToken, Player
from users.models.token import check_may_speak_for


class TokenForm(ModelForm):
    """A token for oneself, or for a player whom one may manage."""

    by: ClassVar[Player]

    def clean_player(self) -> Player:
        player: Player = self.cleaned_data["player"]
        try:
            check_may_speak_for(self.by, player)
        except Refused as refused:
            raise ValidationError(str(refused.detail), code=refused.code) from refused
        return player


@admin.register(ApiToken)
class ApiTokenAdmin(GivingAdmin):
    """Once made, a token can only be revoked."""

    staff_may = frozenset({"add"})
    form = TokenForm
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
        by = staff_of(request)
        token, text = ApiToken.objects.issue(obj.player, obj.name, obj.scope, by)
        obj.__dict__.update(token.__dict__)
        note = _("Copy the token now. It is shown only once: %(token)s")
        messages.warning(request, note % {"token": text})

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        try:
            for token in tokens.select_related("player"):
                token.revoke(staff_of(request))
        except Refused as refused:
            messages.error(request, f"{token}: {refused.detail}")
        else:
            messages.success(request, _("Revoked."))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Revoking is the only change, so it needs the permission to change."""
        return request.user.has_perm("users.change_apitoken")
