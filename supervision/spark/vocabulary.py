"""What of PostgreSQL's SQL is understood, and of what type each of it is.

Whatever is not in these tables is refused: the translation must not guess. The types follow PostgreSQL where sqlglot's
own inference does not (a date less a date is a number of days, to it a date).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.annotate_types import TypeAnnotator

from supervision.spark.shaping import TYPE, Node

DType = exp.DType
INTEGERS = {DType.INT, DType.BIGINT, DType.SMALLINT, DType.TINYINT}
NUMBERS = INTEGERS | {DType.DECIMAL, DType.DOUBLE}
FREE_DECIMAL = "DECIMAL(20, 6)"
"""What a `numeric` without precision travels as (`reading`); in PostgreSQL it has the scale that its text had."""
Annotator = Callable[[TypeAnnotator, Any], Any]
TEXTS = {DType.TEXT, DType.VARCHAR, DType.UUID, DType.CHAR}
MOMENTS = {DType.TIMESTAMP, DType.TIMESTAMPTZ, DType.TIMESTAMPLTZ}
STRUCTURE: set[type[Any]] = {
    exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.With, exp.CTE,
    exp.Subquery, exp.Union, exp.Distinct, exp.Table, exp.TableAlias, exp.Identifier, exp.Column, exp.Star, exp.Alias,
    exp.Lateral, exp.Unnest, exp.Tuple, exp.Window, exp.WindowSpec, exp.Filter, exp.Exists, exp.Var, exp.DataType,
    exp.DataTypeParam, exp.Kwarg, exp.Any, exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.Interval,
    exp.IgnoreNulls,
}  # fmt: skip
ANONYMOUS = {
    "jsonb_build_object", "jsonb_strip_nulls", "jsonb_agg", "trim_scale", "all", "cardinality", "bool_or", "bool_and",
    "array_without", "array_within", "array_ordered",
}  # fmt: skip


def kind(node: Node | None) -> Any:
    """The node's type without its parameters; None when it is not known."""
    found = node.type.this if node is not None and node.type else None
    return None if found in (DType.UNKNOWN, DType.USERDEFINED) else found


def refused(tree: Node) -> Iterator[str]:
    """What the statement uses that is not understood, in words."""
    for node in tree.walk():
        if isinstance(node, exp.Array) and isinstance(
            next(iter(node.expressions), None), exp.Select
        ):
            continue  # `shaping` knows what it can make of it
        if isinstance(node, exp.Anonymous):
            if node.name.lower() not in ANONYMOUS:
                yield f"the function {node.name}"
        elif type(node) not in STRUCTURE and type(node) not in TYPES:
            yield f"{type(node).__name__} ({node.sql('postgres')[:60]})"
        elif (
            isinstance(node, exp.Select)
            and node.args.get("distinct")
            and node.args["distinct"].args.get("on")
        ):
            yield "distinct on"
        elif isinstance(node, exp.Select) and (node.args.get("limit") or node.args.get("offset")):
            yield "limit"


def _is(dtype: Any) -> Annotator:
    return lambda annotator, node: annotator._set_type(node, dtype)


def _bracketed(annotator: TypeAnnotator, node: Node) -> None:
    annotator._set_type(node, node.meta.get(TYPE) or node.this.type or DType.UNKNOWN)


def _first(annotator: TypeAnnotator, node: Node) -> None:
    annotator._set_type(node, node.this.type if node.this else DType.UNKNOWN)


def _common(annotator: TypeAnnotator, node: Node) -> None:
    """The type of the alternatives: that which is not null; the wider of numbers."""
    found = [
        part.type for part in _alternatives(node) if part.type and not part.is_type(DType.NULL)
    ]
    if not found or any(each.is_type(DType.UNKNOWN) for each in found):
        typed = [each for each in found if not each.is_type(DType.UNKNOWN)]
        annotator._set_type(node, typed[0] if typed else DType.UNKNOWN)
        return
    annotator._set_type(node, max(found, key=lambda each: _WIDTH.get(each.this, 0)))


_WIDTH = {
    DType.VARCHAR: -1,
    DType.SMALLINT: 1,
    DType.INT: 2,
    DType.BIGINT: 3,
    DType.DECIMAL: 4,
    DType.DOUBLE: 5,
}


def _alternatives(node: Node) -> list[Node]:
    if isinstance(node, exp.Case):
        found = [branch.args["true"] for branch in node.args["ifs"]]
        return [*found, node.args["default"]] if node.args.get("default") else found
    return [node.this, *node.expressions]


def _minus(annotator: TypeAnnotator, node: Node) -> None:
    left, right = kind(node.left), kind(node.right)
    if left is DType.DATE and right is DType.DATE:
        annotator._set_type(node, DType.INT)
    elif left in MOMENTS and right in MOMENTS:
        annotator._set_type(node, DType.INTERVAL)
    else:
        _plus(annotator, node)


def _plus(annotator: TypeAnnotator, node: Node) -> None:
    kinds = {kind(node.left), kind(node.right)}
    for temporal in (DType.DATE, *MOMENTS):
        if temporal in kinds:
            annotator._set_type(node, temporal)
            return
    _wider(annotator, node)


def _wider(annotator: TypeAnnotator, node: Node) -> None:
    kinds = [kind(node.left), kind(node.right)]
    if DType.INTERVAL in kinds:
        annotator._set_type(node, DType.INTERVAL)
    elif all(each in NUMBERS for each in kinds):
        annotator._set_type(node, max(kinds, key=lambda each: _WIDTH[each]))
    else:
        annotator._set_type(node, DType.UNKNOWN)


def _sum(annotator: TypeAnnotator, node: Node) -> None:
    known = kind(node.this)
    if known is DType.BIGINT:  # which PostgreSQL adds up as numeric
        known = DType.DECIMAL
    annotator._set_type(node, DType.BIGINT if known in INTEGERS else known or DType.UNKNOWN)


def _array(annotator: TypeAnnotator, node: Node) -> None:
    element = node.this if isinstance(node, exp.ArrayAgg) else next(iter(node.expressions), None)
    if isinstance(element, exp.Order | exp.Distinct):
        element = element.this or element.expressions[0]
    if isinstance(element, exp.Distinct):
        element = element.expressions[0]
    inner = element.type if element is not None and element.type else DType.UNKNOWN
    annotator._set_type(
        node, exp.DataType(this=DType.ARRAY, expressions=[exp.DataType.build(inner)], nested=True)
    )


def _element(annotator: TypeAnnotator, node: Node) -> None:
    inner = node.this.type.expressions if node.this.type else []
    annotator._set_type(node, inner[0] if inner else DType.UNKNOWN)


def _concatenated(annotator: TypeAnnotator, node: Node) -> None:
    is_array = DType.ARRAY in (kind(node.left), kind(node.right))
    annotator._set_type(node, node.left.type if is_array else DType.TEXT)


def _called(annotator: TypeAnnotator, node: Node) -> None:
    name = node.name.lower()
    if name in ("jsonb_build_object", "jsonb_strip_nulls", "jsonb_agg"):
        annotator._set_type(node, DType.JSON)
    elif name == "trim_scale":
        annotator._set_type(node, DType.DECIMAL)
    elif name in ("bool_or", "bool_and"):
        annotator._set_type(node, DType.BOOLEAN)
    elif name == "cardinality":
        annotator._set_type(node, DType.INT)
    elif name.startswith("array_"):
        annotator._set_type(node, node.expressions[0].type)


def _divided(annotator: TypeAnnotator, node: Node) -> None:
    both = {kind(node.left), kind(node.right)}
    annotator._set_type(node, DType.BIGINT if both <= INTEGERS else DType.DECIMAL)


def _literal(annotator: TypeAnnotator, node: Node) -> None:
    assert isinstance(node, exp.Literal)
    annotator._set_type(
        node, DType.VARCHAR if node.is_string else DType.INT if node.is_int else DType.DECIMAL
    )


TYPES: dict[type[Any], Annotator] = {
    **{
        each: _is(DType.BOOLEAN)
        for each in (
            exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.Between,
            exp.NullSafeEQ, exp.NullSafeNEQ, exp.Boolean, exp.Like, exp.RegexpLike, exp.ArrayContainedBy,
            exp.ArrayContainsAll, exp.ArrayOverlaps, exp.LogicalOr, exp.LogicalAnd, exp.StartsWith,
        )
    },
    **{
        each: _is(DType.TEXT)
        for each in (
            exp.Trim, exp.Lower, exp.Upper, exp.MD5, exp.Chr, exp.Left, exp.Right, exp.Substring, exp.SplitPart,
            exp.Replace, exp.Translate, exp.Pad, exp.TimeToStr, exp.GroupConcat, exp.JSONExtractScalar,
        )
    },
    **{each: _is(DType.BIGINT) for each in (exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank)},
    **{each: _is(DType.INT) for each in (exp.Length, exp.ArraySize, exp.StrPosition)},
    **dict.fromkeys((exp.Paren, exp.Neg, exp.Abs, exp.Min, exp.Max, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.Round, exp.Nullif, exp.Window, exp.Filter, exp.Alias, exp.Floor, exp.Ceil, exp.Order, exp.ArrayRemove), _first),
    **dict.fromkeys((exp.Case, exp.Coalesce, exp.Greatest, exp.Least), _common),
    exp.Paren: _bracketed,
    exp.If: lambda annotator, node: annotator._set_type(node, node.args["true"].type),
    exp.Sub: _minus, exp.Add: _plus, exp.Mul: _wider, exp.Mod: _wider, exp.Div: _divided,
    exp.Sum: _sum, exp.Avg: _is(DType.DECIMAL), exp.Extract: _is(DType.DECIMAL), exp.ArrayAgg: _array, exp.Array: _array, exp.Bracket: _element,
    exp.DPipe: _concatenated, exp.Anonymous: _called, exp.Literal: _literal, exp.Null: _is(DType.NULL),
    exp.Cast: lambda annotator, node: annotator._set_type(node, node.args["to"]),
    exp.AtTimeZone: _is(DType.TIMESTAMP), exp.TimestampTrunc: _is(DType.TIMESTAMP),
    exp.MakeInterval: _is(DType.INTERVAL), exp.Interval: _is(DType.INTERVAL),
    exp.StringToArray: _is(exp.DataType.build("array<text>", dialect="spark")),
    exp.Subquery: TypeAnnotator._annotate_subquery,
}  # fmt: skip
METADATA: Any = {each: {"annotator": annotator} for each, annotator in TYPES.items()}
