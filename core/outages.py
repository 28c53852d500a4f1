"""The exceptions of a database or Redis that is unreachable or overloaded."""

from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

# The request was valid: the client may send it again.
OUTAGES = (OperationalError, InterfaceError, RedisError)
