"""The gate: every canonical row of a batch is judged before it lands; a source row passes or fails as a whole.

pandera is the judge, on eager frames. What it cannot judge (a column of the wrong type, a check that raised, a
check that did not run) stops the batch: unjudged is not passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl
from pandera.config import config_context
from pandera.errors import SchemaError, SchemaErrors

from hub.core import codelists as canonical
from hub.core.batches import RECORDS_SCHEMA, REJECTS_SCHEMA, SRC, Mapped
from hub.core.entities import ENTITIES
from hub.core.errors import GateStopped
from hub.core.fingerprints import version_of
from quality.schemas import (
    RECORD,
    RECORD_KEY,
    Codelists,
    Rule,
    described,
    entity_rules,
    key_rule,
    key_types,
    owned_types,
    record_rules,
    schema,
)


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one check looked at: rows evaluated (with something to judge) and rows that failed."""

    check: str
    entity: str
    column: str
    rows: int
    failures: int


@dataclass(frozen=True, slots=True)
class GateResult:
    """A batch, sorted.

    `clean`: what may land; its own `rejects` are empty. `rejects`: REJECTS_SCHEMA, the mapping's before the gate's,
    ordered by source row, each (row, reason, column) once. Every source row is in `clean.records` or in `rejects`.
    """

    clean: Mapped
    rejects: pl.DataFrame
    checks: tuple[CheckOutcome, ...]


def inspect(mapped: Mapped, codelists: Codelists, waived: pl.DataFrame | None = None) -> GateResult:
    """Judge one mapped batch.

    `waived`: `_src` and `reason` of rejects that do not count, because a person accepts the row as it is.
    Raises GateStopped when a frame cannot be judged at all (the mapping broke its promise, or a check raised or
    did not run), SpecError when a code list is missing.
    """
    if mapped.records[SRC].is_duplicated().any():
        raise GateStopped("a source row has two records", remedy="correct the mapping engine")
    mapped = _without_bare_rows_of_the_deleted(mapped)
    found, checks = _judge(RECORD, mapped.records, RECORDS_SCHEMA, record_rules())
    # A row that the mapping refused may have no key for that very reason: say so once.
    frames = [_remaining(found, mapped.rejects[SRC].unique())]
    for name, frame in mapped.entities.items():
        owned = mapped.owned[name]
        rules = entity_rules(ENTITIES[name], owned, codelists)
        found, outcomes = _judge(name, frame, owned_types(ENTITIES[name], owned), rules)
        frames.append(found)
        checks += outcomes
    values = _counting(pl.concat([mapped.rejects, _orphans(mapped), *frames]), waived)
    keys, outcomes = _judge_keys(mapped, values[SRC].unique())
    rejects = (
        pl.concat([values, keys])
        .sort(SRC, maintain_order=True)
        .unique([SRC, "reason", "column"], keep="first", maintain_order=True)
    )
    return GateResult(_without(mapped, rejects[SRC].unique()), rejects, (*checks, *outcomes))


def _counting(rejects: pl.DataFrame, waived: pl.DataFrame | None) -> pl.DataFrame:
    if waived is None or waived.is_empty():
        return rejects
    return rejects.join(waived, on=[SRC, "reason"], how="anti", maintain_order="left")


def _without_bare_rows_of_the_deleted(mapped: Mapped) -> Mapped:
    """A deleted record may arrive as nothing but its key. Rows of it that lack what is required say nothing and are
    left out; the record lands as deleted, and what it reported before keeps its last image."""
    gone = mapped.records.filter(pl.col("deleted"))[SRC]
    if gone.is_empty():
        return mapped
    entities = {}
    for name, frame in mapped.entities.items():
        required = [
            c.name for c in ENTITIES[name].columns if c.required and c.name in frame.columns
        ]
        bare = pl.any_horizontal(pl.col(column).is_null() for column in required)
        entities[name] = frame.filter((pl.col(SRC).is_in(gone.implode()) & bare).not_())
    return replace(mapped, entities=entities)


def schema_version(codelists: Codelists | None = None) -> str:
    """Content version of everything the gate judges by: entities, rules, code lists (default: the canonical)."""
    return version_of(*described(canonical.codelists() if codelists is None else codelists))


def _judge_keys(mapped: Mapped, rejected: pl.Series) -> tuple[pl.DataFrame, list[CheckOutcome]]:
    """Uniqueness of entity keys, among the rows that would land and live.

    Neither a rejected row nor a record that the source has deleted holds a key against another.
    """
    frames, checks = [pl.DataFrame(schema=REJECTS_SCHEMA)], []
    records = mapped.records.filter(pl.col("deleted").not_()).select(SRC, RECORD_KEY)
    for name, frame in mapped.entities.items():
        types = key_types(ENTITIES[name])
        keys = (
            _remaining(frame, rejected)
            .join(records, on=SRC, how="inner")
            .select(*types)
            .sort(SRC, maintain_order=True)
        )
        found, outcomes = _judge(name, keys, types, [key_rule(ENTITIES[name])])
        frames.append(found)
        checks += outcomes
    return pl.concat(frames), checks


def _judge(
    name: str, frame: pl.DataFrame, types: Mapping[str, pl.DataType], rules: list[Rule]
) -> tuple[pl.DataFrame, list[CheckOutcome]]:
    ran: set[tuple[str, str]] = set()
    failed: dict[tuple[str, str], pl.Series] = {}
    try:
        with config_context(validation_enabled=True, validation_depth="SCHEMA_AND_DATA"):
            schema(name, types, rules, ran).validate(frame, lazy=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            reason, column = _reason(name, error)
            failed[reason, column] = frame[SRC].filter(~error.check_output.to_series())
    if skipped := [rule for rule in rules if (rule.reason, rule.column) not in ran]:
        raise GateStopped(
            f"{len(skipped)} checks did not run, first {skipped[0].reason} on {skipped[0].column}",
            where=name,
            remedy="nothing of this batch has landed; report this as a defect of the hub",
        )
    rejects = [_rejects(name, rule, failed.get((rule.reason, rule.column))) for rule in rules]
    outcomes = [
        CheckOutcome(
            rule.reason, name, rule.column, rule.evaluated(frame),
            len(failed.get((rule.reason, rule.column), ())),
        )
        for rule in rules
    ]  # fmt: skip
    return pl.concat([pl.DataFrame(schema=REJECTS_SCHEMA), *rejects]), outcomes


def _reason(name: str, error: SchemaError) -> tuple[str, str]:
    """The reason code and column of a failed check. Raises GateStopped if there is no telling which rows failed."""
    if error.check_output is None:
        column = getattr(error.schema, "name", None) or "?"
        what = getattr(error.reason_code, "name", "unknown")
        check = getattr(error.check, "name", None) or str(error.check)
        raise GateStopped(
            f"cannot be judged: {what} ({check}, column {column})",
            where=name,
            remedy="correct the mapping engine or the check; nothing of this batch has landed",
        ) from None
    return error.check.error, error.schema.name


def _rejects(name: str, rule: Rule, rows: pl.Series | None) -> pl.DataFrame:
    if rows is None:
        return pl.DataFrame(schema=REJECTS_SCHEMA)
    return (
        rows.unique(maintain_order=True)
        .to_frame(SRC)
        .with_columns(
            reason=pl.lit(rule.reason),
            column=pl.lit(f"{name}.{rule.column}"),
            message=pl.lit(rule.message),
        )
    )


def _orphans(mapped: Mapped) -> pl.DataFrame:
    """Entity rows of source rows that have no record and no reject: they may not slip through."""
    known = pl.concat([mapped.records[SRC], mapped.rejects[SRC]]).unique()
    emitted = pl.concat([known.clear(), *(frame[SRC] for frame in mapped.entities.values())])
    lost = emitted.unique().sort()
    rule = record_rules()[0]
    return _rejects(RECORD, rule, lost.filter(~lost.is_in(known.implode())))


def _remaining(frame: pl.DataFrame, rejected: pl.Series) -> pl.DataFrame:
    if rejected.is_empty():
        return frame
    return frame.join(rejected.to_frame(SRC), on=SRC, how="anti", maintain_order="left")


def _without(mapped: Mapped, rejected: pl.Series) -> Mapped:
    return replace(
        mapped,
        records=_remaining(mapped.records, rejected),
        entities={name: _remaining(frame, rejected) for name, frame in mapped.entities.items()},
        parties=_remaining(mapped.parties, rejected),
        rejects=mapped.rejects.clear(),
    )
