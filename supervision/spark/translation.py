"""PostgreSQL's SQL, as the rules are written in it, into Spark's: the same answers or a RuleError, nothing between.

sqlglot parses, resolves every column against the tables' schema, infers types, and writes Spark's SQL. What the two
engines understand differently is rewritten by `rewriting`; a construct that is not known to mean the same is refused.

Numbers, dates and texts mean the same. `timestamptz` is Spark's TIMESTAMP under the session's time zone, so that local
dates come out alike. `uuid` is text. `jsonb` is a struct until it leaves a rule as JSON text: objects must therefore be
stripped of their nulls, and a number whose scale is not the column's must be trimmed (`trim_scale`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import ErrorLevel, exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from hub.core.errors import RuleError
from supervision.spark.rewriting import rewrite
from supervision.spark.shaping import (
    Node,
    Untranslatable,
    fold_selections,
    inline_laterals,
    lateral_types,
    mark_laterals,
)
from supervision.spark.vocabulary import METADATA, refused

Schema = Mapping[str, Mapping[str, exp.DataType]]
"""Table, as Spark calls it (`core_case`, `run`) → column → type."""


@dataclass(frozen=True, slots=True)
class Recursion:
    """A recursive CTE, which Spark knows only without duplicate elimination: the caller repeats `step`, which reads
    the rows found last as the table `name`, until it finds no new ones."""

    name: str
    columns: tuple[str, ...]
    base: str
    step: str


@dataclass(frozen=True, slots=True)
class Translation:
    """Spark's text of one SELECT. `recursions` are made first, in their order, as temporary views."""

    select: str
    recursions: tuple[Recursion, ...]


def spark_name(table: exp.Table) -> str:
    """What a table is called in Spark, where schemas are part of the name: core."case" → core_case."""
    return f"{table.db}_{table.name}" if table.db else table.name


def parse(sql: str, where: str) -> Node:
    """The statement as a tree. Raises RuleError."""
    try:
        return parse_one(sql, read="postgres")
    except SqlglotError as failure:
        raise RuleError(f"sqlglot cannot read it: {failure}", where=where) from None


def tables(sql: str, where: str) -> set[tuple[str, str]]:
    """(schema, name) of every table of the warehouse that the statement reads."""
    return {(table.db, table.name) for table in parse(sql, where).find_all(exp.Table) if table.db}


def names(sql: str, where: str) -> set[str]:
    """Every column name that the statement mentions; a column that it does not mention decides nothing."""
    return {column.name for column in parse(sql, where).find_all(exp.Column)}


def translate(sql: str, schema: Schema, where: str) -> Translation:
    """Spark's text of a SELECT. `where` names the file. Raises RuleError, naming the construct."""
    tree = parse(sql, where)
    for table in tree.find_all(exp.Table):
        _flatten(table)
    for query in tree.find_all(exp.CTE):
        query.set("materialized", None)  # PostgreSQL's own affair: it says when, not what
    for query in tree.find_all(exp.Select):
        skipped = query.args.get("offset")
        if skipped is not None and skipped.expression.name == "0":
            query.set("offset", None)  # likewise
    try:
        for construct in refused(tree):
            raise Untranslatable(construct)
        known = {name: dict(columns) for name, columns in schema.items()}
        recursions = tuple(_recursions(tree, known))
        return Translation(_spark(tree, known), recursions)
    except Untranslatable as failure:
        raise RuleError(
            f"cannot be carried to Spark: {failure}", where=where,
            remedy="write it in the portable subset (supervision/rules/README.md)",
        ) from None  # fmt: skip
    except SqlglotError as failure:
        raise RuleError(f"cannot be carried to Spark: {failure}", where=where) from None


def _flatten(table: exp.Table) -> None:
    if table.db:
        alias = table.alias_or_name
        table.set("this", exp.to_identifier(spark_name(table)))
        table.set("db", None)
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))


def _typed(tree: Node, schema: Schema) -> Node:
    known = MappingSchema(dict(schema), dialect="postgres")
    fold_selections(tree)
    qualified = qualify(
        tree, schema=known, dialect="postgres", quote_identifiers=False, identify=False
    )
    flat = qualified.copy()
    inline_laterals(flat)
    mark_laterals(qualified, lateral_types(_annotated(flat, known)))
    return _annotated(qualified, known)


def _annotated(tree: Node, known: MappingSchema) -> Node:
    return annotate_types(tree, schema=known, expression_metadata=METADATA, dialect="postgres")


def _spark(tree: Node, schema: Schema) -> str:
    made = rewrite(_typed(tree, schema))
    return str(made.sql("spark", unsupported_level=ErrorLevel.RAISE))


def _recursions(tree: Node, schema: dict[str, dict[str, exp.DataType]]) -> Iterator[Recursion]:
    """Take the recursive CTEs out of the tree; afterwards the schema knows them as tables."""
    clause = tree.args.get("with_")
    if clause is None or not clause.args.get("recursive"):
        return
    others = {cte.alias for cte in clause.expressions}
    for cte in list(clause.expressions):
        name = cte.alias
        if name not in {table.name for table in cte.find_all(exp.Table)}:
            continue
        body = cte.this
        if not isinstance(body, exp.Union) or not body.args.get("distinct"):
            raise Untranslatable("a recursion that is not base UNION step")
        columns = tuple(column.name for column in cte.args["alias"].args.get("columns") or ())
        if not columns:
            raise Untranslatable("a recursive CTE without a list of columns")
        read = {table.name for table in body.find_all(exp.Table)}
        if read & (others - {name} - set(schema)):
            raise Untranslatable("a recursive CTE that reads another CTE")
        base = _typed(body.left.copy(), schema)
        types = [column.type or exp.DataType.build("unknown") for column in base.selects]
        schema[name] = dict(zip(columns, types, strict=True))
        yield Recursion(
            name, columns, _spark(body.left.copy(), schema), _spark(body.right.copy(), schema)
        )
        cte.pop()
    if clause.expressions:
        clause.set("recursive", False)
    else:
        clause.pop()
