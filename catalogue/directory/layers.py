"""A flow in layers: every step below those that it follows; ways back up are set apart as loops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Edge = tuple[str, str]
START, END = "*start", "*end"


@dataclass(frozen=True, slots=True)
class Layers:
    """Nodes in rows from top to bottom; `edges` that lead down, and `loops` that lead back up."""

    rows: tuple[tuple[str, ...], ...]
    edges: tuple[Edge, ...]
    loops: tuple[Edge, ...]

    def row_of(self) -> dict[str, int]:
        """Node → its row."""
        return {node: number for number, row in enumerate(self.rows) for node in row}


def arrange(steps: Sequence[str], transitions: Iterable[Edge]) -> Layers:
    """Lay out steps between a start and an end. Steps that nothing reaches begin, steps that lead nowhere end."""
    own = list(dict.fromkeys((a, b) for a, b in transitions if a != b))
    inner, loops = _acyclic(steps, own)
    followers, leaders = {b for _, b in inner}, {a for a, _ in own}
    edges = [
        *((START, step) for step in steps if step not in followers),
        *inner,
        *((step, END) for step in steps if step not in leaders),
    ]
    if not steps:
        edges = [(START, END)]
    return Layers(_rows([START, *steps, END], edges), tuple(edges), tuple(loops))


def _acyclic(steps: Sequence[str], edges: Sequence[Edge]) -> tuple[list[Edge], list[Edge]]:
    """The edges without those that close a circle, and these, as a walk in the order of the steps meets them."""
    after: dict[str, list[str]] = {step: [b for a, b in edges if a == step] for step in steps}
    state: dict[str, str] = {}
    loops: list[Edge] = []

    def visit(step: str) -> None:
        state[step] = "open"
        for follower in after[step]:
            if state.get(follower) == "open":
                loops.append((step, follower))
            elif follower not in state:
                visit(follower)
        state[step] = "done"

    for step in steps:
        if step not in state:
            visit(step)
    return [edge for edge in edges if edge not in loops], loops


def _rows(nodes: Sequence[str], edges: Sequence[Edge]) -> tuple[tuple[str, ...], ...]:
    """Each node as far down as its longest way from the start; within a row below the middle of its predecessors."""
    before: Mapping[str, list[str]] = {n: [a for a, b in edges if b == n] for n in nodes}
    depth: dict[str, int] = {}

    def deep(node: str) -> int:
        if node not in depth:
            depth[node] = 1 + max((deep(leader) for leader in before[node]), default=-1)
        return depth[node]

    for node in nodes:
        deep(node)
    # A step that only leads back up may lie lower than all that lead to the end.
    depth[END] = 1 + max(depth[node] for node in nodes if node != END)
    rows: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in nodes:
        rows[depth[node]].append(node)
    place: dict[str, float] = {}
    for row in rows:
        wish = {n: _mean([place[leader] for leader in before[n]]) for n in row}
        row.sort(key=lambda n: wish[n])
        place |= {n: i - (len(row) - 1) / 2 for i, n in enumerate(row)}
    return tuple(tuple(row) for row in rows)


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0
