"""The rewriting of one typed statement: what Spark understands otherwise than PostgreSQL is said in Spark's words."""

from __future__ import annotations

from sqlglot import exp

from supervision.spark.arrays import ARRAYS
from supervision.spark.nodes import ancestors
from supervision.spark.scalars import SCALARS
from supervision.spark.shaping import Node, Untranslatable

REWRITES = {**ARRAYS, **SCALARS}


def rewrite(tree: Node) -> Node:
    """The statement for Spark, from below upwards. Raises Untranslatable."""
    _check_objects(tree)
    root = exp.Paren(this=tree)
    _rewrite(tree)
    result: Node = root.this
    return result


def _rewrite(node: Node) -> None:
    for child in list(node.iter_expressions()):
        _rewrite(child)
    rule = REWRITES.get(type(node))
    if rule is not None:
        made = rule(node)
        if made is not node:
            made.type = node.type
            node.replace(made)


def _check_objects(tree: Node) -> None:
    """A struct knows no null that is there: only objects whose nulls are stripped mean the same in both engines."""
    for call in tree.find_all(exp.Anonymous):
        if call.name.lower() != "jsonb_build_object":
            continue
        over = {each.name.lower() for each in ancestors(call) if isinstance(each, exp.Anonymous)}
        if not over & {"jsonb_strip_nulls", "jsonb_agg"}:
            raise Untranslatable("jsonb_build_object outside of jsonb_strip_nulls")
