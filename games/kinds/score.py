"""Guess the final score of a match between two teams."""

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

Team = Annotated[str, Field(min_length=1, max_length=60)]
Goals = Annotated[int | None, Field(ge=0, le=99)]
Points = Annotated[int, Field(ge=0, le=1000)]


class ScoreSettings(Settings):
    home: Annotated[Team, FieldMeta(_("Home team"))]
    away: Annotated[Team, FieldMeta(_("Away team"))]
    final_home: Annotated[
        Goals, FieldMeta(_("Final score, home"), _("Empty until the match is over."))
    ] = None
    final_away: Annotated[Goals, FieldMeta(_("Final score, away"))] = None
    points_exact: Annotated[Points, FieldMeta(_("Points for the exact score"))] = 5
    points_difference: Annotated[
        Points, FieldMeta(_("Points for the right winner and goal difference"))
    ] = 3
    points_outcome: Annotated[
        Points, FieldMeta(_("Points for the right winner, or a draw"))
    ] = 1
    prize_for: Annotated[
        Literal["exact", "points"],
        FieldMeta(
            _("A prize code goes to"),
            choices={
                "exact": _("Exact guesses only"),
                "points": _("All who scored points, the best first"),
            },
        ),
    ] = "exact"

    @model_validator(mode="after")
    def _final_is_whole(self) -> "ScoreSettings":
        if (self.final_home is None) != (self.final_away is None):
            raise settings_error(
                _("Enter the final score of both teams or of neither."),
                "final_home" if self.final_home is None else "final_away",
            )
        return self


class Score(QuestionKind[ScoreSettings]):
    name = "score"
    label = _("Guess the score")
    about = _("Two teams; guesses may be changed until closing.")
    Settings = ScoreSettings
    refers_to_settings = True

    def instant(self, settings: ScoreSettings) -> bool:
        return False

    def parse(
        self, settings: ScoreSettings, question: str, value: Any
    ) -> dict[str, int]:
        if not isinstance(value, dict) or set(value) != {"home", "away"}:
            raise invalid_answer(_("Send the goals as home and away."))
        return {team: self._goals(value[team]) for team in ("home", "away")}

    @staticmethod
    def _goals(goals: Any) -> int:
        if (
            isinstance(goals, bool)
            or not isinstance(goals, int)
            or not 0 <= goals <= 99
        ):
            raise invalid_answer(_("Goals are whole numbers from 0 to 99."))
        return goals

    def grade(self, settings: ScoreSettings, entry: Entry) -> Grade:
        if settings.final_home is None or settings.final_away is None:
            return Grade(Verdict.PENDING)
        home, away = entry.value["home"], entry.value["away"]
        points, distance = self._points(settings, home, away)
        wins = distance == 0 if settings.prize_for == "exact" else points > 0
        return Grade(Verdict.RIGHT if wins else Verdict.WRONG, points, distance)

    @staticmethod
    def _points(settings: ScoreSettings, home: int, away: int) -> tuple[int, int]:
        """Points, and how far off it is: exact 0, difference 1, outcome 2, wrong 3.

        A draw has no winner, so another draw is right only as an outcome.
        """
        assert settings.final_home is not None
        assert settings.final_away is not None
        if (home, away) == (settings.final_home, settings.final_away):
            return settings.points_exact, 0
        guessed, final = home - away, settings.final_home - settings.final_away
        if guessed == final != 0:
            return settings.points_difference, 1
        if (guessed > 0) == (final > 0) and (guessed < 0) == (final < 0):
            return settings.points_outcome, 2
        return 0, 3

    def public(self, settings: ScoreSettings) -> dict[str, Any]:
        return {
            "home": settings.home,
            "away": settings.away,
            "points": {
                "exact": settings.points_exact,
                "difference": settings.points_difference,
                "outcome": settings.points_outcome,
            },
            "prize_for": settings.prize_for,
        }

    def reveal(self, settings: ScoreSettings, votes: Any) -> dict[str, Any]:
        return {"home": settings.final_home, "away": settings.final_away}

    def in_words(
        self, settings: ScoreSettings, question: str, value: dict[str, int]
    ) -> str:
        return f"{value['home']} : {value['away']}"

    def meaning(
        self, settings: ScoreSettings, question: str, value: dict[str, int]
    ) -> str:
        return f"{settings.home} {value['home']} : {value['away']} {settings.away}"

    def ready(self, settings: ScoreSettings) -> bool:
        return settings.final_home is not None


KIND = Score()
