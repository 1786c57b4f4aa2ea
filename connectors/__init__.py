"""How bytes arrive: one module per access method, never one per department.

A connector reads batches of the department's own fields (Arrow) and never writes to the source, except the flag
that an exchange database exists for. This package stays light to import: an access method is loaded when a
department that uses it is opened or checked, and its heavy parts when it reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from hub.core.specs import Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.diagnosis import Diagnosis
    from connectors.offer import Offer
    from connectors.pace import Pace
    from hub.core.batches import Cursor, RawBatch

ACCESS_METHODS = ("database", "exchange", "files", "http", "soap", "inbox")
"""What may stand under `connector` in a source.yml: each is the package `connectors.<name>`."""


class Connector(Protocol):
    """What every access method offers."""

    pace: Pace
    """Every query to the source waits for it and is counted by it."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """The department's datasets, in the order of its source.yml."""

    def read(self, dataset: str, cursor: Cursor | None) -> Iterator[RawBatch]:
        """What is new since `cursor` (None: everything), in batches of at most CHUNK_ROWS rows.

        The cursor of each batch is the position after it: land the batches in their order. The caller may stop after
        any batch and go on later from its cursor. Raises SourceUnavailable or SourceRefused, the latter only after
        everything that could be read was yielded.
        """

    def acknowledge(self, dataset: str, table: pa.Table, fates: pl.DataFrame) -> None:
        """Tell the source what became of the rows of a landed batch; `fates` has columns _src and fate.

        `_src` is a row's position in `table`, the table of the batch. Does nothing where a source has no flag.
        """

    def diagnose(self) -> Iterator[Diagnosis]:
        """Look at the source without taking data. Raises nothing that the source can cause: it is a finding."""


@runtime_checkable
class Keyed(Protocol):
    """Sources that can be asked for the keys of all their rows, and for single rows: what a sweep needs."""

    def keys(self, dataset: str, fields: Sequence[str]) -> Iterator[pa.Table]:
        """`fields` (and the source's own key) of every row that the source has now, at most CHUNK_ROWS at a time."""

    def fetch(self, dataset: str, keys: pa.Table) -> Iterator[RawBatch]:
        """The whole rows of some of the rows that `keys` gave, as they are now; their cursor is empty."""


@runtime_checkable
class Whole(Protocol):
    """Sources without keys to ask for, but small enough to be read whole for a sweep: folders of files, web services."""

    def read_whole(self, dataset: str) -> Iterator[RawBatch]:
        """Every row that the source has now, whether it was read before or not. Raises if any of it cannot be read."""


@runtime_checkable
class Ranged(Protocol):
    """Sources that can be read from one cursor value to another: what a backfill needs."""

    def read_range(self, dataset: str, low: str | None, high: str | None) -> Iterator[RawBatch]:
        """The rows with low <= cursor column < high, given as text; None is open. Their cursor is empty."""


OFFERING = {"database": "sql", "exchange": "sql", "files": "files"}
"""Access methods whose sources can be asked what they hold → the package that asks."""


class AccessMethod(Protocol):
    """What the module of an access method offers."""

    def check(self, department: Department) -> None: ...

    def connect(self, department: Department, url: str) -> Connector: ...


def check(department: Department) -> None:
    """Validate the connector settings of a department. No I/O. Raises SpecError with file and line."""
    _access_method(department).check(department)


def open(department: Department, url: str) -> Connector:
    """The connector of a department on the URL of its connection. Validates everything, does no I/O yet.

    Raises SpecError with file and line when a setting is wrong or the URL is of the wrong kind.
    """
    return _access_method(department).connect(department, url)


def offers(department: Department, url: str, wanted: Sequence[str] = ()) -> Iterator[Offer]:
    """The datasets that a source could give, for a department whose source.yml has still to be written.

    `wanted`: patterns of tables or files; empty: all of them. Raises SpecError where the source cannot be asked, or has
    nothing of that name, and what reading raises.
    """
    name = department.spec.connector
    _access_method(department)
    if name not in OFFERING:
        raise department.source.error(
            f"a source of access method '{name}' cannot be asked what it holds", ("connector",),
            remedy=f"write source.yml and mapping.yml by hand: docs/connectors.md, '{name}', shows every setting; then hub check",
        )  # fmt: skip
    module = import_module(f"connectors.{OFFERING[name]}.offering")
    yield from cast(_Offering, module).offers(department, url, wanted)


class _Offering(Protocol):
    def offers(
        self, department: Department, url: str, wanted: Sequence[str]
    ) -> Iterator[Offer]: ...


def _access_method(department: Department) -> AccessMethod:
    name = department.spec.connector
    if name not in ACCESS_METHODS:
        raise department.source.error(
            f"connector: there is no access method '{name}'", ("connector",),
            remedy=f"known: {', '.join(ACCESS_METHODS)}",
        )  # fmt: skip
    return cast(AccessMethod, import_module(f"connectors.{name}"))
