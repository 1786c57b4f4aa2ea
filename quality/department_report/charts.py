"""Two charts as inline SVG: bars beside their names, and columns by month. Each says in words what it shows.

Sizes are in units of a drawing 480 wide, which the page shows at most a little larger: letters stay legible on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

WIDTH = 480
BAR, GAP = 22, 34
HEIGHT, FOOT, HEAD = 150, 62, 20
NAMES = 150
"""Room for the names of bars."""


@dataclass(frozen=True, slots=True)
class Part:
    """What columns are made of: its name, its class in the style sheet, its value per month."""

    name: str
    style: str
    values: Sequence[float]


def bars(ident: str, title: str, rows: Sequence[tuple[str, int]]) -> Markup:
    """Horizontal bars, one per (name, number)."""
    most = max((number for _, number in rows), default=0) or 1
    room = WIDTH - NAMES - 70
    drawn = []
    for place, (name, number) in enumerate(rows):
        top = place * GAP + 4
        length = round(number / most * room, 1)
        drawn.append(
            f'<text x="{NAMES - 8}" y="{top + 16}" text-anchor="end">{escape(_short(name))}</text>'
            f'<rect class="c1" x="{NAMES}" y="{top}" width="{max(length, 1)}" height="{BAR}"/>'
            f'<text x="{NAMES + max(length, 1) + 6:g}" y="{top + 16}">{number:,}</text>'
        )
    told = "；".join(f"{name} {number:,}" for name, number in rows)
    return _svg(ident, title, told, len(rows) * GAP + 4, drawn)


def columns(ident: str, title: str, months: Sequence[str], parts: Sequence[Part], unit: str) -> Markup:  # fmt: skip
    """Stacked columns, one per month (such as 2012-03), with the totals above them and a key below."""
    totals = [sum(part.values[place] for part in parts) for place in range(len(months))]
    most = max(totals, default=0) or 1
    step = WIDTH / max(len(months), 6)
    wide = round(step * 0.62, 1)
    drawn = [f'<line class="axis" x1="0" x2="{WIDTH}" y1="{HEAD + HEIGHT}" y2="{HEAD + HEIGHT}"/>']
    for place, month in enumerate(months):
        left, base = round(place * step + (step - wide) / 2, 1), float(HEAD + HEIGHT)
        for part in parts:
            high = round(part.values[place] / most * HEIGHT, 1)
            base = round(base - high, 1)
            drawn.append(
                f'<rect class="{part.style}" x="{left}" y="{base}" width="{wide}" height="{high}"/>'
            )
        middle = round(left + wide / 2, 1)
        drawn.append(f'<text class="s" x="{middle}" y="{base - 5:g}" text-anchor="middle">{_figure(totals[place])}</text>')  # fmt: skip
        drawn.append(f'<text class="s" x="{middle}" y="{HEAD + HEIGHT + 16}" text-anchor="middle">{int(month[5:])}月</text>')  # fmt: skip
        if place == 0 or month.endswith("-01"):
            drawn.append(f'<text class="s" x="{middle}" y="{HEAD + HEIGHT + 33}" text-anchor="middle">{month[:4]}</text>')  # fmt: skip
    drawn += _key(parts)
    told = "；".join(
        f"{month} " + "，".join(f"{part.name} {part.values[place]:,g}{unit}" for part in parts)
        for place, month in enumerate(months)
    )
    return _svg(ident, title, told, HEAD + HEIGHT + FOOT, drawn)


def _key(parts: Sequence[Part]) -> list[str]:
    drawn, left = [], 4
    for part in parts:
        drawn.append(
            f'<rect class="{part.style}" x="{left}" y="{HEAD + HEIGHT + 45}" width="12" height="12"/>'
            f'<text class="s" x="{left + 17}" y="{HEAD + HEIGHT + 56}">{escape(part.name)}</text>'
        )
        left += 34 + 13 * len(part.name)
    return drawn


def _svg(ident: str, title: str, told: str, height: int, drawn: Sequence[str]) -> Markup:
    return Markup(  # everything in it is a number or escaped
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{ident}-t {ident}-d">'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(told)}</desc>'
        f"{''.join(drawn)}</svg>"
    )


def _short(name: str) -> str:
    return name if len(name) <= 10 else f"{name[:9]}…"


def _figure(number: float) -> str:
    return f"{number / 10_000:.1f}万" if number >= 100_000 else f"{number:,.0f}"
