"""What is asked of Redis."""

from typing import Any

import pytest
from redis.connection import AbstractConnection


class Trips:
    """Counts the round trips to Redis."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        real = AbstractConnection.send_packed_command

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)

    def of(self, act: Any) -> int:
        """How many it takes, with its script known to Redis."""
        act()
        self.count = 0
        act()
        return self.count
