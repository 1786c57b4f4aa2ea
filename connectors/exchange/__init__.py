"""Access method `exchange`: tables of a front-end machine's middle database, in which a flag marks new rows.

The flag decides what is read, never the cursor: a row whose transaction commits late has a lower number than rows
that were already read, and would be missed. A run reads the rows that are new when it starts, in the order of
their numbers, and `acknowledge` sets their flag after they have landed. Rows that landed but were not acknowledged
are read again and found unchanged. A department that corrects a row writes a new one with a new number.

One session at a time: a chunk is read in a READ ONLY transaction of its own, which is over before the chunk is
yielded. Connection URL: postgresql://user:password@host/database.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from connectors.exchange.settings import ExchangeSettings
from connectors.pace import Pace
from hub.core.errors import HubError, SourceRefused
from hub.core.specs import Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.diagnosis import Diagnosis
    from connectors.exchange.rows import ExchangeTable
    from hub.core.batches import Cursor, RawBatch


def check(department: Department) -> None:
    """Validate the settings of all datasets. Raises SpecError."""
    _settings(department)


def connect(department: Department, url: str) -> ExchangeConnector:
    """The connector of a department on a PostgreSQL URL (a driver named in it, `postgresql+psycopg`, is ignored).

    Does no I/O. Raises SpecError.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    settings = _settings(department)
    scheme, _, rest = url.partition("://")
    try:
        if scheme.partition("+")[0] not in ("postgresql", "postgres"):
            raise ProgrammingError
        parameters = conninfo_to_dict(f"postgresql://{rest}")
    except ProgrammingError:
        raise department.source.error(
            f"connection '{department.spec.connection}' is no PostgreSQL URL", ("connection",),
            remedy="its URL must look like postgresql://user:password@host/database",
        ) from None  # fmt: skip
    return ExchangeConnector(department, parameters, settings)


def _settings(department: Department) -> dict[str, ExchangeSettings]:
    return {
        dataset: department.source.parse(ExchangeSettings, ("datasets", dataset))
        for dataset in department.spec.datasets
    }


class ExchangeConnector:
    """One department's exchange database."""

    def __init__(
        self,
        department: Department,
        parameters: dict[str, Any],
        settings: dict[str, ExchangeSettings],
    ) -> None:
        self.department, self.parameters, self.settings = department, parameters, settings
        self.pace = Pace(department.spec.protection)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The department's datasets, in the order of its source.yml."""
        return tuple(self.settings)

    def read(self, dataset: str, cursor: Cursor | None) -> Iterator[RawBatch]:
        """The rows whose flag says new, in the order of their numbers; `_row` is that number.

        The cursor tells people the last number, nothing else. Raises SourceUnavailable, or SourceRefused for
        credentials, permissions, missing tables and columns, and numbers that are not unique integers.
        """
        from connectors.exchange import rows as exchange_rows
        from hub.core.batches import ROW, RawBatch, SourceFile

        table = self._table(dataset)
        extent = exchange_rows.extent(table)
        after = extent.first - 1
        while after < extent.last:
            self.pace.wait()
            rows = exchange_rows.chunk(table, extent, after, self.pace.chunk_rows)
            if rows.num_rows == 0:
                break  # the flags were changed by somebody else meanwhile
            self.pace.took(rows.num_rows, rows.nbytes)
            after = rows[ROW][-1].as_py()
            source = SourceFile(table.settings.table, rows.num_rows)
            yield RawBatch(dataset, rows, (source,), {"order": after})
        if extent.unnumbered:
            raise SourceRefused(
                f"{extent.unnumbered} new rows have no {table.settings.order} and cannot be read",
                where=table.where, remedy="have the department number them",
            )  # fmt: skip

    def acknowledge(self, dataset: str, table: pa.Table, fates: pl.DataFrame) -> None:
        """Set the flag of the rows of a landed batch: `error` where quarantined, `done` for all other fates.

        Rows whose flag is no longer the new one are left alone. Raises SourceUnavailable or SourceRefused.
        """
        from connectors.exchange import rows as exchange_rows

        exchange_rows.mark(self._table(dataset), table, fates)

    def diagnose(self) -> Iterator[Diagnosis]:
        """Whether each table answers, and how many rows are new."""
        from connectors.diagnosis import Diagnosis
        from connectors.exchange import rows

        for dataset in self.settings:
            try:
                extent = rows.extent(self._table(dataset))
            except HubError as failure:
                yield Diagnosis("table", "failed", failure.what, failure.remedy, dataset)
                continue
            yield Diagnosis(
                "table", "ok", f"numbers {extent.first} to {extent.last} are new", dataset=dataset
            )

    def _table(self, dataset: str) -> ExchangeTable:
        from connectors.exchange.rows import ExchangeTable

        settings = self.settings[dataset]
        where = f"{self.department.slug}/{dataset} (table {settings.table})"
        return ExchangeTable(self.parameters, settings, where)
