"""The warehouse as it was known at a position of the ledger: core, history and ledger without what came later.

A version of a row was known at position L when the batch that wrote it has at most that ledger number, and the batch
that changed it, if any, a greater one. Nothing of it is guessed from clock times.
"""

# ruff: noqa: S608 (statements are made of our own table and column names and of a number)

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from hub.core.entities import ENTITIES
from warehouse.copying import driver
from warehouse.fingerprints import quoted
from warehouse.tables import OPS, lineage_names

_LEDGER = ("batch", "certificate", "quarantine")
"""Tables of ops that rules read or evidence names."""


def copy_as_known(source: Connection, target: Connection, ledger_no: int) -> int:
    """Copy what was known at that ledger number into the empty warehouse `target`; returns the core rows copied.

    Streams through COPY, whatever the size. Encrypted parties and raw rows stay where they are.
    """
    rows = 0
    for table, query in _copies(ledger_no):
        rows += _copy(source, target, table, query) if table.startswith("core.") else 0
        if not table.startswith("core."):
            _copy(source, target, table, query)
        target.exec_driver_sql(f"analyze {table.split(' ')[0]}")
    return rows


def _copies(ledger_no: int) -> Iterator[tuple[str, str]]:
    """Table with its columns → the query that gives its rows."""
    known = f"(select batch_id from ops.batch where ledger_no <= {int(ledger_no)})"
    for name in _LEDGER:
        columns = ", ".join(quoted(column.name) for column in OPS[name].columns)
        yield (
            f"ops.{name} ({columns})",
            f"select {columns} from ops.{name} where batch_id in {known}",
        )
    for name, entity in ENTITIES.items():
        columns = ", ".join(map(quoted, (*lineage_names(), *entity.names)))
        yield (
            f"core.{quoted(name)} ({columns})",
            f"select {columns} from core.{quoted(name)} where batch_id in {known} union all "
            f"select {columns} from history.{quoted(name)} "
            f"where batch_id in {known} and changed_by_batch not in {known}",
        )
        changed = f"{columns}, changed_at, changed_by_batch"
        yield (
            f"history.{quoted(name)} ({changed})",
            f"select {changed} from history.{quoted(name)} where changed_by_batch in {known}",
        )


def _copy(source: Connection, target: Connection, table: str, query: str) -> int:
    with driver(source).cursor() as reading, driver(target).cursor() as writing:
        with (
            reading.copy(f"copy ({query}) to stdout (format binary)".encode()) as out,
            writing.copy(f"copy {table} from stdin (format binary)".encode()) as into,
        ):
            for part in out:
                into.write(part)
        return writing.rowcount


def last_ledger_no(connection: Connection) -> int:
    """The ledger's last number, 0 when nothing has landed."""
    return int(connection.scalar(text("select coalesce(max(ledger_no), 0) from ops.batch")) or 0)
