"""A list of winners: everybody sees it masked, each winner their own line."""

import unicodedata
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from games.kinds.base import Ask, Entry, Grade, Kind, Settings, unreadable
from users.names import fold


class AnnounceSettings(Settings):
    winners: Annotated[
        list[Annotated[str, Field(max_length=300)]],
        Field(min_length=1, max_length=2000),
        Ask(
            _("Winners"),
            _("One a line: the player's name, a comma, the prize only they will see."),
            lines=True,
        ),
    ]

    @field_validator("winners")
    @classmethod
    def _name_and_prize(cls, winners: list[str]) -> list[str]:
        names = set()
        for line in winners:
            name, comma, prize = line.partition(",")
            if not (comma and fold(name) and prize.strip()):
                raise ValueError(f"{line!r}: write a name, a comma and the prize")
            if fold(name) in names:
                raise ValueError(f"{name.strip()!r} stands there twice")
            names.add(fold(name))
        return winners

    def lines(self) -> list[tuple[str, str]]:
        """Names and prizes, in the order given."""
        pairs = (line.partition(",") for line in self.winners)
        return [(name.strip(), prize.strip()) for name, _comma, prize in pairs]


def mask(name: str) -> str:
    """The first letter of a name and three stars, however long the name is.

    Combining marks stay with their letter, so that Thai stays readable.
    """
    end = 1
    while end < len(name) and unicodedata.category(name[end])[0] == "M":
        end += 1
    return name[:end] + "***"


class Announce(Kind[AnnounceSettings]):
    name = "announce"
    label = _("Winners’ list")
    about = _("Names with a prize each; a player sees only their own.")
    Settings = AnnounceSettings
    takes_answers = False

    def parse(self, settings: AnnounceSettings, question: str, value: Any) -> Any:
        raise unreadable(_("This game takes no answers."))

    def grade(self, settings: AnnounceSettings, entry: Entry) -> Grade:
        raise NotImplementedError("a winners' list has no answers to grade")

    def public(self, settings: AnnounceSettings) -> dict[str, Any]:
        return {"winners": [mask(name) for name, _prize in settings.lines()]}

    def mine(self, settings: AnnounceSettings, name_key: str) -> dict[str, Any] | None:
        for name, prize in settings.lines():
            if fold(name) == name_key:
                return {"name": name, "prize": prize}
        return None


KIND = Announce()
