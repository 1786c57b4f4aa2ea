"""Every small way to break a rule's SELECT: one change each to its syntax tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

DIALECT = "postgres"
Change = tuple[str, Callable[[Any], exp.Expression | None]]
"""What is done, and a function that makes the changed node from a copy of the old one."""

_COMPARISONS: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT, exp.EQ: exp.NEQ, exp.NEQ: exp.EQ,
    exp.NullSafeEQ: exp.NullSafeNEQ, exp.NullSafeNEQ: exp.NullSafeEQ, exp.Add: exp.Sub, exp.Sub: exp.Add,
}  # fmt: skip
_AGGREGATES: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.Min: exp.Max, exp.Max: exp.Min, exp.LogicalOr: exp.LogicalAnd, exp.LogicalAnd: exp.LogicalOr,
    exp.Greatest: exp.Least, exp.Least: exp.Greatest,
}  # fmt: skip
_WORDS = {
    "working_day": "calendar_day", "calendar_day": "working_day", "hour": "minute", "minute": "hour",
    "violation": "compliant", "compliant": "violation",
    "not_evaluable": "compliant",
}  # fmt: skip
_CONDITIONS = (exp.Where, exp.Having, exp.Join, exp.If)
_ENGINES = ("valid_from", "valid_to")
"""Ends of a parameter's period: one value holds for all days of a rule's tests, and how periods meet is no rule's doing."""

_ALWAYS_THERE = "parameter"
"""A parameter has a row for every place and day: joined to it from the left or not is the same."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken SELECT: what was done, where, and the whole text."""

    kind: str
    fragment: str
    sql: str


def canonical(sql: str) -> str:
    """The SELECT as the mutants write it, unbroken."""
    return sqlglot.parse_one(sql, dialect=DIALECT).sql(DIALECT)


def mutants(sql: str) -> list[Mutant]:
    """All mutants of a SELECT, in the order of its text; those that read alike are one."""
    tree = sqlglot.parse_one(sql, dialect=DIALECT)
    made: dict[str, Mutant] = {}
    nodes = list(tree.dfs())
    for number, node in enumerate(nodes):
        for kind, change in _changes(node):
            copy = tree.copy()
            twin = list(copy.dfs())[number]
            new = change(twin)
            if new is None:
                twin.pop()
            elif new is not twin:
                twin.replace(new)
            text = copy.sql(DIALECT)
            fragment = (_context(node)).sql(DIALECT)
            made.setdefault(text, Mutant(kind, fragment, text))
    made.pop(tree.sql(DIALECT), None)
    return list(made.values())


def _changes(node: exp.Expression) -> Iterator[Change]:
    if type(node) in _COMPARISONS and not _is_inside(node, exp.Interval):
        other = _COMPARISONS[type(node)]
        yield f"{node.key} → {other.key}", lambda n: other(this=n.this, expression=n.expression)
    if type(node) in _AGGREGATES:
        swapped = _AGGREGATES[type(node)]
        yield f"{node.key} → {swapped.key}", lambda n: swapped(**n.args)
    if isinstance(node, exp.And):
        yield "and → or", lambda n: exp.Or(this=n.this, expression=n.expression)
        yield "left of and dropped", lambda n: n.expression
        yield "right of and dropped", lambda n: n.this
    if isinstance(node, exp.Or):
        yield "or → and", lambda n: exp.And(this=n.this, expression=n.expression)
    if isinstance(node, exp.Not):
        yield "not dropped", lambda n: n.this
    if isinstance(node, exp.Is) and not isinstance(node.parent, exp.Not):
        yield "is null → is not null", lambda n: exp.Not(this=n.copy())
    if isinstance(node, exp.Between):
        yield from _between(node)
    if isinstance(node, exp.Coalesce):
        yield "coalesce dropped", lambda n: n.this
    if isinstance(node, exp.Literal):
        yield from _literal(node)
    yield from _joins_and_filters(node)


def _between(node: exp.Between) -> Iterator[Change]:
    ends = (node.args["low"], node.args["high"])
    if any(isinstance(end, exp.Column) and end.name in _ENGINES for end in ends):
        return
    yield (
        "between without its low end",
        lambda n: exp.and_(
            exp.GT(this=n.this.copy(), expression=n.args["low"]),
            exp.LTE(this=n.this.copy(), expression=n.args["high"]),
            wrap=False,
        ),
    )
    yield (
        "between without its high end",
        lambda n: exp.and_(
            exp.GTE(this=n.this.copy(), expression=n.args["low"]),
            exp.LT(this=n.this.copy(), expression=n.args["high"]),
            wrap=False,
        ),
    )


def _literal(node: exp.Literal) -> Iterator[Change]:
    if node.is_string:
        if (other := _WORDS.get(node.this)) and not _is_inside(node, exp.Interval, exp.Extract):
            yield f"{node.this} → {other}", lambda _: exp.Literal.string(other)
    elif node.is_int and not isinstance(node.parent, exp.DataTypeParam):
        for step in (1, -1):
            new = int(node.this) + step
            yield f"{node.this} → {new}", lambda _, new=new: exp.Literal.number(new)


def _joins_and_filters(node: exp.Expression) -> Iterator[Change]:
    if isinstance(node, exp.Ordered):
        yield "order turned", lambda n: exp.Ordered(this=n.this, desc=not n.args.get("desc"))
    if isinstance(node, exp.Join) and node.side == "LEFT" and node.this.name != _ALWAYS_THERE:
        yield "left join → join", _inner
    if isinstance(node, exp.Where | exp.Having) and not isinstance(node.this, exp.And):
        yield "where dropped", lambda n: n.replace(type(n)(this=exp.true())) and n
    if isinstance(node, exp.Filter):
        yield "filter dropped", lambda n: n.this


def _inner(join: exp.Join) -> exp.Join:
    lateral = join.args.get("on") is not None and isinstance(join.args["on"], exp.Boolean)
    join.set("side", None)
    join.set("kind", None if not lateral else join.args.get("kind"))
    return join


def _is_inside(node: exp.Expression, *kinds: type[exp.Expression]) -> bool:
    return node.find_ancestor(*kinds) is not None


def _context(node: exp.Expression) -> exp.Expression:
    """The smallest expression around a node that tells a reader where it stands."""
    while isinstance(node, exp.Literal | exp.Column) and node.parent is not None:
        node = node.parent
    return node
