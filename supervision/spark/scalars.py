"""Numbers, dates and texts: what Spark calls otherwise, or understands otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from hub.core.settings import TIME_ZONE
from supervision.spark.nodes import call, cast, filtered
from supervision.spark.shaping import Node, Untranslatable
from supervision.spark.vocabulary import (
    FREE_DECIMAL,
    INTEGERS,
    MOMENTS,
    NUMBERS,
    TEXTS,
    DType,
    kind,
)

FORMAT_PARTS = set("YmdHMS")
POSIX_CLASSES = {
    "[:space:]": r"\s", "[:digit:]": r"\d", "[:alpha:]": r"\p{Alpha}", "[:alnum:]": r"\p{Alnum}",
}  # fmt: skip


def _known(node: Node, *parts: Node) -> None:
    if any(kind(part) is None for part in parts):
        raise Untranslatable(
            f"of what type the parts of {node.sql('postgres')[:80]} are cannot be told: cast them"
        )


def _sub(node: Node) -> Node:
    _known(node, node.left, node.right)
    if kind(node.left) is DType.DATE and kind(node.right) is DType.DATE:
        return call("datediff", node.left, node.right)
    return _add(node)


def _add(node: Node) -> Node:
    _known(node, node.left, node.right)
    for date, other in ((node.left, node.right), (node.right, node.left)):
        if kind(date) is DType.DATE and (months := _months(other)) is not None:
            return call(
                "add_months", date, exp.Neg(this=months) if isinstance(node, exp.Sub) else months
            )
        if kind(date) is DType.DATE and kind(other) is DType.INTERVAL:
            raise Untranslatable(
                "a date with an interval other than n * interval '1 month': add days"
            )
        if kind(date) is DType.DATE and kind(other) not in INTEGERS:
            raise Untranslatable(f"{node.sql('postgres')[:80]}: days must be an integer")
    return node


def _months(interval: Node) -> Node | None:
    """n of `n * interval '1 month'` or `make_interval(months => n)`."""
    if isinstance(interval, exp.MakeInterval):
        given = {name: value for name, value in interval.args.items() if value is not None}
        value = given["month"] if set(given) == {"month"} else None
        return value.expression if isinstance(value, exp.Kwarg) else value
    if isinstance(interval, exp.Mul):
        for times, one in ((interval.left, interval.right), (interval.right, interval.left)):
            if isinstance(one, exp.Interval) and (one.this.name, str(one.unit).upper()) == (
                "1",
                "MONTH",
            ):
                return times
    return None


def _div(node: Node) -> Node:
    _known(node, node.left, node.right)
    both = {kind(node.left), kind(node.right)}
    if not both <= NUMBERS:
        return node
    if both <= INTEGERS:
        return exp.IntDiv(this=node.left, expression=node.right)
    return exp.Div(this=_decimal(node.left), expression=_decimal(node.right))


def _decimal(node: Node) -> Node:
    """Wide enough for counts and sums of money, narrow enough that a quotient keeps ten digits behind the point."""
    if isinstance(node, exp.Literal) and not node.is_int:
        return node
    return cast(
        exp.Paren(this=node), "decimal(13, 0)" if kind(node) in INTEGERS else "decimal(24, 10)"
    )


def _avg(node: Node) -> Node:
    return node if isinstance(node.parent, exp.Filter) else average(node.this, None)


def average(value: Node, condition: Node | None) -> Node:
    _known(value, value)
    total, count = exp.Sum(this=value.copy()), exp.Count(this=value.copy())
    shape = "decimal(13, 0)" if kind(value) in INTEGERS else "decimal(20, 6)"
    return exp.Paren(
        this=exp.Div(
            this=cast(filtered(total, condition), shape),
            expression=cast(
                exp.Nullif(this=filtered(count, condition), expression=exp.Literal.number(0)),
                "decimal(13, 0)",
            ),
        )
    )


def _cast_to(node: Node) -> Node:
    to, source = node.args["to"], node.this
    target, known = to.this, kind(node.this)
    if isinstance(source, exp.Null):
        return (
            cast(source, "decimal(20, 6)")
            if target is DType.DECIMAL and not to.expressions
            else node
        )
    if target in INTEGERS and known not in INTEGERS | {DType.BOOLEAN} | TEXTS:
        _known(node, source)
        return cast(exp.Round(this=source), to.sql("spark"))  # PostgreSQL rounds, Spark cuts off
    if target is DType.DECIMAL and not to.expressions:
        _known(node, source)
        return _decimal(source) if known in INTEGERS else cast(source, "decimal(20, 6)")
    if target in TEXTS and not _has_one_text(source):
        raise Untranslatable(
            f"the text of {source.sql('postgres')[:60]}: use to_char, or an integer"
        )
    if target in (DType.TIME, DType.JSON, DType.JSONB):
        raise Untranslatable(f"a cast to {to.sql('postgres').lower()}")
    return node


def _has_one_text(node: Node) -> bool:
    """Whether both engines write it alike: no times, and numbers only with the scale that their column declares."""
    known = kind(node)
    if known is DType.DECIMAL:
        return bool(node.type.expressions) and node.type.sql("spark") != FREE_DECIMAL
    return known is not None and known not in MOMENTS and known is not DType.DOUBLE


def _concatenated(node: Node) -> Node:
    for part in (node.left, node.right):
        if kind(part) in {DType.DECIMAL, DType.DOUBLE, DType.JSON, DType.STRUCT} | MOMENTS:
            raise Untranslatable(
                f"|| with {part.sql('postgres')[:60]}: make it a text or an integer first"
            )
    return node


def _local(node: Node) -> Node:
    """The session's time zone is the hub's: an instant is shown, cut and compared in local time as it is."""
    if node.args["zone"].name != TIME_ZONE:
        raise Untranslatable(f"a time zone other than {TIME_ZONE}")
    return node.this


def _formatted(node: Node) -> Node:
    if kind(node.this) not in MOMENTS | {DType.DATE}:
        raise Untranslatable("to_char of what is not known to be a time or a date")
    parts = set(re.findall(r"%(-?\w)", node.args["format"].name))
    if not parts <= FORMAT_PARTS:
        raise Untranslatable(f"to_char with {node.args['format'].name}")
    return node


def _extract(node: Node) -> Node:
    part, value = node.name.upper(), node.expression.unnest()
    if part == "ISODOW":
        day: Node = exp.Add(this=call("weekday", value), expression=exp.Literal.number(1))
        return cast(exp.Paren(this=day), "decimal(10, 0)")
    if part == "DOW":
        day = exp.Sub(this=call("dayofweek", value), expression=exp.Literal.number(1))
        return cast(exp.Paren(this=day), "decimal(10, 0)")
    if part == "EPOCH":
        return _seconds(value)
    if part not in ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "QUARTER"):
        raise Untranslatable(f"extract({part.lower()})")
    return node if part == "SECOND" else cast(node.copy(), "decimal(10, 0)")


def _seconds(span: Node) -> Node:
    if not isinstance(span, exp.Sub) or not {kind(span.left), kind(span.right)} <= MOMENTS:
        raise Untranslatable("extract(epoch) of anything but one moment less another")
    micros = exp.Sub(
        this=call("unix_micros", span.left), expression=call("unix_micros", span.right)
    )
    made = exp.Div(
        this=cast(exp.Paren(this=micros), "decimal(20, 0)"),
        expression=exp.Literal.number(1_000_000),
    )
    return exp.Paren(this=made)


def _matches(node: Node) -> Node:
    pattern = node.expression
    if not isinstance(pattern, exp.Literal):
        raise Untranslatable("a regular expression that is not written out")
    written = pattern.name
    for posix, java in POSIX_CLASSES.items():
        written = written.replace(posix, java)
    if "[:" in written or "(?" in written or "\\m" in written or "\\y" in written:
        raise Untranslatable(f"the regular expression {pattern.name}")
    pattern.replace(exp.Literal.string(written))
    return node


def _substring(node: Node) -> Node:
    if kind(node.args.get("start")) not in INTEGERS:
        raise Untranslatable("substring by a regular expression")
    return node


def _exists(node: Node) -> Node:
    if isinstance(node.this, exp.Select) and not node.this.expressions:
        node.this.set("expressions", [exp.Literal.number(1)])
    return node


SCALARS: dict[Any, Callable[[Any], Node]] = {
    exp.Sub: _sub, exp.Add: _add, exp.Div: _div, exp.Avg: _avg, exp.Cast: _cast_to, exp.DPipe: _concatenated,
    exp.AtTimeZone: _local, exp.TimeToStr: _formatted, exp.Extract: _extract, exp.RegexpLike: _matches,
    exp.Substring: _substring, exp.Exists: _exists,
}  # fmt: skip
