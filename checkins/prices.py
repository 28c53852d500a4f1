"""A player pays the price that they saw, or nothing."""

from django.utils.translation import gettext_lazy as _

from core.refusals import Refused


def check_price(seen: int | None, price: int) -> None:
    """`Refused("invalid")`, with the current `price`, if the player saw another one."""
    if seen is not None and seen != price:
        raise Refused(
            "invalid", _("The price has changed."), field="price", price=price
        )
