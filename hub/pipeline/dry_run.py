"""`hub run --dry-run`: what the next run would do, and nothing written anywhere.

The way is that of a run (read, map, gate), under the same agreed load; then the registry is asked, in a read-only
transaction, which records are new, changed or as they were. No raw object, no ledger, no cursor, no acknowledgement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa
from sqlalchemy import Connection

from hub.core.batches import (
    FILE,
    ROW,
    SRC,
    BatchHeader,
    Drift,
    Landing,
    Mapped,
    RawBatch,
)
from hub.core.errors import GateStopped, SourceClosed, SourceRefused, SpecError
from hub.core.privacy import mask_message
from hub.core.progress import advanced
from hub.pipeline.batch import hashed
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from hub.pipeline.judging import judge
from hub.pipeline.reading import Source, open_source
from quality import quarantine
from warehouse import foreseeing, ledger
from warehouse.fates import REGISTRY_SCHEMA

ROWS, EXAMPLES = 10_000, 3
FATES = ("new", "changed", "unchanged", "superseded", "quarantined")


@dataclass(slots=True)
class Reason:
    """Rows that would be quarantined for one reason. `examples`: file, row, message and the masked row."""

    reason: str
    column: str | None
    rows: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Trial:
    """What would become of one dataset. `more`: the source has further rows, which were not looked at."""

    dataset: str
    read: int = 0
    fates: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FATES, 0))
    entities: dict[str, int] = field(default_factory=dict)
    reasons: dict[tuple[str, str | None], Reason] = field(default_factory=dict)
    unmapped: dict[tuple[str, str], int] = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    more: bool = False
    stopped: str = ""
    """Why the gate would stop, so that nothing of the batch would land."""
    refused: str = ""
    """What the source refused, or why it may not be read further now."""


def dry_run(hub: Hub, slug: str, rows: int = ROWS) -> list[Trial]:
    """Try the next run of a department, at most `rows` rows of each dataset. Writes nothing.

    Raises SpecError where there is no warehouse yet or reading itself would change the source, SourceUnavailable, SourceRefused
    and SourceClosed (when nothing at all could be read), DepartmentBusy.
    """
    with hub.engine.connect().execution_options(postgresql_readonly=True) as connection:
        if not foreseeing.is_prepared(connection):
            raise SpecError(
                "there is no warehouse to compare with", file=hub.settings.home,
                remedy="hub migrate makes it; a dry run itself writes nothing",
            )  # fmt: skip
        with working_alone(hub, slug):
            source = open_source(hub, slug)
            if getattr(source.connector, "changes_when_read", False):
                raise source.department.source.error(
                    f"a source of access method '{source.department.spec.connector}' is changed by reading it",
                    ("connector",), "hub doctor looks at what waits without touching it",
                )  # fmt: skip
            return [
                _try(hub, connection, source, dataset, rows)
                for dataset in source.connector.datasets
            ]


def _try(hub: Hub, connection: Connection, source: Source, dataset: str, rows: int) -> Trial:
    trial = Trial(dataset)
    registry = pl.DataFrame(schema=REGISTRY_SCHEMA)
    cursor = ledger.read_cursor(connection, source.slug, dataset)
    before = ledger.read_shape(connection, source.slug, dataset)
    try:
        for raw in _first(source.connector.read(dataset, cursor), rows, trial):
            trial.read += raw.num_rows
            try:
                registry = _judge(hub, connection, source, trial, raw, before, registry)
            except GateStopped as stop:
                trial.stopped = str(stop)
                break
            advanced("map", source.slug, dataset, raw.num_rows)
    except (SourceRefused, SourceClosed) as refusal:
        if not trial.read:
            raise
        trial.refused = str(refusal)
    return trial


def _first(batches: Iterator[RawBatch], rows: int, trial: Trial) -> Iterator[pa.Table]:
    """The tables of the batches, up to so many rows."""
    left = rows
    for raw in batches:
        if left == 0:
            trial.more = True
            return
        trial.more = raw.table.num_rows > left
        table = raw.table.slice(0, left)
        left -= table.num_rows
        yield table
        if trial.more:
            return


def _judge(
    hub: Hub,
    connection: Connection,
    source: Source,
    trial: Trial,
    raw: pa.Table,
    before: dict[str, str] | None,
    registry: pl.DataFrame,
) -> pl.DataFrame:
    """Map, gate and compare one batch; returns the registry as it would be after it."""
    mapping, dataset = source.mapping, trial.dataset
    judged = judge(source.department, mapping, dataset, raw, before, hub.keys)
    trial.drift = tuple(dict.fromkeys((*trial.drift, *judged.drift)))
    clean, rejects = judged.gated.clean, judged.gated.rejects
    asked = foreseeing.known(connection, source.slug, dataset, clean.records["record_key"])
    registry = pl.concat([asked.join(registry, on="record_key", how="anti"), registry])
    foreseen = foreseeing.foresee(_landing(source.slug, dataset, raw, clean), registry)
    rejects = pl.concat([rejects, foreseen.rejects])
    _count(trial, foreseen.rows, clean, judged.mapped)
    _explain(trial, raw, rejects, judged.mapped.records, mapping.sensitive_roles(dataset))
    if not judged.held:
        _stop_if_unfit(trial, source, judged.gated.rejects[SRC].n_unique(), raw.num_rows)
    return foreseeing.after(registry, foreseen)


def _stop_if_unfit(trial: Trial, source: Source, rejected: int, rows: int) -> None:
    threshold = source.department.threshold(trial.dataset)
    if threshold.stops(rejected, rows):
        raise GateStopped(
            f"{rejected} of {rows} rows are rejected, more than a share of {threshold.stop_above}: nothing of the "
            "batch would land before somebody has decided (hub gate)"
        )


def _landing(slug: str, dataset: str, raw: pa.Table, clean: Mapped) -> Landing:
    """As much of a landing as its fates depend on. It is never landed."""
    none = pl.DataFrame()
    header = BatchHeader("", slug, dataset, "", raw.num_rows, {}, None)
    return Landing(header, hashed(clean), clean.entities, clean.owned, none, none, none)


def _count(trial: Trial, rows: pl.DataFrame, clean: Mapped, mapped: Mapped) -> None:
    for fate, count in rows["fate"].value_counts().iter_rows():
        trial.fates[fate] += count
    lands = rows.filter(pl.col("fate").is_in(["new", "changed"]))[SRC].implode()
    for name, frame in clean.entities.items():
        count = frame.filter(pl.col(SRC).is_in(lands)).height
        trial.entities[name] = trial.entities.get(name, 0) + count
    for codelist, code, _, count in mapped.unmapped.iter_rows():
        trial.unmapped[codelist, code] = trial.unmapped.get((codelist, code), 0) + count


def _explain(
    trial: Trial, raw: pa.Table, rejects: pl.DataFrame, records: pl.DataFrame, roles: dict[str, str]
) -> None:
    """Each rejected row once, under its first reason, with a few masked examples of each."""
    verdicts = rejects.unique(SRC, keep="first", maintain_order=True)
    trial.fates["quarantined"] += verdicts.height
    for (reason, column), rows in verdicts.group_by("reason", "column", maintain_order=True):
        known = trial.reasons.setdefault(
            (str(reason), column), Reason(str(reason), column)
        )  # fmt: skip
        known.rows += rows.height
        if (wanted := EXAMPLES - len(known.examples)) > 0:
            known.examples += _examples(raw, rows.head(wanted), records, roles)


def _examples(
    raw: pa.Table, rejects: pl.DataFrame, records: pl.DataFrame, roles: dict[str, str]
) -> list[dict[str, Any]]:
    positions = rejects[SRC].to_list()
    shown = quarantine.masked_rows(pl.DataFrame(raw.take(positions)), roles)
    keys = dict(records.filter(pl.col(SRC).is_in(positions)).select(SRC, "record_key").iter_rows())
    return [
        {
            "file": row.pop(FILE, None), "row": row.pop(ROW, None),
            "record_key": mask_message(keys.get(position) or ""),
            "message": mask_message(message),
            "fields": {name: value for name, value in row.items() if not name.startswith("_")},
        }
        for position, message, row in zip(positions, rejects["message"], shown, strict=True)
    ]  # fmt: skip
