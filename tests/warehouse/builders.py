"""Batches for the landing's tests, written as the source rows that they hold."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Engine, text

from hub.core import fingerprints
from hub.core.batches import (
    PARTIES_SCHEMA,
    RECORDS_SCHEMA,
    SRC,
    UNMAPPED_SCHEMA,
    BatchHeader,
    Drift,
    Landing,
)
from hub.core.entities import ENTITIES
from hub.core.fingerprints import record_hashes
from warehouse import ledger

DEPARTMENT = "civil_affairs"
QUARANTINE_SCHEMA = {
    SRC: pl.Int64(), "record_key": pl.String(), "reason": pl.String(), "column": pl.String(),
    "message": pl.String(), "raw_masked": pl.String(), "raw_encrypted": pl.Binary(),
}  # fmt: skip
SEALED_SCHEMA = {
    name: pl.Binary() if name in ("identity", "phone", "name") else kind
    for name, kind in PARTIES_SCHEMA.items()
    if name != SRC
}


@dataclass
class Row:
    """One source row that passed the gate. `says`: entity → its rows (column → value)."""

    key: str
    version: int = 0
    deleted: bool = False
    says: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass
class Bad:
    """One source row that the gate rejected."""

    reason: str = "bad_date"
    key: str | None = None


def day(number: int) -> datetime:
    """Noon of the nth day of 2012, UTC."""
    return datetime(2012, 1, 1, 12, tzinfo=UTC) + timedelta(days=number - 1)


def case_id(number: str, department: str = DEPARTMENT) -> str:
    ids = pl.DataFrame({"no": [number]}).select(fingerprints.case_id(department, pl.col("no")))
    return str(ids.item())


def case(number: str, **values: Any) -> dict[str, Any]:
    return {"case_id": case_id(number), "source_case_no": number, **values}


def event(number: str, event_no: int, step: str = "accept", **values: Any) -> dict[str, Any]:
    return {
        "case_id": case_id(number), "event_no": event_no, "step_code": step, "started_at": day(event_no),
        **values,
    }  # fmt: skip


def case_row(number: str, *, key: str = "", version: int = 0, deleted: bool = False, events: Sequence[dict[str, Any]] = (), **values: Any) -> Row:  # fmt: skip
    """A source row that reports one case, and its events if there are any."""
    says = {"case": [case(number, **values)], "event": list(events)}
    return Row(key or number, version, deleted, says)


CASE_COLUMNS = ("source_case_no", "power_code", "title", "accepted_at", "closed_at", "result")
EVENT_COLUMNS = ("step_code", "started_at", "handler", "opinion")
OWNED: dict[str, tuple[str, ...]] = {"case": CASE_COLUMNS, "event": EVENT_COLUMNS}


def landing(
    rows: Sequence[Row | Bad],
    *,
    dataset: str = "cases",
    department: str = DEPARTMENT,
    owned: dict[str, tuple[str, ...]] | None = None,
    cursor: dict[str, Any] | None = None,
    raw_object: str = "",
    rows_read: int | None = None,
    kind: str = "extract",
    replays: pl.DataFrame | None = None,
    positions: Sequence[int] | None = None,
    parties: Sequence[tuple[Any, ...]] = (),
    unmapped: Sequence[tuple[Any, ...]] = (),
    drift: tuple[Drift, ...] = (),
) -> Landing:
    """A batch of these source rows, as the gate would hand it over."""
    owned = owned or OWNED
    numbered = list(zip(positions or range(len(rows)), rows, strict=True))
    passed = [(src, row) for src, row in numbered if isinstance(row, Row)]
    entities = {
        name: pl.DataFrame(
            [
                {SRC: src, **{c: values.get(c) for c in (*ENTITIES[name].key, *columns)}}
                for src, row in passed
                for values in row.says.get(name, [])
            ],
            schema={SRC: pl.Int64()}
            | {c: ENTITIES[name].polars_schema[c] for c in dict.fromkeys((*ENTITIES[name].key, *columns)) if c != "department"},
        )
        for name, columns in owned.items()
    }  # fmt: skip
    records = pl.DataFrame(
        [(src, row.key, row.version, row.deleted) for src, row in passed],
        schema=RECORDS_SCHEMA, orient="row",
    )  # fmt: skip
    batch = str(uuid.uuid4())
    return Landing(
        header=BatchHeader(
            batch_id=batch,
            department=department,
            dataset=dataset,
            raw_object=raw_object or f"raw/{department}/{dataset}/{batch}.parquet",
            rows_read=len(rows) if rows_read is None else rows_read,
            versions={"mapping": "m1"},
            cursor=cursor if cursor or kind == "replay" else {"batch": batch},
            kind=kind,
        ),
        records=records.join(record_hashes(entities), on=SRC, how="left").with_columns(
            pl.col("record_hash").fill_null("")
        ),
        entities=entities,
        owned=owned,
        quarantine=pl.DataFrame(
            [
                (src, row.key, row.reason, "SLRQ", "unreadable", f'{{"_file": "a.dbf", "_row": {src + 1}}}', b"sealed")
                for src, row in numbered
                if isinstance(row, Bad)
            ],
            schema=QUARANTINE_SCHEMA, orient="row",
        ),
        parties=pl.DataFrame(list(parties), schema=SEALED_SCHEMA, orient="row"),
        unmapped=pl.DataFrame(list(unmapped), schema=UNMAPPED_SCHEMA, orient="row"),
        drift=drift,
        replays=replays,
    )  # fmt: skip


def started(engine: Engine, batch: Landing) -> Landing:
    """The batch, entered in the ledger as the extraction does."""
    with engine.begin() as connection:
        ledger.start_batch(connection, batch.header, [])
    return batch


def rows_of(engine: Engine, query: str, **binds: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), binds)]


def content(engine: Engine, *, lineage: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """What the warehouse says, without when and by which batch it was told; entity → its sorted rows."""
    found = {}
    for name, entity in ENTITIES.items():
        columns = [*entity.names, "row_hash", "deleted_at is not null"]
        columns += ["dataset", "record_key", "source_version", "raw_row"] if lineage else []
        listed = ", ".join(c if " " in c else f'"{c}"' for c in columns)
        found[name] = sorted(rows_of(engine, f'select {listed} from core."{name}"'), key=repr)  # noqa: S608
    return found
