"""Access method `database`: tables, views and queries of a department's own database, read only.

Connection URLs as SQLAlchemy writes them: postgresql://, kingbase://, mysql://, sqlite:///, mssql+pyodbc://,
oracle+oracledb://, or odbc:// for any other ODBC source. `connectors.sql` has a back end for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from connectors.database.settings import DatabaseSettings
from connectors.pace import Pace
from hub.core.specs import Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.database.chunks import Dataset
    from connectors.diagnosis import Diagnosis
    from connectors.sql import Backend
    from hub.core.batches import Cursor, RawBatch


def check(department: Department) -> None:
    """Validate the settings of all datasets. Raises SpecError."""
    _settings(department)


def connect(department: Department, url: str) -> DatabaseConnector:
    """The connector of a department on the URL of its database. Does no I/O. Raises SpecError."""
    from connectors.sql import UrlError, open_backend

    settings = _settings(department)
    try:
        backends = {
            name: open_backend(url, _where(department, name, each))
            for name, each in settings.items()
        }
    except UrlError as failure:
        raise department.source.error(
            f"connection '{department.spec.connection}': {failure}", ("connection",)
        ) from None
    ranged = any(each.cursor for each in settings.values())
    return (RangedConnector if ranged else DatabaseConnector)(department, backends, settings)


def _settings(department: Department) -> dict[str, DatabaseSettings]:
    return {
        dataset: department.source.parse(DatabaseSettings, ("datasets", dataset))
        for dataset in department.spec.datasets
    }


def _where(department: Department, dataset: str, settings: DatabaseSettings) -> str:
    what = f"table {settings.table}" if settings.table else "its query"
    return f"{department.slug}/{dataset} ({what})"


class DatabaseConnector:
    """One department's database. One session at a time, and none between two chunks."""

    def __init__(
        self,
        department: Department,
        backends: dict[str, Backend],
        settings: dict[str, DatabaseSettings],
    ) -> None:
        self.department, self.backends, self.settings = department, backends, settings
        self.pace = Pace(department.spec.protection)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The department's datasets, in the order of its source.yml."""
        return tuple(self.settings)

    def read(self, dataset: str, cursor: Cursor | None) -> Iterator[RawBatch]:
        """The rows that the strategy finds new, in the order of cursor column and key.

        Raises SourceUnavailable, or SourceRefused for credentials, permissions, tables and columns that are not
        there, and, after all other rows, for rows without a key.
        """
        from connectors.database import reading

        strategy = self.settings[dataset].strategy
        opened = self._opened(dataset)
        if strategy.keyset:
            yield from reading.keyset(opened, strategy.keyset, cursor)
        else:
            yield from reading.snapshot(opened, cursor)

    def acknowledge(self, dataset: str, table: pa.Table, fates: pl.DataFrame) -> None:
        """Nothing: the source is never written to."""

    def keys(self, dataset: str, fields: Sequence[str]) -> Iterator[pa.Table]:
        """`fields` and the key of every row, in the order of the key."""
        from connectors.database import reading
        from connectors.database.chunks import only

        yield from reading.keys(only(self._opened(dataset), fields))

    def fetch(self, dataset: str, keys: pa.Table) -> Iterator[RawBatch]:
        """The rows with the keys that `keys` gave, as they are now."""
        from connectors.database import reading

        yield from reading.fetched(self._opened(dataset), keys)

    def diagnose(self) -> Iterator[Diagnosis]:
        """Server, account, and each table: what reads well, and what to do where it does not."""
        from connectors.database import diagnosis

        reached = list(diagnosis.server(next(iter(self.backends.values())), self.pace))
        yield from reached
        if any(finding.state == "failed" for finding in reached):
            return
        for dataset, settings in self.settings.items():
            yield from diagnosis.table(
                dataset, self._where(dataset), self.backends[dataset], settings, self.pace
            )

    def _opened(self, dataset: str) -> Dataset:
        from connectors.database.chunks import opened

        backend = self.backends[dataset]
        return opened(dataset, self._where(dataset), backend, self.settings[dataset], self.pace)

    def _where(self, dataset: str) -> str:
        return _where(self.department, dataset, self.settings[dataset])


class RangedConnector(DatabaseConnector):
    """A database with at least one dataset whose cursor column says when a row changed."""

    def read_range(self, dataset: str, low: str | None, high: str | None) -> Iterator[RawBatch]:
        """The rows with low <= cursor column < high. Raises SourceRefused for a snapshot, which has none."""
        from connectors.database import reading

        yield from reading.between(self._opened(dataset), low, high)
