"""Flow charts: whatever the flow, no line runs through a box or upon another line, and everything is on the page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from catalogue.directory import flowchart, layers, svg
from catalogue.directory.flowchart import Chart, Point

SVG = "{http://www.w3.org/2000/svg}"
Segment = tuple[Point, Point]


@st.composite
def flows(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str]]]:
    """Chains with branches, skips and loops."""
    steps = [f"s{n}" for n in range(draw(st.integers(1, 8)))]
    ends = st.tuples(st.sampled_from(steps), st.sampled_from(steps))
    more = draw(st.lists(ends, max_size=10))
    return steps, [*pairwise(steps), *more] if draw(st.booleans()) else more


def laid_out(steps: list[str], transitions: list[tuple[str, str]]) -> tuple[layers.Layers, Chart]:
    flow = layers.arrange(steps, transitions)
    heights = {node: 40 + 7 * place for place, node in enumerate([layers.START, *steps, layers.END])}  # fmt: skip
    return flow, flowchart.chart(flow, heights, flowchart.box_width(flow))


def segments(points: tuple[Point, ...]) -> list[Segment]:
    return [(min(a, b), max(a, b)) for a, b in pairwise(points) if a != b]


def overlap(one: Segment, other: Segment) -> bool:
    """Whether two upright or level segments lie upon each other for more than a point."""
    for axis in (0, 1):
        if one[0][axis] == one[1][axis] == other[0][axis] == other[1][axis]:
            along = 1 - axis
            return max(one[0][along], other[0][along]) < min(one[1][along], other[1][along])
    return False


@settings(max_examples=150, deadline=None)
@given(flows())
def test_lines_keep_clear_of_boxes_and_of_each_other(
    flow: tuple[list[str], list[tuple[str, str]]],
) -> None:
    steps, transitions = flow
    arranged, chart = laid_out(steps, transitions)
    drawn = {edge for edge, _ in chart.lines}
    assert {(a, b) for a, b in transitions if a != b} <= drawn
    assert len(drawn) == len(chart.lines) == len(arranged.edges) + len(arranged.loops)
    for (a, b), points in chart.lines:
        assert points[0][1] == chart.boxes[a].y + chart.boxes[a].height
        assert points[-1][1] == chart.boxes[b].y
        for (x1, y1), (x2, y2) in segments(points):
            assert x1 == x2 or y1 == y2
            assert 0 <= x1 <= x2 <= chart.width
            assert 0 <= y1 <= y2 <= chart.height
            for box in chart.boxes.values():
                right, bottom = box.x + box.width, box.y + box.height
                assert not (x1 < right and x2 > box.x and y1 < bottom and y2 > box.y)
    for (_, one), (_, other) in combinations(chart.lines, 2):
        assert not any(overlap(s, t) for s in segments(one) for t in segments(other))


@settings(max_examples=60, deadline=None)
@given(flows())
def test_rows_lead_downwards(flow: tuple[list[str], list[tuple[str, str]]]) -> None:
    arranged, chart = laid_out(*flow)
    row = arranged.row_of()
    assert set(row) == {layers.START, *flow[0], layers.END}
    assert all(row[a] < row[b] for a, b in arranged.edges)
    assert all(row[a] >= row[b] for a, b in arranged.loops)
    assert arranged.rows[0] == (layers.START,)
    assert arranged.rows[-1] == (layers.END,)
    for one, other in combinations(chart.boxes.values(), 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y


def test_a_step_that_only_leads_back_is_no_end() -> None:
    flow = layers.arrange(["accept", "review", "supplement", "decide"],
                          [("accept", "review"), ("review", "supplement"), ("supplement", "review"), ("review", "decide")])  # fmt: skip
    assert flow.loops == (("supplement", "review"),)
    assert [edge for edge in flow.edges if edge[1] == layers.END] == [("decide", layers.END)]


@pytest.mark.parametrize("code", sorted(catalogue.load().powers))
def test_every_power_has_a_chart_that_says_all_its_steps(code: str) -> None:
    for version in catalogue.load().powers[code].versions:
        text = svg.draw(version, code)
        assert text == svg.draw(version, code)
        root = ET.fromstring(text)
        assert root.get("role") == "img"
        for tag, part in (("title", "t"), ("desc", "d")):
            (found,) = root.findall(SVG + tag)
            assert found.get("id") == f"{part}-{code}-v{version.version}"
            assert found.text
        shown = "".join("".join(node.itertext()) for node in root.findall(SVG + "text"))
        assert len(root.findall(SVG + "rect")) == len(version.steps)
        assert len(root.findall(SVG + "ellipse")) == 2
        for step in version.steps:
            assert step.name in shown
            assert step.post + " · " + svg.limit(step) in shown
            assert step.authority in shown


@given(st.text(max_size=80), st.integers(60, 300))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    assert "".join(svg.wrap(text, width, 12)) == text
