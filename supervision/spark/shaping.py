"""Before types are inferred: selections over an array become functions, laterals of expressions their expressions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from sqlglot import exp

Node: TypeAlias = Any
"""A node of sqlglot's tree; what it holds depends on its class, more than types can say."""


class Untranslatable(ValueError):
    """A construct that Spark cannot be told, in words."""


def fold_selections(tree: Node) -> None:
    """array(select x from unnest(a) x where … order by x) → a filter of the array, sorted if asked for.

    The condition may compare x with `all` or `any` of another array, or with plain expressions.
    """
    for node in list(tree.find_all(exp.Array)):
        query = node.expressions[0] if node.expressions else None
        if isinstance(query, exp.Select):
            node.replace(_folded(query))


def _folded(query: exp.Select) -> Node:
    source = query.args["from_"].this if query.args.get("from_") else None
    if not isinstance(source, exp.Unnest) or len(query.expressions) != 1 or query.args.get("joins"):
        raise Untranslatable("array(select …) of anything but one unnest")
    name = (source.args["alias"].columns or [source.args["alias"].this])[0].name
    only = query.expressions[0]
    if not isinstance(only, exp.Column) or only.name != name:
        raise Untranslatable("array(select …) of anything but the element itself")
    values: Node = source.expressions[0]
    where = query.args.get("where")
    if where is not None:
        values = _kept(values, where.this, name)
    order = query.args.get("order")
    if order is not None:
        (key,) = order.expressions
        if key.args.get("desc") or not isinstance(key.this, exp.Column) or key.this.name != name:
            raise Untranslatable("array(select … order by) other than by the element")
        values = exp.Anonymous(this="array_ordered", expressions=[values])
    return values


def _kept(values: Node, condition: Node, name: str) -> Node:
    """x <> all (other) and x = any (other) as calls that `rewriting` knows."""
    other, call = condition.expression, None
    if (
        isinstance(condition, exp.NEQ)
        and isinstance(other, exp.Anonymous)
        and other.name.lower() == "all"
    ):
        call, other = "array_without", other.expressions[0]
    elif isinstance(condition, exp.EQ) and isinstance(other, exp.Any):
        call, other = "array_within", other.this
    if call is None or not isinstance(condition.this, exp.Column) or condition.this.name != name:
        raise Untranslatable(f"array(select … where {condition.sql('postgres')[:60]})")
    return exp.Anonymous(this=call, expressions=[values, other.unnest()])


LATERAL = "lateral"
TYPE = "lateral_type"
Place = tuple[int, str, str]
"""Which SELECT of the statement (counted in its order), the lateral's alias, the column."""


def inline_laterals(tree: Node) -> None:
    """`cross join lateral (select <expressions> as x, …) t`: t.x is replaced by its expression, wherever it is used.

    Every column must be qualified already. It serves to infer types only: chains of laterals would grow beyond measure.
    """
    for no, select, join in _laterals(tree):
        alias, columns = _expressions(join)
        join.pop()
        for column in list(_columns_of(select, alias)):
            made = exp.Paren(this=columns[column.name].copy())
            made.meta[LATERAL] = (no, alias, column.name)
            column.replace(made)


def lateral_types(tree: Node) -> dict[Place, exp.DataType]:
    """Of a typed statement with inlined laterals: the type of each of their columns."""
    return {
        node.meta[LATERAL]: node.type
        for node in tree.find_all(exp.Paren)
        if LATERAL in node.meta and node.type
    }


def mark_laterals(tree: Node, types: dict[Place, exp.DataType]) -> None:
    """Give the columns of laterals, which stay, the types found, in parentheses that carry them."""
    for no, select, join in _laterals(tree):
        alias = join.this.alias
        for column in list(_columns_of(select, alias)):
            place = (no, alias, column.name)
            made = exp.Paren(this=column.copy())
            made.meta[TYPE] = types.get(place)
            column.replace(made)


def _laterals(tree: Node) -> list[tuple[int, exp.Select, exp.Join]]:
    return [
        (no, select, join)
        for no, select in enumerate(tree.find_all(exp.Select))
        for join in select.args.get("joins") or ()
        if isinstance(join.this, exp.Lateral) and isinstance(join.this.this, exp.Subquery)
    ]


def _expressions(join: exp.Join) -> tuple[str, dict[str, Node]]:
    lateral = join.this
    query = lateral.this.this
    if not isinstance(query, exp.Select) or query.args.get("from_"):
        raise Untranslatable("lateral (select …) that reads a table")
    parts = [
        name for name, part in query.args.items() if part and name not in ("expressions", "kind")
    ]
    if parts:
        raise Untranslatable(f"lateral (select …) with {', '.join(parts)}")
    if join.args.get("side") or not _always(join):
        raise Untranslatable("lateral (select …) joined other than by cross join")
    renamed = [column.name for column in lateral.args["alias"].columns]
    selected = {each.alias_or_name: each.unalias() for each in query.expressions}
    if renamed:
        selected = dict(zip(renamed, selected.values(), strict=True))
    return lateral.args["alias"].name, selected


def _always(join: exp.Join) -> bool:
    condition = join.args.get("on")
    return condition is None or (isinstance(condition, exp.Boolean) and bool(condition.this))


def _columns_of(select: exp.Select, alias: str) -> Iterator[exp.Column]:
    """The columns of that source in the SELECT and in the subqueries within it that do not mean another one by it."""
    for column in select.find_all(exp.Column):
        if column.table == alias and _nearest(column, alias, select):
            yield column


def _nearest(column: exp.Column, alias: str, select: exp.Select) -> bool:
    at = column.parent
    while at is not None and at is not select:
        if isinstance(at, exp.With) or (isinstance(at, exp.Select) and alias in _sources(at)):
            return False
        at = at.parent
    return True


def _sources(select: exp.Select) -> set[str]:
    parts = [select.args.get("from_"), *(select.args.get("joins") or ())]
    return {part.this.alias_or_name for part in parts if part is not None}
