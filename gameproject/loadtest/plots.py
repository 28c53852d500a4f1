"""Plots as inline SVG: how long each player waited."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 640, 240, 56, 34, 10
COLOURS = ("#0b63c5", "#c2410c", "#15803d")
STEPS = 4


def plot(curves: Mapping[str, Sequence[float]], bound: float | None = None) -> str:
    """One curve per name, its seconds sorted. x is players, y is milliseconds."""
    every = [second for curve in curves.values() for second in curve]
    top = nice(max([*every, bound or 0.0, 0.001]) * 1000)
    players = max((len(curve) for curve in curves.values()), default=1)
    parts = [*grid(top, players)]
    if bound is not None:
        parts.append(line_at(bound * 1000, top))
    for colour, (name, curve) in zip(COLOURS, curves.items()):
        parts.append(polyline(sorted(curve), top, players, colour, name))
    legend = "".join(
        f'<tspan fill="{colour}" dx="12">{escape(name)}</tspan>'
        for colour, name in zip(COLOURS, curves)
    )
    parts.append(f'<text x="{LEFT}" y="{ABOVE + 12}">{legend}</text>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def nice(ms: float) -> float:
    """The next round number >= ms, for the axis."""
    size: float = 1
    while size * 10 < ms:
        size *= 10
    return next(size * step for step in (1, 2, 4, 6, 8, 10) if size * step >= ms)


def x_of(place: float, players: int) -> float:
    return LEFT + (WIDTH - LEFT - 8) * place / max(players, 1)


def y_of(ms: float, top: float) -> float:
    return ABOVE + (HEIGHT - ABOVE - BELOW) * (1 - ms / top)


def grid(top: float, players: int) -> list[str]:
    """Lines and numbers of both axes."""
    parts = []
    for step in range(STEPS + 1):
        ms, place = top * step / STEPS, players * step // STEPS
        y, x = y_of(ms, top), x_of(place, players)
        parts += [
            f'<line x1="{LEFT}" x2="{WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="end">{ms:,.0f}</text>',
            f'<text x="{x:.1f}" y="{HEIGHT - 14}" class="mid">{place:,}</text>',
        ]
    parts.append(f'<text x="{LEFT - 6}" y="{HEIGHT - 14}" class="end">ms</text>')
    return parts


def line_at(ms: float, top: float) -> str:
    """A line at the promised bound."""
    y = y_of(ms, top)
    ends = f'x1="{LEFT}" x2="{WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}"'
    return f'<line class="bound" {ends}/>'


def polyline(
    seconds: Sequence[float], top: float, players: int, colour: str, name: str
) -> str:
    points = " ".join(
        f"{x_of(place + 1, players):.1f},{y_of(second * 1000, top):.1f}"
        for place, second in enumerate(seconds)
    )
    return (
        f'<polyline points="{points}" stroke="{colour}">'
        f"<title>{escape(name)}</title></polyline>"
    )
