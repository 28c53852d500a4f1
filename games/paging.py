"""Paging of the list of games; those one can play now come first."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from core.paging import CURSOR, Page

if TYPE_CHECKING:
    from games.models.queryset import GameQuerySet


class GamesPage(Page):
    """A page that begins after a cursor: a game's place in the order, and its id.

    A game whose state changes meanwhile moves in the order; no other is left out.
    """

    cursor: str = Field(
        default="", pattern=r"^([0-5]-[0-9]{1,18})?$", description=CURSOR
    )

    def begin(self, rows: "GameQuerySet") -> "GameQuerySet":  # type: ignore[override]
        rows = rows.in_order_of_interest()
        if not self.cursor:
            return rows
        place, _dash, number = self.cursor.partition("-")
        return rows.after(int(place), int(number))

    def after(self, row: Any) -> str:
        return f"{row.place}-{row.pk}"


FIRST = GamesPage()
