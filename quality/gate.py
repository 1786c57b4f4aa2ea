"""The gate: every canonical row of a batch is judged before it lands; a source row passes or fails as a whole.

pandera is the judge, on eager frames. What it cannot judge (a column of the wrong type, a check that raised, a
check that did not run) stops the batch: unjudged is not passed. What each check looked at is told in either case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl
from pandera.config import config_context
from pandera.errors import SchemaError, SchemaErrors

from hub.core import codelists as canonical
from hub.core.batches import RECORDS_SCHEMA, REJECTS_SCHEMA, SRC, Mapped
from hub.core.entities import ENTITIES
from hub.core.errors import GateStopped
from hub.core.fingerprints import version_of
from quality.outcomes import NOT_EVALUATED, SOURCE, UNJUDGEABLE, CheckOutcome, counted, of_rule
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


class NotJudged(GateStopped):
    """A batch of which something could not be judged; `checks` says what was, and what was not."""

    def __init__(self, first: GateStopped, checks: Iterable[CheckOutcome]) -> None:
        super().__init__(first.what, where=first.where, remedy=first.remedy)
        self.checks = tuple(checks)


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
    Raises NotJudged when a frame cannot be judged at all (the mapping broke its promise, or a check raised or
    did not run), SpecError when a code list is missing.
    """
    if mapped.records[SRC].is_duplicated().any():
        broken = GateStopped("a source row has two records", remedy="correct the mapping engine")
        raise NotJudged(broken, [CheckOutcome(UNJUDGEABLE, RECORD, "", NOT_EVALUATED, 0, 0)])
    mapped = _without_bare_rows_of_the_deleted(mapped)
    verdict = _judge(RECORD, mapped.records, RECORDS_SCHEMA, record_rules())
    # A row that the mapping refused may have no key for that very reason: say so once.
    verdicts = [replace(verdict, rejects=_remaining(verdict.rejects, mapped.rejects[SRC].unique()))]
    for name, frame in mapped.entities.items():
        owned = mapped.owned[name]
        rules = entity_rules(ENTITIES[name], owned, codelists)
        verdicts.append(_judge(name, frame, owned_types(ENTITIES[name], owned), rules))
    refused = mapped.rejects.with_columns(entity=pl.lit(SOURCE))
    found = pl.concat([refused, _orphans(mapped), *(verdict.rejects for verdict in verdicts)])
    values = _counting(found, waived)
    unjudged = [verdict.problem for verdict in verdicts if verdict.problem]
    keys = _judge_keys(mapped, values[SRC].unique()) if not unjudged else _unjudged_keys(mapped)
    unjudged += [verdict.problem for verdict in keys if verdict.problem]
    rejects = (
        pl.concat([values, *(verdict.rejects for verdict in keys)])
        .sort(SRC, maintain_order=True)
        .unique([SRC, "reason", "column"], keep="first", maintain_order=True)
    )
    told = [outcome for verdict in (*verdicts, *keys) for outcome in verdict.checks]
    checks = counted(told, rejects, mapped.records.height)
    if unjudged:
        raise NotJudged(unjudged[0], checks)
    return GateResult(_without(mapped, rejects[SRC].unique()), rejects.drop("entity"), checks)


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


@dataclass(frozen=True, slots=True)
class _Verdict:
    """On one frame. `rejects`: REJECTS_SCHEMA and `entity`; `problem`: why some of it could not be judged."""

    rejects: pl.DataFrame
    checks: list[CheckOutcome]
    problem: GateStopped | None = None


def _unjudged_keys(mapped: Mapped) -> list[_Verdict]:
    """Uniqueness is a matter of the rows that would land: it is not known before all else has been judged."""
    return [
        _Verdict(_NONE, _not_evaluated(name, [key_rule(ENTITIES[name])]))
        for name in mapped.entities
    ]


def _judge_keys(mapped: Mapped, rejected: pl.Series) -> list[_Verdict]:
    """Uniqueness of entity keys, among the rows that would land and live.

    Neither a rejected row nor a record that the source has deleted holds a key against another.
    """
    verdicts = []
    records = mapped.records.filter(pl.col("deleted").not_()).select(SRC, RECORD_KEY)
    for name, frame in mapped.entities.items():
        types = key_types(ENTITIES[name])
        keys = (
            _remaining(frame, rejected)
            .join(records, on=SRC, how="inner")
            .select(*types)
            .sort(SRC, maintain_order=True)
        )
        verdicts.append(_judge(name, keys, types, [key_rule(ENTITIES[name])]))
    return verdicts


def _judge(
    name: str, frame: pl.DataFrame, types: Mapping[str, pl.DataType], rules: list[Rule]
) -> _Verdict:
    ran: set[tuple[str, str]] = set()
    failed: dict[tuple[str, str], pl.Series] = {}
    problems: list[GateStopped] = []
    try:
        with config_context(validation_enabled=True, validation_depth="SCHEMA_AND_DATA"):
            schema(name, types, rules, ran).validate(frame, lazy=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            if error.check_output is None:  # there is no telling which rows failed
                problems.append(_unjudged(name, error))
                ran -= {rule.id for rule in rules if _concerns(error, rule)}
            else:
                rows = frame[SRC].filter(~error.check_output.to_series())
                failed[error.check.error, error.schema.name] = rows
    skipped = [rule for rule in rules if rule.id not in ran]
    if skipped and not problems:
        problems.append(_did_not_run(name, skipped))
    judged = [rule for rule in rules if rule.id in ran]
    checks = [of_rule(name, rule, frame, failed.get(rule.id)) for rule in judged]
    checks += _not_evaluated(name, skipped)
    if problems and not skipped:  # the frame itself is not what was promised
        checks.append(CheckOutcome(UNJUDGEABLE, name, "", NOT_EVALUATED, 0, 0))
    rejects = [_rejects(name, rule, failed.get(rule.id)) for rule in judged]
    return _Verdict(pl.concat([_NONE, *rejects]), checks, problems[0] if problems else None)


def _not_evaluated(name: str, rules: Iterable[Rule]) -> list[CheckOutcome]:
    return [CheckOutcome(rule.reason, name, rule.column, NOT_EVALUATED, 0, 0) for rule in rules]


def _concerns(error: SchemaError, rule: Rule) -> bool:
    """Whether what pandera could not judge leaves that rule unjudged: the rule itself, or its column's type."""
    if getattr(error.schema, "name", None) != rule.column:
        return False
    return getattr(error.check, "error", None) in (None, rule.reason)


def _did_not_run(name: str, rules: list[Rule]) -> GateStopped:
    return GateStopped(
        f"{len(rules)} checks did not run, first {rules[0].reason} on {rules[0].column}",
        where=name,
        remedy="nothing of this batch has landed; report this as a defect of the hub",
    )


def _unjudged(name: str, error: SchemaError) -> GateStopped:
    column = getattr(error.schema, "name", None) or "?"
    what = getattr(error.reason_code, "name", "unknown")
    check = getattr(error.check, "name", None) or str(error.check)
    return GateStopped(
        f"cannot be judged: {what} ({check}, column {column})",
        where=name,
        remedy="correct the mapping engine or the check; nothing of this batch has landed",
    )


_NONE = pl.DataFrame(schema=REJECTS_SCHEMA | {"entity": pl.String()})


def _rejects(name: str, rule: Rule, rows: pl.Series | None) -> pl.DataFrame:
    if rows is None:
        return _NONE
    return (
        rows.unique(maintain_order=True)
        .to_frame(SRC)
        .with_columns(
            reason=pl.lit(rule.reason),
            column=pl.lit(f"{name}.{rule.column}"),
            message=pl.lit(rule.message),
            entity=pl.lit(name),
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
