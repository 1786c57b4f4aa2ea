"""Where the gate and Great Expectations check the same thing they agree: what the one rejects is what the other lists.

One batch of good and bad rows goes through the gate. Then all of it, the rejected rows too, is forced into core: the
rows that the checkpoint lists must be those that the gate rejected, reason by reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Connection, text

from hub.core.batches import (
    PARTIES_SCHEMA,
    RECORDS_SCHEMA,
    REJECTS_SCHEMA,
    SRC,
    UNMAPPED_SCHEMA,
    Mapped,
)
from hub.core.codelists import codelists
from hub.core.entities import ENTITIES, LINEAGE, Column, Kind
from hub.pipeline.quality import inspect
from quality import gate
from tests.quality.conftest import Open

NOON = datetime(2012, 3, 5, 4, tzinfo=UTC)
DEPARTMENT = "agreeing"
REASONS = {
    "required_missing": "filled", "not_in_codelist": "in_codelist", "implausible_time": "plausible",
    "negative_amount": "not_negative", "duplicate_key": "key.unique",
}  # fmt: skip


def _uuid(row: int) -> str:
    return f"00000000-0000-4000-8000-{row:012}"


def _good(column: Column, row: int) -> Any:
    """A value that the gate lets pass."""
    if column.name == "case_id":
        return _uuid(row)
    if column.codelist:
        return min(codelists()[column.codelist])
    return {
        Kind.TEXT: f"{column.name} {row}", Kind.TIMESTAMP: NOON, Kind.DATE: NOON.date(), Kind.MONEY: Decimal(5),
        Kind.NUMBER: Decimal(1), Kind.INTEGER: 1, Kind.BOOLEAN: True, Kind.UUID: _uuid(row),
    }[column.kind]  # fmt: skip


def _bad(column: Column) -> Iterator[Any]:
    """Every value of it that the gate rejects and PostgreSQL could hold."""
    if column.required:
        yield None
        if column.kind is Kind.TEXT and not column.codelist:
            yield ""
    if column.codelist:
        yield "nonsense"
    if column.kind is Kind.TIMESTAMP:
        yield datetime(1949, 9, 30, tzinfo=UTC)
        yield datetime(2101, 1, 1, tzinfo=UTC)
    if column.kind is Kind.MONEY:
        yield Decimal("-0.01")


def _edges(column: Column) -> Iterator[Any]:
    """The outermost values that still pass."""
    if column.kind is Kind.TIMESTAMP:
        yield datetime(1949, 10, 1, tzinfo=UTC) - timedelta(hours=8)
    if column.kind is Kind.MONEY:
        yield Decimal(0)
    if not column.required:
        yield None


@pytest.fixture(scope="module")
def batch() -> Mapped:
    """For every column of every entity one row per bad value, one per edge, a good one, and a key that comes twice.

    Each entity row is the only one of its source row; what makes up its key is never bad.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ENTITIES}
    number = 0
    for name, entity in ENTITIES.items():
        variants: list[dict[str, Any]] = [{}, {}]
        for column in entity.columns:
            if column.name not in entity.key:
                variants += [{column.name: value} for value in (*_bad(column), *_edges(column))]
        for change in variants:
            number += 1
            rows[name].append({SRC: number} | {c.name: _good(c, number) for c in entity.columns} | change)  # fmt: skip
        key = {part: rows[name][0][part] for part in entity.key if part in rows[name][0]}
        rows[name][1] |= key
    frames = {
        name: pl.DataFrame(found, schema={SRC: pl.Int64(), **ENTITIES[name].polars_schema})
        for name, found in rows.items()
    }
    records = [
        {SRC: n, "record_key": f"k{n:06}", "source_version": 0, "deleted": False} for n in range(1, number + 1)
    ]  # fmt: skip
    return Mapped(
        records=pl.DataFrame(records, schema=RECORDS_SCHEMA),
        entities=frames,
        owned={name: ENTITIES[name].names for name in ENTITIES},
        parties=pl.DataFrame(schema=PARTIES_SCHEMA),
        rejects=pl.DataFrame(schema=REJECTS_SCHEMA),
        unmapped=pl.DataFrame(schema=UNMAPPED_SCHEMA),
    )


def _by_gate(batch: Mapped) -> set[tuple[str, int]]:
    """(expectation, source row) of everything that the gate rejects."""
    found = set()
    for row, reason, column in gate.inspect(batch, codelists()).rejects.select(
        SRC, "reason", "column"
    ).iter_rows():  # fmt: skip
        entity, _, name = column.partition(".")
        check = REASONS[reason]
        found.add((f"{entity}.{check}" if "." in check else f"{entity}.{name}.{check}", row))
    return found


def _force(connection: Connection, batch: Mapped) -> None:
    """Write all rows into core, past the gate and past the constraints."""
    for name, frame in batch.entities.items():
        entity = ENTITIES[name]
        connection.execute(text(f'alter table core."{name}" drop constraint "{name}_pkey"'))
        for column in entity.columns:
            if column.required:
                connection.execute(text(f'alter table core."{name}" alter "{column.name}" drop not null'))  # fmt: skip
        lineage = {
            "department": DEPARTMENT, "dataset": "all", "source_version": 0, "batch_id": _uuid(0), "row_hash": "x",
            "landed_at": NOON,
        }  # fmt: skip
        columns = [*(c.name for c in LINEAGE if c.name != "deleted_at"), *entity.names]
        rows = [
            lineage | {"record_key": f"k{row[SRC]:06}", "raw_row": row[SRC]} | row
            for row in frame.to_dicts()
        ]
        names, binds = (
            ", ".join(f'"{c}"' for c in columns), ", ".join(f":{c}" for c in columns),
        )  # fmt: skip
        connection.execute(text(f'insert into core."{name}" ({names}) values ({binds})'), rows)  # noqa: S608


def _by_checkpoint(connection: Connection, run_id: str) -> set[tuple[str, int]]:
    """The same of what the checkpoint lists, for what the gate checks too."""
    found = set()
    for name in ENTITIES:
        parts = ", ".join(f'cast(e."{part}" as text)' for part in ENTITIES[name].key)
        rows = connection.execute(
            text(
                f"""
                select f.expectation_id, e.raw_row from ops.expectation_failure f
                join core."{name}" e on e.department = f.department
                    and split_part(f.row_key, '#', 1) = '{name}' || chr(58) || concat_ws('/', {parts})
                where f.run_id = cast(:run as uuid) and f.department = :department
                """  # noqa: S608
            ),
            {"run": run_id, "department": DEPARTMENT},
        )
        found |= {(str(check), int(row)) for check, row in rows}
    kinds = tuple(f".{check}" for check in REASONS.values())
    return {(check, row) for check, row in found if check.endswith(kinds)}


def test_the_checkpoint_lists_what_the_gate_rejects(open_county: Open, batch: Mapped) -> None:
    hub = open_county()
    with hub.engine.begin() as connection:
        _force(connection, batch)
    run = inspect(hub)
    with hub.engine.connect() as connection:
        listed = _by_checkpoint(connection, run["run_id"])
    rejected = _by_gate(batch)
    # Of a key that comes twice the gate lets the first pass; in the warehouse both are doubtful.
    twins = {(f"{name}.key.unique", int(frame[SRC][0])) for name, frame in batch.entities.items()}
    assert len(rejected) > 60
    assert {name for name, _ in rejected} >= {f"{name}.key.unique" for name in ENTITIES}
    assert listed == rejected | twins
    assert run["not_evaluated"] == 0
