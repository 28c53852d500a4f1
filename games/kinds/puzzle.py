"""A picture or riddle with accepted answers, first come first served."""

import unicodedata
from datetime import timedelta
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from games.kinds.base import (
    Ask,
    Attempts,
    Entry,
    Grade,
    Kind,
    Settings,
    Verdict,
    unreadable,
)

LONGEST = 200


class PuzzleSettings(Settings):
    accepted: Annotated[
        list[str],
        Field(min_length=1, max_length=200),
        Ask(
            _("Accepted answers"),
            _("One a line. Case, spaces and Thai digits make no difference."),
            lines=True,
        ),
    ]
    ignore_marks: Annotated[
        bool,
        Ask(
            _("Ignore accents and tone marks"),
            _("“cafe” is then as good as “café”, and “ไม” as “ไม้”."),
        ),
    ] = False
    attempts: Annotated[
        int | None,
        Field(ge=1, le=1000),
        Ask(
            _("Attempts"),
            _("How often a player may try. Empty: as often as they like."),
        ),
    ] = None
    attempts_per: Annotated[
        Literal["game", "minute"],
        Ask(_("Attempts are counted"), _("Over the whole game, or in each minute.")),
    ] = "game"

    @field_validator("accepted")
    @classmethod
    def _each_says_something(cls, accepted: list[str]) -> list[str]:
        for line in accepted:
            if not fold(line, ignore_marks=False) or len(line) > LONGEST:
                raise ValueError(f"{line!r} is empty or longer than {LONGEST}")
        return accepted


def fold(text: str, *, ignore_marks: bool) -> str:
    """Text as compared: NFKC, case folded, without spaces and invisible characters,
    any script's digits as ASCII, on wish without combining marks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = unicodedata.normalize("NFKC", folded)
    if ignore_marks:
        folded = unicodedata.normalize("NFD", folded)
        folded = "".join(c for c in folded if unicodedata.category(c)[0] != "M")
    return "".join(
        str(unicodedata.decimal(c, c))
        for c in folded
        if unicodedata.category(c)[0] not in "ZC"
    )


class Puzzle(Kind[PuzzleSettings]):
    name = "puzzle"
    label = _("Picture puzzle")
    about = _("Players type what the picture shows; right or wrong is told at once.")
    Settings = PuzzleSettings

    def attempts(self, settings: PuzzleSettings) -> Attempts | None:
        if settings.attempts is None:
            return None
        per = timedelta(minutes=1) if settings.attempts_per == "minute" else None
        return Attempts(settings.attempts, per)

    def parse(self, settings: PuzzleSettings, question: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > LONGEST:
            raise unreadable(_("Send a text of at most 200 characters."))
        if not fold(value, ignore_marks=False):
            raise unreadable(_("The answer is empty."))
        return value.strip()

    def grade(self, settings: PuzzleSettings, entry: Entry) -> Grade:
        marks = settings.ignore_marks
        accepted = {fold(line, ignore_marks=marks) for line in settings.accepted}
        right = fold(entry.value, ignore_marks=marks) in accepted
        return Grade(Verdict.RIGHT, 1) if right else Grade(Verdict.WRONG)

    def public(self, settings: PuzzleSettings) -> dict[str, Any]:
        return {"attempts": settings.attempts, "attempts_per": settings.attempts_per}

    def reveal(self, settings: PuzzleSettings, votes: Any) -> dict[str, Any]:
        return {"answer": settings.accepted[0]}


KIND = Puzzle()
