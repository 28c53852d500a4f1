"""What to rehearse, and where."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Address:
    """The address of the site."""

    host: str
    port: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Parse http://host:port; `ValueError` if it is no such address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no address; write http://host:port")
        tls = parts.scheme == "https"
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls)

    @property
    def origin(self) -> str:
        return f"http{'s' if self.tls else ''}://{self.netloc}"

    @property
    def netloc(self) -> str:
        usual = self.port == (443 if self.tls else 80)
        return self.host if usual else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        return self.host in ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Plan:
    """The options of a rehearsal."""

    address: Address
    players: int = 1000
    ramp: float = 0.0  # seconds over which they arrive
    answer_share: float = 1.0
    game: str = ""  # slug of the game to copy; empty: a new puzzle
    baseline: bool = False  # the old flow, for comparison
    processes: int = 2
    wait: float = 5.0  # seconds to stay connected before anything happens
    hold: float = 0.0  # seconds to stay connected at the end
    kill: bool = False  # kill a daphne in the middle of each phase
    doors: bool = False  # also join, sign in and so on, after the game itself

    @property
    def codes(self) -> int:
        """Fewer codes than winners, so that running out of stock is rehearsed too."""
        return max(1, self.players * 2 // 5)

    @property
    def answering(self) -> int:
        return max(1, round(self.players * self.answer_share))
