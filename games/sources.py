"""The browser and network from which a command came; prizes depend on them."""

from dataclasses import dataclass

from core.addresses import digest


@dataclass(frozen=True)
class Source:
    """A browser's id (`users.devices`) and a network; empty if unknown."""

    browser: str = ""
    network: str = ""

    def address(self, game_id: int) -> str:
        """A digest of the network, different in each game."""
        return digest(self.network, game_id) if self.network else ""


NOWHERE = Source()


def browser_in(game_id: int, browser: str) -> str | None:
    """The key of a browser in one game, where only one player can win in it."""
    return f"{game_id}:{browser}" if browser else None
