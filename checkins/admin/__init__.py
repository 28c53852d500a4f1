"""The staff side of check-ins and of the coupon shop."""

from checkins.admin.checkins import CheckInAdmin
from checkins.admin.items import ItemAdmin
from checkins.admin.redemptions import RedemptionAdmin

__all__ = ["CheckInAdmin", "ItemAdmin", "RedemptionAdmin"]
