"""Small trees of Spark's SQL, to build larger ones from."""

from __future__ import annotations

from sqlglot import exp

from supervision.spark.shaping import Node


def ancestors(node: Node) -> list[Node]:
    """What the node stands in, from the nearest outwards."""
    found, at = [], node.parent
    while at is not None:
        found.append(at)
        at = at.parent
    return found


def call(name: str, *arguments: Node | None) -> exp.Anonymous:
    """A call of one of Spark's functions; arguments that are None are left out."""
    return exp.Anonymous(this=name, expressions=[each for each in arguments if each is not None])


def function(body: Node, *names: str) -> exp.Lambda:
    """(names) -> body."""
    return exp.Lambda(this=body, expressions=[exp.to_identifier(name) for name in names])


def cast(node: Node, to: str) -> exp.Cast:
    """cast (node as that type of Spark's)."""
    return exp.Cast(this=node, to=exp.DataType.build(to, dialect="spark"))


def filtered(aggregate: Node, condition: Node | None) -> Node:
    """aggregate filter (where condition)."""
    return (
        aggregate
        if condition is None
        else exp.Filter(this=aggregate, expression=exp.Where(this=condition.copy()))
    )
