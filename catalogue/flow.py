"""The flow of a power as a graph: one start, an end that can be reached, no dead step, nothing mandatory to bypass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalogue.loading import Source
from catalogue.spec import PowerVersion, Step
from hub.core.errors import SpecError

Edges = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Graph:
    """Steps in order, and what may follow what."""

    steps: tuple[Step, ...]
    edges: Edges

    def starts(self) -> list[str]:
        """Steps that follow nothing."""
        followers = {b for _, b in self.edges}
        return [step.code for step in self.steps if step.code not in followers]

    def ends(self) -> set[str]:
        """Steps that nothing follows."""
        return {step.code for step in self.steps} - {a for a, _ in self.edges}

    def reached(self, start: str, without: str | None = None) -> set[str]:
        """The start and every step that can be reached from it, never passing `without`."""
        found, waiting = set[str](), [start]
        while waiting:
            step = waiting.pop()
            if step not in found and step != without:
                found.add(step)
                waiting += [b for a, b in self.edges if a == step]
        return found


def check(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    """Errors of one version's flow. A power that is off the platform may have none; what is done on the spot may lack one
    for the time being, which the supervision of disclosure says (`disclosure.power_incomplete`)."""
    if not version.steps and (not version.on_platform or version.case_kind == "instant"):
        return
    if not version.steps:
        yield source.error("a power on the platform has no steps", "steps")
        return
    errors = [*_repeated_steps(version, source), *_written(version, source)]
    yield from errors
    if not errors:
        graph = Graph(
            version.steps, frozenset((t.from_step, t.to_step) for t in version.transitions)
        )
        yield from _shape(graph, source)


def _repeated_steps(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    seen: set[str] = set()
    for position, step in enumerate(version.steps):
        if step.code in seen:
            yield source.error(f"step '{step.code}' is listed twice", "steps", position, "code")
        seen.add(step.code)


def _written(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    """Transitions name known steps, none twice, none to itself. Transitions come in the order of the chains."""
    known = {step.code for step in version.steps}
    seen: set[tuple[str, str]] = set()
    for at, a, b in source.arrows():
        for code in sorted({a, b} - known):
            yield source.error(f"transition {a} -> {b} names the unknown step '{code}'", *at)
        if a == b:
            yield source.error(f"step '{a}' follows itself", *at)
        if (a, b) in seen:
            yield source.error(f"transition {a} -> {b} is written twice", *at)
        seen.add((a, b))


def _shape(graph: Graph, source: Source) -> Iterator[SpecError]:
    starts, ends = graph.starts(), graph.ends()
    if len(starts) != 1:
        yield source.error(
            f"the flow has {len(starts)} starts: {', '.join(starts) or 'none'}", "flow"
        )
        return
    if not ends:
        yield source.error("the flow reaches no end", "flow")
        return
    reached = graph.reached(starts[0])
    for position, step in enumerate(graph.steps):
        at = ("steps", position, "code")
        if step.code not in reached:
            yield source.error(f"step '{step.code}' is dead: the flow never reaches it", *at)
        elif not graph.reached(step.code) & ends:
            yield source.error(f"step '{step.code}' is dead: no end can be reached from it", *at)
        elif what := _duty(graph, step, starts[0], ends):
            yield source.error(what, *at)


def _duty(graph: Graph, step: Step, start: str, ends: set[str]) -> str | None:
    """A mandatory step lies on every way to an end; an optional one can be passed by."""
    if step.code == start:
        return (
            None if step.kind == "acceptance" else f"the flow starts with '{start}', not acceptance"
        )
    others = graph.reached(start, without=step.code)
    if step.mandatory:
        bypassed = bool(others & (ends - {step.code}))
        return f"mandatory step '{step.code}' can be bypassed" if bypassed else None
    needed = {s.code for s in graph.steps if s.mandatory} - others
    return f"optional step '{step.code}' cannot be passed by" if needed else None
