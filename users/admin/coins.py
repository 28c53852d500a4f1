"""The coin ledger. Staff read it, and give or take coins by hand."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from users.admin.base import GivingAdmin, staff_of
from users.models import CoinEntry, Player
from users.models.coins import check_may_pay

MAX_COINS = 1_000_000


class CoinsForm(ModelForm):
    """Give coins, or take some with a negative amount."""

    by: ClassVar[Player]

    class Meta:
        model = CoinEntry
        fields = ("player", "amount", "refers_to")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields.get("refers_to")
        if reason:  # missing where the entry is only shown
            reason.label, reason.required = _("Why"), True

    def clean_player(self) -> Player:
        player: Player = self.cleaned_data["player"]
        try:
            check_may_pay(self.by, player)
        except Refused as refused:
            raise ValidationError(str(refused.detail), code=refused.code) from refused
        return player

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        player = self.cleaned_data.get("player")
        if amount == 0 or abs(amount) > MAX_COINS:
            raise ValidationError(_("Give or take 1 to 1,000,000 coins."))
        if player and player.coins + amount < 0:
            text = _("The player has only %(coins)s coins.")
            raise ValidationError(text, params={"coins": f"{player.coins:,}"})
        return amount


@admin.register(CoinEntry)
class CoinEntryAdmin(GivingAdmin):
    """Read only, except that staff add entries to give or take coins."""

    staff_may = frozenset({"add"})
    form = CoinsForm
    fields = ("player", "amount", "reason", "refers_to", "by", "at")
    readonly_fields = ("reason", "by", "at")
    autocomplete_fields = ("player",)
    list_display = ("at", "player", "amount", "reason", "refers_to", "by")
    list_filter = ("reason",)
    list_select_related = ("player", "by")
    search_fields = ("player__name", "refers_to")
    folded_search_field = "player__name_key"
    linked_by = ("player",)
    date_hierarchy = "at"
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return CoinsForm.Meta.fields if obj is None else self.fields

    def save_model(
        self, request: HttpRequest, obj: CoinEntry, form: Any, change: bool
    ) -> None:
        by, now = staff_of(request), timezone.now()
        entry = CoinEntry.objects.adjust(
            obj.player_id, obj.amount, obj.refers_to, by, now
        )
        obj.pk = entry.pk
