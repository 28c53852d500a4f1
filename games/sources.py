"""Whence a command came, as far as prizes depend on it."""

from dataclasses import dataclass

from core.addresses import digest


@dataclass(frozen=True)
class Source:
    """A browser by its mark (`users.devices`) and a network; each may be unknown."""

    browser: str = ""
    network: str = ""

    def address(self, game_id: int) -> str:
        """What stands for the network in this game."""
        return digest(self.network, game_id) if self.network else ""


NOWHERE = Source()


def browser_in(game_id: int, browser: str) -> str | None:
    """A browser in one game, in which its codes are one player's."""
    return f"{game_id}:{browser}" if browser else None
