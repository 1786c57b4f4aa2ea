"""Objects and arrays: jsonb as structs, ordered aggregates as sorted lists, set operators as functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from supervision.spark.nodes import ancestors, call, cast, filtered, function
from supervision.spark.scalars import average
from supervision.spark.shaping import Node, Untranslatable
from supervision.spark.vocabulary import FREE_DECIMAL, DType, kind


def _anonymous(node: Node) -> Node:
    made = CALLS.get(node.name.lower())
    return node if made is None else made(node)


def _kept(node: Node) -> Node:
    """array_without, array_within: of a null array an empty one, as array(select …) makes it."""
    held: Node = call("array_contains", node.expressions[1], exp.column("x"))
    test = held if node.name.lower() == "array_within" else exp.Not(this=held)
    kept = call("filter", node.expressions[0], function(test, "x"))
    return exp.Coalesce(this=kept, expressions=[exp.Array()])


def _object(node: Node) -> Node:
    """A number of a column without a declared scale has none that could be kept: it is written without zeros."""
    parts = [
        cast(part, "variant") if part.type and part.type.sql("spark") == FREE_DECIMAL else part
        for part in node.expressions
    ]
    return call("named_struct", *parts)


def _trimmed(node: Node) -> Node:
    """In facts a variant, which is written without trailing zeros; limit and elapsed are trimmed by PostgreSQL."""
    over = ancestors(node)
    if any(
        isinstance(each, exp.Anonymous)
        and each.name.lower() in ("jsonb_build_object", "named_struct")
        for each in over
    ):
        return cast(node.expressions[0], "variant")
    if any(
        isinstance(each, exp.Alias) and each.alias in ("limit_value", "elapsed") for each in over
    ):
        return node.expressions[0]
    raise Untranslatable(
        "trim_scale outside of jsonb_build_object: it is not known where its text would be seen"
    )


def _filter(node: Node) -> Node:
    """Aggregates that are not one call in Spark take the condition inside."""
    what, condition = node.this, node.expression.this
    if isinstance(what, exp.ArrayAgg | exp.GroupConcat) or (
        isinstance(what, exp.Anonymous) and what.name.lower() == "jsonb_agg"
    ):
        return _gathered(what, condition)
    if isinstance(what, exp.Avg):
        return average(what.this, condition)
    return node


def _gathered(node: Node, condition: Node | None) -> Node:
    """array_agg, jsonb_agg, string_agg: an array in the order asked for, with its nulls; null of no rows."""
    inner = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
    value, ordering = (
        (inner.this, inner.expressions) if isinstance(inner, exp.Order) else (inner, [])
    )
    distinct = isinstance(value, exp.Distinct)
    if distinct:
        value = value.expressions[0]
    if isinstance(node, exp.GroupConcat):
        known = exp.Is(this=value.copy(), expression=exp.Null()).not_()
        condition = exp.and_(condition, known) if condition is not None else known
    if ordering and (_is_object(value) or any(each.args.get("desc") for each in ordering)):
        listed = _sorted_both_ways(value, ordering, condition)
    else:
        listed = _sorted(value, ordering, condition, distinct)
    if isinstance(node, exp.GroupConcat):
        listed = call("array_join", listed, node.args.get("separator") or exp.Literal.string(","))
    found = exp.GT(
        this=filtered(exp.Count(this=exp.Star()), condition), expression=exp.Literal.number(0)
    )
    return exp.Case(ifs=[exp.If(this=found, true=listed)])


def _is_object(node: Node) -> bool:
    """Objects are not compared: what they hold may have no order."""
    return isinstance(node, exp.Anonymous) and node.name.lower() == "named_struct"


def _pairs(ordering: list[Node]) -> list[Node]:
    """Sort keys, each after whether it is null: PostgreSQL sorts nulls last, and so do these."""
    return [
        part
        for each in ordering
        for part in (exp.Is(this=each.this.copy(), expression=exp.Null()), each.this.copy())
    ]


def _named(values: list[Node]) -> Node:
    named = [
        part for no, each in enumerate(values) for part in (exp.Literal.string(f"k{no}"), each)
    ]
    return call("named_struct", *named)


def _sorted(
    value: Node,
    ordering: list[Node],
    condition: Node | None,
    distinct: bool,
) -> Node:
    keys = _pairs(ordering)
    rows: Node = filtered(call("collect_list", _named([*keys, value.copy()])), condition)
    if distinct:
        rows = call("array_distinct", rows)
    if ordering:
        rows = call("array_sort", rows)
    return call("transform", rows, function(exp.column(f"k{len(keys)}", table="row"), "row"))


def _sorted_both_ways(value: Node, ordering: list[Node], condition: Node | None) -> Node:
    keys = _pairs(ordering)
    rows = filtered(call("collect_list", _named([*keys, value.copy()])), condition)
    branches = []
    for no, each in enumerate(ordering):
        # In a descending order PostgreSQL has nulls first, in both engines unless told otherwise.
        for key, down in (
            (f"k{2 * no}", not _nulls_last(each)),
            (f"k{2 * no + 1}", bool(each.args.get("desc"))),
        ):
            a, b = exp.column(key, table="a"), exp.column(key, table="b")
            for first, sign in ((exp.LT, 1 if down else -1), (exp.GT, -1 if down else 1)):
                branches.append(
                    exp.If(
                        this=first(this=a.copy(), expression=b.copy()),
                        true=exp.Literal.number(sign),
                    )
                )
    order = exp.Case(ifs=branches, default=exp.Literal.number(0))
    return call(
        "transform",
        call("array_sort", rows, function(order, "a", "b")),
        function(exp.column(f"k{len(keys)}", table="row"), "row"),
    )


def _nulls_last(each: Node) -> bool:
    return not each.args.get("nulls_first")


def _array_agg(node: Node) -> Node:
    return node if isinstance(node.parent, exp.Filter) else _gathered(node, None)


def _element(node: Node) -> Node:
    return call("get", node.this, node.expressions[0])


def _contained(part: Node, whole: Node) -> Node:
    held = exp.Coalesce(
        this=call("array_contains", whole.copy(), exp.column("x")), expressions=[exp.false()]
    )
    known = exp.Is(this=whole.copy(), expression=exp.Null()).not_()
    return exp.Case(ifs=[exp.If(this=known, true=call("forall", part, function(held, "x")))])


def _overlap(node: Node) -> Node:
    known = exp.and_(
        *(
            exp.Is(this=each.copy(), expression=exp.Null()).not_()
            for each in (node.this, node.expression)
        )
    )
    met = exp.Coalesce(
        this=call("arrays_overlap", node.this, node.expression), expressions=[exp.false()]
    )
    return exp.Case(ifs=[exp.If(this=known, true=met)])


def _equal(node: Node) -> Node:
    """x = any (array)."""
    if not isinstance(node.expression, exp.Any):
        return node
    return call("array_contains", _listed(node.expression.this), node.this)


def _unequal(node: Node) -> Node:
    """x <> all (array)."""
    every = node.expression
    if not isinstance(every, exp.Anonymous):
        return node
    return exp.Not(this=call("array_contains", _listed(every.expressions[0]), node.this))


def _listed(node: Node) -> Node:
    bare = node.unnest()
    if isinstance(bare, exp.Query | exp.Subquery):
        raise Untranslatable("any or all of a subquery")
    return bare


def _coalesce(node: Node) -> Node:
    if kind(node.this) is DType.ARRAY or kind(node) is DType.ARRAY:
        for other in node.expressions:
            if isinstance(other, exp.Literal) and other.name == "{}":
                other.replace(cast(exp.Array(), "array<string>"))
    return node


def _split(node: Node) -> Node:
    """string_to_array; Spark's split takes a pattern, so the separator is quoted."""
    quoted = exp.DPipe(
        this=exp.DPipe(this=exp.Literal.string(r"\Q"), expression=node.expression),
        expression=exp.Literal.string(r"\E"),
    )
    parts = call("split", node.this, quoted, exp.Literal.number(-1))
    empty = exp.EQ(this=node.this.copy(), expression=exp.Literal.string(""))
    return exp.Case(
        ifs=[exp.If(this=empty, true=cast(exp.Array(), "array<string>"))], default=parts
    )


def _size(node: Node) -> Node:
    """array_length of an empty array is null."""
    return exp.Nullif(this=call("size", node.this), expression=exp.Literal.number(0))


def _join(node: Node) -> Node:
    """join lateral unnest (array) with ordinality."""
    target = node.this
    rows = target.this if isinstance(target, exp.Lateral) else target
    if not isinstance(rows, exp.Unnest):
        return node
    alias = target.args.get("alias")
    if len(rows.expressions) != 1 or alias is None:
        raise Untranslatable("unnest of several arrays, or without an alias")
    columns = [column.name for column in alias.columns] or [alias.name]
    offset = rows.args.get("offset")
    if isinstance(offset, exp.Identifier):
        columns = [*columns[:1], offset.name]
    place = exp.Add(this=exp.column("i"), expression=exp.Literal.number(1))
    parts: list[Node] = [exp.Literal.string("x"), exp.column("x")]
    if len(columns) > 1:
        parts += [exp.Literal.string("i"), place]
    listed = call(
        "transform", rows.expressions[0], function(call("named_struct", *parts), "x", "i")
    )
    named = exp.TableAlias(
        this=exp.to_identifier(alias.name), columns=[exp.to_identifier(name) for name in columns]
    )
    node.set(
        "this",
        exp.Table(this=exp.Anonymous(this="lateral inline", expressions=[listed]), alias=named),
    )
    return node


CALLS: dict[str, Callable[[Any], Node]] = {
    "jsonb_build_object": _object,
    "jsonb_strip_nulls": lambda node: node.expressions[0],  # to_json leaves nulls out
    "jsonb_agg": _array_agg,
    "trim_scale": _trimmed,
    "cardinality": lambda node: call("size", *node.expressions),
    "array_without": _kept,
    "array_within": _kept,
    "array_ordered": lambda node: call("array_sort", *node.expressions),
}
ARRAYS: dict[Any, Callable[[Any], Node]] = {
    exp.Anonymous: _anonymous, exp.Filter: _filter, exp.ArrayAgg: _array_agg, exp.GroupConcat: _array_agg,
    exp.Bracket: _element, exp.ArrayContainedBy: lambda node: _contained(node.this, node.expression),
    exp.ArrayContainsAll: lambda node: _contained(node.expression, node.this), exp.ArrayOverlaps: _overlap,
    exp.EQ: _equal, exp.NEQ: _unequal, exp.Coalesce: _coalesce, exp.StringToArray: _split, exp.ArraySize: _size,
    exp.Join: _join,
}  # fmt: skip
