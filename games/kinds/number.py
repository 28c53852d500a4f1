"""Guess a number, such as the digits of a draw or the sweets in a jar."""

import unicodedata
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from games.kinds.base import (
    Entry,
    FieldMeta,
    Grade,
    QuestionKind,
    Settings,
    Verdict,
    invalid_answer,
    settings_error,
)


class NumberSettings(Settings):
    digits: Annotated[
        int,
        Field(ge=1, le=9),
        FieldMeta(
            _("Digits"),
            _("Each guess has exactly this many digits; leading zeros count."),
        ),
    ]
    rule: Annotated[
        Literal["exact", "closest", "closest_below"],
        FieldMeta(
            _("Who wins"),
            choices={
                "exact": _("Only the exact number"),
                "closest": _("Whoever is closest"),
                "closest_below": _("Whoever is closest without going over"),
            },
        ),
    ] = "exact"
    number: Annotated[
        str,
        Field(pattern=r"^[0-9]*$"),
        FieldMeta(_("Winning number"), _("May stay empty until it is known.")),
    ] = ""

    @model_validator(mode="after")
    def _number_fits(self) -> "NumberSettings":
        if self.number and len(self.number) != self.digits:
            raise settings_error(
                _("The winning number must have %(digits)d digits.")
                % {"digits": self.digits},
                "number",
            )
        return self


class Number(QuestionKind[NumberSettings]):
    name = "number"
    label = _("Guess the number")
    about = _(
        "One guess per player, to change until closing; the result comes on reveal."
    )
    Settings = NumberSettings
    refers_to_settings = True

    def instant(self, settings: NumberSettings) -> bool:
        return False

    def parse(self, settings: NumberSettings, question: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > 40:
            raise invalid_answer(_("Send the number as a text of digits."))
        digits = "".join(
            str(unicodedata.decimal(c, c)) for c in value if not c.isspace()
        )
        if len(digits) != settings.digits or not (
            digits.isascii() and digits.isdigit()
        ):
            raise invalid_answer(
                _("The number must have %(digits)d digits.")
                % {"digits": settings.digits}
            )
        return digits

    def grade(self, settings: NumberSettings, entry: Entry) -> Grade:
        return self.settle(settings, [entry])[0]

    def settle(self, settings: NumberSettings, entries: Sequence[Entry]) -> list[Grade]:
        if not settings.number:
            return [Grade(Verdict.PENDING) for _entry in entries]
        distances = [self._distance(settings, entry.value) for entry in entries]
        counted = [distance for distance in distances if distance is not None]
        best = 0 if settings.rule == "exact" else min(counted, default=0)
        return [
            Grade(Verdict.RIGHT, 1, best)
            if distance == best
            else Grade(Verdict.WRONG, 0, distance or 0)
            for distance in distances
        ]

    @staticmethod
    def _distance(settings: NumberSettings, guess: str) -> int | None:
        """How far off the guess is; None if it must not go over, but does."""
        off = int(settings.number) - int(guess)
        if settings.rule == "closest_below" and off < 0:
            return None
        return abs(off)

    def public(self, settings: NumberSettings) -> dict[str, Any]:
        return {"digits": settings.digits, "rule": settings.rule}

    def reveal(self, settings: NumberSettings, votes: Any) -> dict[str, Any]:
        return {"number": settings.number}

    def meaning(self, settings: NumberSettings, question: str, value: Any) -> str:
        """With as many digits as guesses have now: it is compared as a number."""
        return f"{int(value):0{settings.digits}d}"

    def ready(self, settings: NumberSettings) -> bool:
        return bool(settings.number)


KIND = Number()
