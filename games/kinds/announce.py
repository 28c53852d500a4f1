"""A winners' list: everybody sees masked names, each winner their own line."""

import unicodedata
from functools import cached_property
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from games.kinds.base import (
    FieldMeta,
    Kind,
    Part,
    Settings,
    settings_error,
)
from games.tables.guesses import NAME_WORDS, PRIZE_WORDS
from users.names import key_on_list, normalize_display


class AnnounceSettings(Settings):
    winners: Annotated[
        list[Annotated[str, Field(max_length=300)]],
        Field(min_length=1, max_length=2000),
        FieldMeta(
            _("Winners"),
            _(
                "One per line: the player's name, a comma and the prize. Only they see "
                "the prize."
            ),
            lines=True,
            parts=(Part(_("Name"), NAME_WORDS), Part(_("Prize"), PRIZE_WORDS)),
        ),
    ]

    @field_validator("winners")
    @classmethod
    def _name_and_prize(cls, winners: list[str]) -> list[str]:
        keys = set()
        for line in winners:
            name, _comma, prize = line.partition(",")
            key = key_on_list(name)
            if not (key and prize.strip()):
                raise settings_error(
                    _("“%(line)s”: write a name, a comma and the prize.")
                    % {"line": line}
                )
            if key in keys:
                raise settings_error(
                    _("“%(name)s” is on the list twice.") % {"name": name.strip()}
                )
            keys.add(key)
        return winners

    def lines(self) -> list[tuple[str, str]]:
        """Names and prizes, in their order."""
        pairs = (line.partition(",") for line in self.winners)
        return [
            (normalize_display(name), prize.strip()) for name, _comma, prize in pairs
        ]

    @cached_property
    def by_key(self) -> dict[str, dict[str, str]]:
        """Each winner's line, by the key of their name."""
        return {
            key_on_list(name): {"name": name, "prize": prize}
            for name, prize in self.lines()
        }


def mask(name: str) -> str:
    """The first letter of a name, and three stars whatever its length.

    Combining marks stay with their letter, so that Thai is readable. A name of one
    letter becomes only stars: a whole name is never shown.
    """
    end = 1
    while end < len(name) and unicodedata.category(name[end])[0] == "M":
        end += 1
    return name[:end] + "***" if end < len(name) else "***"


class Announce(Kind[AnnounceSettings]):
    name = "announce"
    label = _("Winners’ list")
    about = _("Names with their prizes. Each player sees only their own line.")
    Settings = AnnounceSettings
    seen_early = False

    def public(self, settings: AnnounceSettings) -> dict[str, Any]:
        return {"winners": [mask(name) for name, _prize in settings.lines()]}

    def names(self, settings: AnnounceSettings) -> list[str]:
        return [name for name, _prize in settings.lines()]

    def mine(self, settings: AnnounceSettings, name_key: str) -> dict[str, Any] | None:
        return settings.by_key.get(name_key)


KIND = Announce()
