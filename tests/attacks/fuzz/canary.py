"""Players who were there before, and play on whatever others send."""

import asyncio
from contextlib import AsyncExitStack

from tests.attacks.fuzz.doors import Door, Fault
from tests.attacks.fuzz.world import CANARIES, CANARY_GAME
from tests.stack import Player

# A player of its own for each, whom no input means.
STAGE = """
pk = given["pk"]
if not Player.objects.filter(pk=pk).exists():
    name = f"canary {pk}"
    Player.objects.bulk_create([Player(pk=pk, name=name, name_key=name, password="!")])
out = open_for(Player.objects.filter(pk=pk))
"""


class Canaries:
    """One at each door, on the same socket from the beginning to the end."""

    def __init__(self, doors: list[Door]) -> None:
        self.doors = doors
        self.asked = self.answered = 0
        self.players: list[Player] = []
        self._sockets = AsyncExitStack()

    async def __aenter__(self) -> "Canaries":
        for place, door in enumerate(self.doors):
            [session] = door.stack.run(STAGE, pk=CANARIES + place)
            address = f"ws://{door.address}/ws/games/{CANARY_GAME}/"
            player = await self._sockets.enter_async_context(Player(address, session))
            welcome = await player.hear("welcome")
            assert welcome["me"], "the canary isn't signed in"
            self.players.append(player)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._sockets.__aexit__(None, None, None)

    async def sing(self) -> None:
        """Each asks for its own state, and is told it."""
        for door, player in zip(self.doors, self.players):
            self.asked += 1
            try:
                reply = await player.ask("resync")
            except Exception as error:
                raise Fault(
                    f"the canary at {door.name} is silent: {error!r}"
                ) from error
            if reply["type"] == "welcome" and reply["me"]:
                self.answered += 1

    async def hear_of_newcomers(self) -> int:
        """How many are told that somebody came, as the room's beat tells everybody."""
        told = await asyncio.gather(*map(self._hear_of_one, self.doors, self.players))
        return sum(told)

    async def _hear_of_one(self, door: Door, player: Player) -> bool:
        await player.ask("resync")
        async with Player(f"ws://{door.address}/ws/games/{CANARY_GAME}/", ""):
            return (await player.hear("tally", within=60))["here"] > 1
