"""What says that the database or Redis is away or overloaded."""

from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

# The request was good, and may be sent again.
OUTAGES = (OperationalError, InterfaceError, RedisError)
