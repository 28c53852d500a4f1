"""A picture or riddle with accepted answers. The first right ones win."""

import unicodedata
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from games.kinds.base import (
    AttemptLimit,
    Entry,
    FieldMeta,
    Grade,
    QuestionKind,
    Settings,
    Verdict,
    invalid_answer,
    settings_error,
)
from users import names

MAX_LENGTH = 200  # characters of an answer


class PuzzleSettings(Settings):
    accepted: Annotated[
        list[str],
        Field(min_length=1, max_length=200),
        FieldMeta(
            _("Accepted answers"),
            _("One per line. Capitals, spaces and Thai digits make no difference."),
            lines=True,
        ),
    ]
    ignore_marks: Annotated[
        bool,
        FieldMeta(
            _("Ignore accents and tone marks"),
            _("“cafe” then counts as “café”, and “ไม” as “ไม้”."),
        ),
    ] = False
    attempts: Annotated[
        int | None,
        Field(ge=1, le=1000),
        FieldMeta(
            _("Attempts"),
            _("How often a player may try. Empty: as often as they like."),
        ),
    ] = None
    attempts_per: Annotated[
        Literal["game", "minute"],
        FieldMeta(
            _("Attempts are counted"),
            choices={"game": _("Over the whole game"), "minute": _("In each minute")},
        ),
    ] = "game"

    @field_validator("accepted")
    @classmethod
    def _each_says_something(cls, accepted: list[str]) -> list[str]:
        for line in accepted:
            if len(line) > MAX_LENGTH or not normalize_key(line, ignore_marks=False):
                raise settings_error(
                    _("“%(line)s” is empty or has more than %(most)d characters.")
                    % {"line": line, "most": MAX_LENGTH}
                )
        return accepted

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of the accepted answers, for comparison."""
        return frozenset(
            normalize_key(line, ignore_marks=self.ignore_marks)
            for line in self.accepted
        )


@lru_cache(maxsize=1024)  # in a rush most answers are the same
def normalize_key(text: str, *, ignore_marks: bool) -> str:
    """The key for comparison: as of names, with the digits of all scripts as ASCII.

    With `ignore_marks` also without accents and tone marks, if anything else is left.
    """
    key = "".join(str(unicodedata.decimal(c, c)) for c in names.fold_text(text))
    if not ignore_marks:
        return key
    parts = unicodedata.normalize("NFD", key)
    bare = "".join(c for c in parts if not is_accent(c))
    return names.fold_text(bare) or key


def is_accent(character: str) -> bool:
    """Whether this is an accent or a tone mark. Vowel signs are letters: กิน, not กัน.

    By Unicode's combining class: 10 to 36 are Hebrew and Arabic points, 107 and 122
    Thai and Lao tones, 200 and more are accents. Two Thai signs have no class.
    """
    kind = unicodedata.combining(character)
    return 10 <= kind <= 36 or kind in (107, 122) or kind >= 200 or character in "็์"


class Puzzle(QuestionKind[PuzzleSettings]):
    name = "puzzle"
    label = _("Picture puzzle")
    about = _("Players type what the picture shows, and learn at once if it is right.")
    Settings = PuzzleSettings

    def attempts(self, settings: PuzzleSettings) -> AttemptLimit | None:
        if settings.attempts is None:
            return None
        per = timedelta(minutes=1) if settings.attempts_per == "minute" else None
        return AttemptLimit(settings.attempts, per)

    def parse(self, settings: PuzzleSettings, question: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > MAX_LENGTH:
            raise invalid_answer(_("Send a text of at most 200 characters."))
        if any(unicodedata.category(c) in ("Cc", "Cs") for c in value.strip()):
            raise invalid_answer(_("The answer has characters that can’t be stored."))
        if not normalize_key(value, ignore_marks=False):
            raise invalid_answer(_("The answer is empty."))
        return value.strip()

    def grade(self, settings: PuzzleSettings, entry: Entry) -> Grade:
        key = normalize_key(entry.value, ignore_marks=settings.ignore_marks)
        right = key in settings.keys
        return Grade(Verdict.RIGHT, 1) if right else Grade(Verdict.WRONG)

    def public(self, settings: PuzzleSettings) -> dict[str, Any]:
        return {"attempts": settings.attempts, "attempts_per": settings.attempts_per}

    def reveal(self, settings: PuzzleSettings, votes: Any) -> dict[str, Any]:
        return {"answer": settings.accepted[0]}


KIND = Puzzle()
