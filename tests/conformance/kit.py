"""The conformance kit: what every connector must do, checked on a real source.

To register a connector, write a `Source` that says how a real system comes to hold given rows, and hand it to
`conformance` in a file `test_<what>.py` of this folder. About a dozen lines; this one is complete:

    class Folder(Source):
        method = "files"
        settings = {"format": "text", "files": "*.txt", "delimiter": ","}
        lacks = {"credentials": "a folder has none", "keys": "a folder cannot be asked for keys", ...}

        @property
        def url(self): return (self.folder / "in").as_uri()

        def put(self, table): ...     # from now on the source holds exactly these rows
        def add(self, table): ...     # and these too
        def contents(self): ...       # whatever shows that somebody changed the source

    TestFolder = conformance(Folder)

`server` may name a pytest fixture (a running server, started once per worker); the source finds what it gives in
`self.server`. A fixture that skips, skips the connector with its reason.

Capabilities are declared, never found out: every name in CAPABILITIES is either shown by its checks or stands in
`lacks` with the reason. An empty reason or an unknown name stops the collection; a connector that is `Keyed`, `Whole`
or `Ranged` though it declares to lack that fails.

The checks are in checks_types, checks_reading, checks_failures and checks_keys. Tables come as `Table`: column name →
kind (one of KINDS), and rows. `id` is a unique integer, `changed` the time of the last change: settings that need a
key and a cursor column name those two. How a kind is stored is the source's matter; what comes out must be the same
value (`values.same`: text of a number is fine, a float never is).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

import polars as pl
import yaml

import connectors
from connectors.pace import Pace
from hub.core.batches import DEFECT, Cursor, RawBatch
from hub.core.specs import Department, read_department

KINDS = {
    "id": "unique integer", "changed": "timestamp without zone", "text": "up to 200 characters",
    "integer38": "38 digits", "integer19": "19 digits, 64 bits signed", "decimal": "18 digits, 4 of them decimals",
    "date": "date", "timestamp": "microseconds, no zone", "timestamptz": "microseconds, with zone",
    "char": "6 characters, padded where the source pads", "small": "0 to 99",
}  # fmt: skip

CAPABILITIES = {
    "integer38": "integers of 38 digits", "integer19": "integers of 19 digits", "decimal": "exact decimals",
    "date": "dates from year 1 to 9999", "timestamp": "timestamps from 1753 to 9999",
    "timestamptz": "timestamps that keep their instant", "char": "fields of fixed width",
    "null_and_empty": "NULL and '' are two things", "rare_characters": "all of Unicode's text",
    "illegal_bytes": "bytes that are no text of the charset (`spoil`)", "wide": "1,000 columns",
    "empty": "a table without rows", "late": "rows that become visible late (`late`)",
    "drift": "a column may come, go or be renamed", "credentials": "a password (`wrong_credentials`)",
    "connection": "something that can be cut (`through` and `address`, or `breakable`)",
    "keys": "connectors.Keyed", "whole": "connectors.Whole", "ranges": "connectors.Ranged",
}  # fmt: skip

DATASET = "cases"
_HEAD = """\
title: {zh: 测试局, en: Test Bureau}
body: 36012100CS
owner: {name: 测试, contact: cs@example.invalid}
connection: test_source
"""


@dataclass(frozen=True)
class Table:
    """Rows that a source shall hold: column → kind, and tuples in the order of the columns."""

    columns: Mapping[str, str]
    rows: Sequence[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


BEGIN = datetime(2012, 3, 5, 8, 0)


LATER = 100_000
"""A minute after those of all other rows."""


def changed(minute: int) -> datetime:
    """The time at which a row was changed, in minutes from a morning of 2012."""
    return BEGIN + timedelta(minutes=minute)


def column(kind: str, values: Sequence[Any]) -> Table:
    """A table with one column `value` of a kind, a row for each value."""
    rows = [(at, changed(at), value) for at, value in enumerate(values, 1)]
    return Table({"id": "id", "changed": "changed", "value": kind}, rows)


def people(ids: Sequence[int], name: str = "张三", minute: int | None = None) -> Table:
    """Rows with these ids, changed an hour apart (longer than any lag), or all in the same minute."""
    rows = [(n, changed(60 * n if minute is None else minute), f"{name}{n}") for n in ids]
    return Table({"id": "id", "changed": "changed", "name": "text"}, rows)


class Link(Protocol):
    """A connection that can be made to break. See proxy.Proxy."""

    def arm(self) -> None:
        """Break in the middle of the next reading, which is like the last one."""

    def after_batch(self) -> None:
        """Called after each batch of that reading."""

    def mend(self) -> None:
        """Work again."""


class Source(ABC):
    """A real system that holds one table, and the department that is connected to it."""

    method: ClassVar[str]
    settings: Mapping[str, Any]
    """Of the dataset, as in source.yml."""
    lacks: ClassVar[dict[str, str]]
    """Capability → why there is none."""
    server: ClassVar[str | None] = None
    """Name of a fixture."""
    flag: ClassVar[str | None] = None
    """The column that `acknowledge` changes, in what `contents` gives as dicts."""
    without_lag: ClassVar[dict[str, Any]] = {}
    """Settings that differ where `settings` have a lag: one would hide a position that is wrong."""
    pads: ClassVar[bool] = False
    """Texts have a fixed width here, so what is read ends in blanks."""
    broken: ClassVar[dict[str, Any]] = {}
    """Settings under which this source cannot be read, such as a table that is not there."""
    chunk_constants: ClassVar[tuple[str, ...]] = ("connectors.pace.CHUNK_ROWS",)
    """Constants that bound a batch."""

    def __init__(self, server: Any, folder: Path) -> None:
        self.running, self.folder = server, folder
        self.start()

    # What an author supplies.

    def start(self) -> None:  # noqa: B027 - there may be nothing to make
        """Make what `put` needs, such as a database of its own."""

    def stop(self) -> None:  # noqa: B027
        """Remove it."""

    @property
    @abstractmethod
    def url(self) -> str:
        """The connection URL."""

    @abstractmethod
    def put(self, table: Table) -> None:
        """Hold exactly these rows, with these columns."""

    @abstractmethod
    def add(self, table: Table) -> None:
        """Hold these rows as well; rows whose id is there already replace those (or follow them)."""

    @abstractmethod
    def contents(self) -> Any:
        """What the source holds, past the connector: equal as long as nobody changes anything."""

    def late(self, table: Table) -> AbstractContextManager[None]:
        """Write rows that nobody sees before the end of the context, such as in a transaction."""
        raise NotImplementedError

    def spoil(self, ident: int) -> bytes:
        """Put bytes that are no text into the field `name` of one row; gives those bytes."""
        raise NotImplementedError

    def through(self, port: int) -> str:
        """The URL over that port of 127.0.0.1."""
        raise NotImplementedError

    @property
    def address(self) -> tuple[str, int] | str:
        """Where the real server listens: host and port, or the path of a socket."""
        raise NotImplementedError

    def wrong_credentials(self, password: str) -> str:
        """The URL with a user whose password this is not."""
        raise NotImplementedError

    def unreachable(self) -> str:
        """A URL where nobody answers."""
        from tests.conformance.proxy import closed_port

        return self.through(closed_port())

    def breakable(self) -> AbstractContextManager[tuple[str, Link]]:
        """A URL and the link behind it."""
        from tests.conformance.proxy import through_proxy

        return through_proxy(self)

    # What the checks use.

    def unpadded(self, value: Any) -> Any:
        """A text without the blanks that the source itself adds."""
        return value.rstrip(" ") if self.pads and isinstance(value, str) else value

    def department(
        self, protection: Mapping[str, Any] | None = None, **settings: Any
    ) -> Department:
        """The department folder, written anew with changed settings; a setting of None is left out."""
        merged = {k: v for k, v in {**self.settings, **settings}.items() if v is not None}
        folder = self.folder / "departments" / "test_bureau"
        folder.mkdir(parents=True, exist_ok=True)
        rest = {
            "connector": self.method, "protection": dict(protection or {}), "datasets": {DATASET: merged},
        }  # fmt: skip
        (folder / "source.yml").write_text(
            _HEAD + yaml.safe_dump(rest, allow_unicode=True, sort_keys=False), "utf-8"
        )
        return read_department(folder.parent, folder.name)

    def open(
        self, url: str | None = None, protection: Mapping[str, Any] | None = None, **settings: Any
    ) -> connectors.Connector:
        """A fresh connector, as a new run opens it."""
        return connectors.open(self.department(protection, **settings), url or self.url)


@dataclass
class Taken:
    """What a run has landed: rows in the order of their arrival, field names in lower case, and the cursor."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    cursor: Cursor | None = None
    sizes: list[int] = field(default_factory=list)

    @property
    def ids(self) -> set[int]:
        """The keys of the rows that could be decoded."""
        return {int(row["id"]) for row in self.rows if row[DEFECT] is None}

    def by_id(self) -> dict[int, dict[str, Any]]:
        """The last that arrived of each row."""
        return {int(row["id"]): row for row in self.rows if row[DEFECT] is None}

    def land(self, connector: connectors.Connector, batch: RawBatch) -> None:
        """Take a batch as the pipeline does: rows, then the flag; the cursor as JSON bears it."""
        self.rows += rows_of(batch)
        self.sizes.append(batch.table.num_rows)
        self.cursor = json.loads(json.dumps(batch.cursor))
        count = batch.table.num_rows
        fates = pl.DataFrame(
            {"_src": range(count), "fate": ["landed"] * count},
            schema={"_src": pl.Int64, "fate": pl.String},
        )
        connector.acknowledge(DATASET, batch.table, fates)


def rows_of(batch: RawBatch) -> list[dict[str, Any]]:
    return [{name.lower(): value for name, value in row.items()} for row in batch.table.to_pylist()]


def take(
    connector: connectors.Connector, cursor: Cursor | None = None, batches: int | None = None
) -> Taken:
    """Read and land everything that is new, or stop after so many batches."""
    taken = Taken(cursor=cursor)
    reading = connector.read(DATASET, cursor)
    for batch in reading:
        taken.land(connector, batch)
        if len(taken.sizes) == batches:
            break
    if close := getattr(reading, "close", None):
        close()
    return taken


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.slept += seconds

    def set(self, pace: Pace) -> None:
        """Make a connector live by this clock."""
        pace._clock, pace._sleep = (lambda: self.seconds), self.sleep
        pace._free_at = pace._asked_at = self.seconds


def conformance(source: type[Source]) -> type:
    """The test class of a source. Raises ValueError when a capability is not declared as it must be."""
    from tests.conformance.checks_failures import Failures
    from tests.conformance.checks_keys import Keys
    from tests.conformance.checks_reading import Reading
    from tests.conformance.checks_types import Types

    check_declarations(source)
    return type(
        f"Test{source.__name__}", (Types, Reading, Failures, Keys), {"supplied": source, "__doc__": source.__doc__}
    )  # fmt: skip


def check_declarations(source: type[Source]) -> None:
    """Raises ValueError unless `lacks` names known capabilities, each with a reason."""
    unknown = sorted(set(source.lacks) - set(CAPABILITIES))
    silent = sorted(name for name, why in source.lacks.items() if not why.strip())
    if unknown or silent:
        raise ValueError(
            f"{source.__name__}.lacks: unknown {unknown}, without a reason {silent}; known are {sorted(CAPABILITIES)}"
        )
