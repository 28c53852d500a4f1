"""The form of a shop item."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminIntegerFieldWidget
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from checkins.models import Item
from core.admin.asking import Question
from core.admin.forms import StaffForm
from games.forms.pictures import PictureField
from games.models import Pool

MAX_NUMBER = 1_000_000


class PoolField(forms.ModelChoiceField):
    """Pools of check-in games: only these games have shops."""

    def __init__(self, **options: Any) -> None:
        pools = Pool.objects.filter(game__kind="checkin").select_related("game")
        super().__init__(pools.order_by("-game_id", "name"), **options)

    def label_from_instance(self, pool: Any) -> str:
        return f"{pool.game} — {pool}"


class ItemForm(StaffForm):
    pool = PoolField(
        label=_("Pool of codes"),
        help_text=_("The item is sold in the shop of the pool's game."),
    )
    picture = PictureField(label=_("Picture"), required=False)
    price = forms.IntegerField(
        label=_("Price in coins"),
        min_value=1,
        max_value=MAX_NUMBER,
        widget=AdminIntegerFieldWidget,
    )
    limit = forms.IntegerField(
        label=_("Limit per player"),
        min_value=1,
        max_value=MAX_NUMBER,
        required=False,
        widget=AdminIntegerFieldWidget,
        help_text=_("Empty: no limit."),
    )

    class Meta:
        model = Item
        fields = (
            *("title", "pool", "picture", "price", "limit"),
            *("opens_at", "closes_at", "hidden"),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("The sale must end after it begins."))
        return cleaned

    def questions(self) -> list[Question]:
        text = gettext("The sale is over as soon as you save.")
        ending = [Question(text, text)] if self.ends_sale() else []
        return [*super().questions(), *ending]

    def ends_sale(self) -> bool:
        if "closes_at" not in self.changed_data:
            return False
        closes = self.cleaned_data["closes_at"]
        return closes is not None and closes <= timezone.now()
