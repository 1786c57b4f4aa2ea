"""Access method `exchange`: tables of a front-end machine's middle database, in which a flag marks new rows.

The flag decides what is read, never the cursor: a row whose transaction commits late has a lower key than rows that
were already read, and would be missed. A run reads the rows that are new when it starts, in the order of their keys,
and `acknowledge` sets their flag after they have landed. Rows that landed but were not acknowledged are read again
and found unchanged. A row that the department writes again meanwhile stays new.

One session at a time: a chunk is read in a read-only session of its own, which is over before the chunk is yielded.
Connection URLs are those of the access method `database`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from connectors.exchange.settings import ExchangeSettings
from connectors.pace import Pace
from hub.core.specs import Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.diagnosis import Diagnosis
    from connectors.exchange.tables import Table
    from connectors.sql import Backend
    from hub.core.batches import Cursor, RawBatch


def check(department: Department) -> None:
    """Validate the settings of all datasets. Raises SpecError."""
    _settings(department)


def connect(department: Department, url: str) -> ExchangeConnector:
    """The connector of a department on the URL of its middle database. Does no I/O. Raises SpecError."""
    from connectors.sql import UrlError, open_backend

    settings = _settings(department)
    try:
        backends = {
            name: open_backend(url, f"{department.slug}/{name} (table {each.table})")
            for name, each in settings.items()
        }
    except UrlError as failure:
        raise department.source.error(
            f"connection '{department.spec.connection}': {failure}", ("connection",)
        ) from None
    return ExchangeConnector(department, backends, settings)


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
        backends: dict[str, Backend],
        settings: dict[str, ExchangeSettings],
    ) -> None:
        self.department, self.backends, self.settings = department, backends, settings
        self.pace = Pace(department.spec.protection)
        self._tables: dict[str, Table] = {}

    @property
    def datasets(self) -> tuple[str, ...]:
        """The department's datasets, in the order of its source.yml."""
        return tuple(self.settings)

    def read(self, dataset: str, cursor: Cursor | None) -> Iterator[RawBatch]:
        """The rows whose flag says new, in the order of their keys; `_row` is the number that `order` names, or counts.

        The cursor tells people how far a run came, nothing else. Raises SourceUnavailable, or SourceRefused for
        credentials, permissions, missing tables and columns, and keys that are not unique or not there.
        """
        from connectors.exchange import reading

        self.pace.wait()
        self._tables.pop(dataset, None)
        table = self._table(dataset)
        self.pace.took(0)
        yield from reading.batches(dataset, table, self.pace)

    def acknowledge(self, dataset: str, table: pa.Table, fates: pl.DataFrame) -> None:
        """Set the flag of the rows of a landed batch: `error` where quarantined or rejected, `done` for all other fates.

        Rows whose flag is no longer the new one, or that were written since, are left alone. Not held back by
        windows or the pace: it belongs to what was read. Raises SourceUnavailable or SourceRefused.
        """
        from connectors.exchange.marking import mark

        mark(self._table(dataset), table, fates)

    def diagnose(self) -> Iterator[Diagnosis]:
        """Server, and each table: whether it can be read and acknowledged, and what waits in it."""
        from connectors.exchange.diagnosis import diagnose

        for dataset, backend in self.backends.items():
            yield from diagnose(dataset, backend, partial(self._table, dataset), self.pace)

    def _table(self, dataset: str) -> Table:
        from connectors.exchange.tables import opened

        if dataset not in self._tables:
            where = f"{self.department.slug}/{dataset} (table {self.settings[dataset].table})"
            self._tables[dataset] = opened(where, self.backends[dataset], self.settings[dataset])
        return self._tables[dataset]
