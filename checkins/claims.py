"""What codes and coins are given for: the formats of their claims and keys.

Python formats them to write, and the database (`core/sql_format.py`) to audit.
"""

DAY = "checkin:{game}:{player}:{date}"  # a check-in's code, and its coins
ALL_DAYS = "completed:{game}:{player}"  # the same for all days, once
MAKE_UP = f"make-up:{DAY}"  # the payment for a missed day
SALE = "redeemed:{player}:{key}"  # the code of a purchase, and its payment
