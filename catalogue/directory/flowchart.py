"""Places of a flow chart's boxes and lines.

Lines run only downwards and sideways in the gaps between rows, and in lanes beside all boxes: to the right those that
skip rows, to the left those that lead back. Every line has its own track in a gap, its own lane and its own place at a
box, so that lines cross at right angles but never lie upon each other, and never run through a box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalogue.directory.layers import Edge, Layers

STEP = 32
"""Between the places where lines meet a box; lines that arrive are half of it off those that leave."""
TRACK = 14
LANE = 22
GAP = 30
MARGIN = 12
NARROWEST = 272

Point = tuple[int, int]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """A node's place: its upper left corner and its size."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class Chart:
    """Where everything is, in pixels from the upper left corner."""

    width: int
    height: int
    boxes: Mapping[str, Box]
    lines: tuple[tuple[Edge, tuple[Point, ...]], ...]


def box_width(layers: Layers) -> int:
    """Wide enough for all lines that meet at one side of any box."""
    every = [*layers.edges, *layers.loops]
    ends = [*(("out", a) for a, _ in every), *(("in", b) for _, b in every)]
    most = max(ends.count(end) for end in set(ends))
    return max(NARROWEST, 2 * STEP * (most + 1))


def chart(layers: Layers, heights: Mapping[str, int], width: int) -> Chart:
    """The chart of a flow whose boxes have that width and these heights."""
    return _Drawing(layers, heights, width).chart()


class _Drawing:
    """One chart being laid out."""

    def __init__(self, layers: Layers, heights: Mapping[str, int], width: int) -> None:
        self.layers, self.heights, self.width = layers, heights, width
        self.row = layers.row_of()
        # Half the distance of boxes is a whole number of steps, or lines that leave and lines that arrive could meet.
        self.half = -(-(width + 2 * STEP) // (2 * STEP)) * STEP
        self.edges = [*layers.edges, *layers.loops]
        self.middle = {
            node: (2 * place - len(row) + 1) * self.half
            for row in layers.rows
            for place, node in enumerate(row)
        }
        self.lanes = self._lanes()
        self.leave = self._ports([a for a, _ in self.edges], leaving=True)
        self.arrive = self._ports([b for _, b in self.edges], leaving=False)
        self.tracks = self._tracks()

    def chart(self) -> Chart:
        lanes = [lane for lane in self.lanes if lane is not None]
        left = min([min(self.middle.values()) - self.width // 2, *lanes]) - MARGIN
        right = max([max(self.middle.values()) + self.width // 2, *lanes]) + MARGIN
        tops, y = [], MARGIN
        for number, row in enumerate(self.layers.rows):
            tops.append(y)
            y += max(self.heights[node] for node in row) + GAP + TRACK * len(self.tracks[number])
        bottom = y - GAP + MARGIN
        boxes = {
            node: Box(self.middle[node] - self.width // 2 - left, tops[self.row[node]], self.width, self.heights[node])
            for node in self.middle
        }  # fmt: skip
        lines = tuple(
            (edge, tuple(self._line(number, boxes, tops, left)))
            for number, edge in enumerate(self.edges)
        )
        return Chart(right - left, bottom, boxes, lines)

    def _direct(self, number: int) -> bool:
        a, b = self.edges[number]
        return self.row[b] == self.row[a] + 1

    def _straight(self, number: int) -> bool:
        a, b = self.edges[number]
        return self._direct(number) and self.middle[a] == self.middle[b]

    def _lanes(self) -> list[int | None]:
        """For every line that skips rows or leads back, the x of its lane; short lines are nearest to the boxes."""
        edge = max(abs(x) for x in self.middle.values()) + self.width // 2
        found: list[int | None] = [None] * len(self.edges)
        taken: dict[tuple[bool, int], list[tuple[int, int]]] = {}
        spans = sorted((self._span(n), n) for n in range(len(self.edges)) if not self._direct(n))
        for (_, low, high), number in spans:
            back = number >= len(self.layers.edges)
            lane = 0
            while any(low <= end and start <= high for start, end in taken.get((back, lane), ())):
                lane += 1
            taken.setdefault((back, lane), []).append((low, high))
            found[number] = (edge + LANE * (lane + 1)) * (-1 if back else 1)
        return found

    def _span(self, number: int) -> tuple[int, int, int]:
        """Length, first and last gap of a line in a lane."""
        a, b = self.edges[number]
        low, high = sorted((self.row[a], self.row[b] - 1))
        return high - low, low, high

    def _ports(self, nodes: Sequence[str], leaving: bool) -> list[int]:
        """For every line the x where it meets its box."""
        found = [0] * len(self.edges)
        for node in dict.fromkeys(nodes):
            mine = [n for n in range(len(self.edges)) if self.edges[n][0 if leaving else 1] == node]
            straight = [n for n in mine if self._straight(n)]
            rest = sorted(
                (self._aim(n, leaving) - self.middle[node], n) for n in mine if n not in straight
            )
            before, after = [n for aim, n in rest if aim < 0], [n for aim, n in rest if aim >= 0]
            shift = 0 if leaving else STEP // 2
            for number in straight:
                found[number] = self.middle[node]
            for place, number in enumerate(reversed(before), start=1):
                found[number] = self.middle[node] - STEP * place + shift
            for place, number in enumerate(after, start=1):
                found[number] = self.middle[node] + STEP * place - shift
        return found

    def _aim(self, number: int, leaving: bool) -> int:
        """Towards where a line goes, or from where it comes."""
        lane = self.lanes[number]
        return lane if lane is not None else self.middle[self.edges[number][1 if leaving else 0]]

    def _tracks(self) -> list[list[tuple[int, bool]]]:
        """For every gap the lines that run sideways in it, from top to bottom: (line, whether it leaves there)."""
        gaps: list[list[tuple[int, bool]]] = [[] for _ in self.layers.rows]
        for number, (a, b) in enumerate(self.edges):
            if self._straight(number):
                continue
            gaps[self.row[a]].append((number, True))
            if not self._direct(number):
                gaps[self.row[b] - 1].append((number, False))
        for gap in gaps:
            gap.sort(key=self._height_in_gap)
        return gaps

    def _height_in_gap(self, track: tuple[int, bool]) -> tuple[int, int, int]:
        """Lines into lanes first, lines out of lanes last; of those to one side the outermost is on the outside."""
        number, leaves = track
        if self._direct(number):
            return 1, self.leave[number], number
        outwards = -abs(self.leave[number]) if leaves else abs(self.arrive[number])
        return (0 if leaves else 2), outwards, number

    def _line(
        self, number: int, boxes: Mapping[str, Box], tops: Sequence[int], left: int
    ) -> list[Point]:
        a, b = self.edges[number]
        x1, x2 = self.leave[number] - left, self.arrive[number] - left
        first, last = (x1, boxes[a].y + boxes[a].height), (x2, boxes[b].y)
        if self._straight(number):
            return [first, last]
        out = self._track_y(self.row[a], (number, True), tops)
        lane = self.lanes[number]
        if lane is None:
            return [first, (x1, out), (x2, out), last]
        back = self._track_y(self.row[b] - 1, (number, False), tops)
        x = lane - left
        return [first, (x1, out), (x, out), (x, back), (x2, back), last]

    def _track_y(self, gap: int, track: tuple[int, bool], tops: Sequence[int]) -> int:
        height = max(self.heights[node] for node in self.layers.rows[gap])
        place = self.tracks[gap].index(track)
        return tops[gap] + height + TRACK * (place + 1)
