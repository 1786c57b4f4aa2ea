"""A power's flow (权力运行流程图) as SVG: ellipses where it starts and ends, a box for every step with post, limit and authority."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from catalogue.directory import flowchart, layers
from catalogue.directory.flowchart import Box, Point
from catalogue.directory.layers import END, START
from catalogue.spec import PowerVersion, Step
from catalogue.words import zh

NAME, META, SMALL = 16, 13, 12
"""Sizes of a box's three kinds of text, in pixels."""
PADDING = 10
ROUNDING = 6
CLOSING = "，。；、：）》”"
ENDS = {START: "申请 apply", END: "办结 closed"}
STYLE = """\
text{font-family:"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",sans-serif;fill:#1b1b1b;text-anchor:middle}
.n{font-size:16px;font-weight:600}.m{font-size:13px}.s{font-size:12px;fill:#444}
.b{fill:#fff;stroke:#1f4e79;stroke-width:1.5}.o{stroke-dasharray:6 4}.x{fill:#eef4fa}.e{fill:#1f4e79}.e+text{fill:#fff}
.l{fill:none;stroke:#444;stroke-width:1.4}.r{stroke:#a33a00}.a{fill:#444}.ra{fill:#a33a00}"""


@dataclass(frozen=True, slots=True)
class Text:
    """One line of a box's text."""

    style: str
    size: int
    text: str


def draw(version: PowerVersion, code: str) -> str:
    """The flow chart of one version of a power, as an SVG document. A power without steps has a chart without boxes."""
    flow = layers.arrange(
        [step.code for step in version.steps],
        [(t.from_step, t.to_step) for t in version.transitions],
    )
    width = flowchart.box_width(flow)
    texts = {step.code: _texts(step, width - 2 * PADDING) for step in version.steps}
    texts |= {node: [Text("m", META, words)] for node, words in ENDS.items()}
    heights = {node: _height(lines) for node, lines in texts.items()}
    chart = flowchart.chart(flow, heights, width)
    steps = {step.code: step for step in version.steps}
    ident = f"{code}-v{version.version}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {chart.width} {chart.height}" width="{chart.width}"'
        f' height="{chart.height}" role="img" aria-labelledby="t-{ident} d-{ident}">',
        f'<title id="t-{ident}">{escape(version.name)} 权力运行流程图</title>',
        f'<desc id="d-{ident}">{escape(describe(version))}</desc>',
        f"<style>{STYLE}</style>",
        *(_line(points, edge in flow.loops) for edge, points in chart.lines),
        *(_box(box, steps.get(node), texts[node]) for node, box in chart.boxes.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def describe(version: PowerVersion) -> str:
    """The flow in words, for those who do not see the chart."""
    names = {step.code: step.name for step in version.steps}
    steps = "；".join(
        f"{position}. {step.name}（{step.post}，{limit(step)}）"
        for position, step in enumerate(version.steps, start=1)
    )
    ways = "，".join(f"{names[t.from_step]} → {names[t.to_step]}" for t in version.transitions)
    return f"环节：{steps}。流转：{ways}。"


def limit(step: Step) -> str:
    """A step's limit in words."""
    words = f"{step.limit.value} {zh('limit_unit', step.limit.unit)}" if step.limit else "不定时限"
    return f"{words}（不计入期限）" if step.special else words


def wrap(text: str, width: int, size: int) -> list[str]:
    """Lines no wider than that: a Chinese character is as wide as high, any other a little over half of it.

    What closes a phrase stays on the line that it closes.
    """
    lines, used = [""], 0.0
    for character in text:
        wide = size if ord(character) > 0x2E80 else size * 0.6
        if used + wide > width and lines[-1] and character not in CLOSING:
            lines.append("")
            used = 0.0
        lines[-1] += character
        used += wide
    return lines


def _texts(step: Step, width: int) -> list[Text]:
    meta = wrap(f"{step.post} · {limit(step)}", width, META)
    return [
        *(Text("n", NAME, line) for line in wrap(step.name, width, NAME)),
        *(Text("m", META, line) for line in meta),
        *(Text("s", SMALL, line) for line in wrap(step.authority, width, SMALL)),
    ]


def _height(lines: Sequence[Text]) -> int:
    return sum(line.size + 6 for line in lines) + PADDING + 4


def _box(box: Box, step: Step | None, lines: Sequence[Text]) -> str:
    if step is None:
        shape = (
            f'<ellipse class="b e" cx="{box.middle}" cy="{box.y + box.height // 2}" rx="66" ry="{box.height // 2}"/>'
        )  # fmt: skip
    else:
        style = "b" + ("" if step.mandatory else " o") + (" x" if step.special else "")
        shape = (
            f'<rect class="{style}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="3"/>'
        )  # fmt: skip
    y, written = box.y + (box.height - sum(line.size + 6 for line in lines)) // 2, []
    for line in lines:
        y += line.size + 6
        written.append(
            f'<text class="{line.style}" x="{box.middle}" y="{y - 6}">{escape(line.text)}</text>'
        )
    return shape + "".join(written)


def _line(points: Sequence[Point], is_loop: bool) -> str:
    """A line with rounded corners that ends in an arrow."""
    (x0, y0), (x, y) = points[0], points[-1]
    path = f"M{x0} {y0}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        (ax, ay), (bx, by) = _near(corner, before), _near(corner, after)
        path += f"L{ax} {ay}Q{corner[0]} {corner[1]} {bx} {by}"
    path += f"L{x} {y - 6}"
    arrow = f"M{x - 5} {y - 9}L{x + 5} {y - 9}L{x} {y}Z"
    line, head = ("l r", "ra") if is_loop else ("l", "a")
    return f'<path class="{line}" d="{path}"/><path class="{head}" d="{arrow}"/>'


def _near(corner: Point, other: Point) -> Point:
    """The point on the way from a corner to its neighbour where the rounding begins."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    long = min(ROUNDING, (abs(dx) + abs(dy)) // 2)
    sign_x, sign_y = (dx > 0) - (dx < 0), (dy > 0) - (dy < 0)
    return corner[0] + sign_x * long, corner[1] + sign_y * long
