"""A price that a player has seen is the price they pay, or they pay nothing."""

from django.utils.translation import gettext_lazy as _

from core.refusals import Refused


def check_price(seen: int | None, price: int) -> None:
    """`Refused("invalid")`, with the `price` now, where another one was seen."""
    if seen is not None and seen != price:
        raise Refused(
            "invalid", _("The price has changed."), field="price", price=price
        )
