"""What each check of the gate made of a batch: on how many rows, how many failed, which of them people may look at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from hub.core.batches import CHECKS_SCHEMA, FILE, RESERVED, ROW, SRC
from quality.schemas import Rule

SOURCE = "source"
"""The entity, as it were, of what the mapping refused: its columns are the department's own fields."""

EVALUATED, NO_VALUES, NOT_EVALUATED = "evaluated", "no_values", "not_evaluated"
UNJUDGEABLE = "unjudgeable"
"""The reason, as it were, of a frame that is not of the shape that its checks demand."""

_EXAMPLES = 3
_LONGEST = 200
"""Characters of a field that an example shows."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one check looked at: rows of the entity with something to judge, and those of them that failed.

    `decisive`: source rows of which it is the first reason, so that these add up to the rows rejected, however many
    reasons a row has. `examples`: the first failing source rows.
    """

    reason: str
    entity: str
    column: str
    state: str
    rows: int
    failures: int
    decisive: int = 0
    examples: tuple[int, ...] = ()


def of_rule(name: str, rule: Rule, frame: pl.DataFrame, failed: pl.Series | None) -> CheckOutcome:
    """The outcome of a rule that ran over a frame; `failed`: the source rows of what did not pass."""
    rows = rule.evaluated(frame)
    state = EVALUATED if rows else NO_VALUES
    return CheckOutcome(rule.reason, name, rule.column, state, rows, 0 if failed is None else len(failed))  # fmt: skip


def counted(
    checks: Iterable[CheckOutcome], rejects: pl.DataFrame, source_rows: int
) -> tuple[CheckOutcome, ...]:
    """The checks with the source rows that each of them decided, after those of the mapping that refused any.

    `rejects`: REJECTS_SCHEMA and `entity`, ordered by source row, the first reason of a row before its others.
    """
    counts = (
        rejects.with_columns(pl.col("column").fill_null(""), first=pl.col(SRC).is_first_distinct())
        .group_by("entity", "reason", "column", maintain_order=True)
        .agg(pl.col("first").sum(), pl.len(), pl.col(SRC).unique(maintain_order=True).head(_EXAMPLES))
    )  # fmt: skip
    found = {row[:3]: row[3:] for row in counts.iter_rows()}
    refused = [
        CheckOutcome(reason, SOURCE, column, EVALUATED, source_rows, rows, first, tuple(examples))
        for (entity, reason, column), (first, rows, examples) in found.items()
        if entity == SOURCE
    ]
    return (*refused, *(_with_counts(check, found) for check in checks))


def _with_counts(
    check: CheckOutcome, found: Mapping[tuple[str, ...], tuple[Any, ...]]
) -> CheckOutcome:
    counts = found.get((check.entity, check.reason, f"{check.entity}.{check.column}"))
    if counts is None:
        return check
    first, rows, examples = counts
    return replace(
        check, failures=max(check.failures, rows), decisive=first, examples=tuple(examples)
    )


def frame(checks: Iterable[CheckOutcome], quarantine: pl.DataFrame | None = None) -> pl.DataFrame:
    """The outcomes in CHECKS_SCHEMA, their examples from the batch's quarantined rows (QUARANTINE_SCHEMA), masked."""
    checks = list(checks)
    shown = {} if quarantine is None else _shown(checks, quarantine)
    return pl.DataFrame(
        [
            (
                check.entity, check.column, check.reason, check.state, check.rows, check.failures, check.decisive,
                _json([shown[src] for src in check.examples if src in shown]),
            )
            for check in checks
        ],
        schema=CHECKS_SCHEMA, orient="row",
    )  # fmt: skip


def _shown(checks: list[CheckOutcome], quarantine: pl.DataFrame) -> dict[int, dict[str, Any]]:
    wanted = pl.Series([src for check in checks for src in check.examples], dtype=pl.Int64)
    rows = quarantine.filter(pl.col(SRC).is_in(wanted.implode())).select(SRC, "raw_masked")
    return {src: _example(json.loads(masked)) for src, masked in rows.iter_rows()}


def _example(masked: dict[str, Any]) -> dict[str, Any]:
    fields = {name: _cut(value) for name, value in masked.items() if name not in RESERVED}
    return {"file": masked.get(FILE), "row": masked.get(ROW), "fields": fields}


def _cut(value: str | None) -> str | None:
    return value if value is None or len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"


def _json(examples: list[dict[str, Any]]) -> str | None:
    return json.dumps(examples, ensure_ascii=False) if examples else None
