"""Four sources that change while they are read, each with the truth about what it has said."""

from __future__ import annotations

import csv
import io
import random
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from hub.core.settings import Settings

COLUMNS = ("NO", "VER", "APPLIED", "TITLE", "S1", "S2", "GONE")
BAD_DATE = "never"
DEPARTMENT = "bureau"
CONNECTION = "CRASH_TEST"

MAPPING = """
datasets:
  cases:
    key: [NO]
    version: VER
    case_no: NO
    ignore: [GONE, SN, FLAG, CHANGED]
    case:
      region_code: {const: "360121"}
      power_code: {const: "36012100GS-XK-0001"}
      applied_at: APPLIED
      title: TITLE
    event:
      - {when: S1, event_no: {const: 1}, step_code: {const: accept}, started_at: S1}
      - {when: S2, event_no: {const: 2}, step_code: {const: review}, started_at: S2}
"""
SOURCE = """
title: {{zh: 某局, en: A bureau}}
body: 36012100GS
owner: {{name: office, contact: office@example.invalid}}
connector: {connector}
connection: crash_test
datasets:
  cases: {{deletes: flag, deleted: {{column: GONE, equals: ["1"]}}, {settings}}}
"""


@dataclass(frozen=True)
class Record:
    """What a source says of one case. `applied` is no date in a record that belongs into quarantine."""

    no: str
    version: int
    applied: str
    title: str
    first: str
    second: str
    gone: str

    @property
    def values(self) -> tuple[str, ...]:
        return (
            self.no, str(self.version), self.applied, self.title, self.first, self.second, self.gone,
        )  # fmt: skip

    @property
    def bad(self) -> bool:
        return self.applied == BAD_DATE


@dataclass
class Truth:
    """The last word on every case. `change` makes what a source says next: new cases, changes, deletes, bad rows."""

    rng: random.Random
    last: dict[str, Record] = field(default_factory=dict)

    def change(self, fresh: int = 14) -> list[Record]:
        news = [self._record(f"N{len(self.last) + n:06}", 0) for n in range(fresh)]
        known = [one for one in self.last.values() if not one.bad]
        again = self.rng.sample(known, min(len(known), fresh // 2))
        news += [self._record(one.no, one.version + 1) for one in again]
        self.last |= {one.no: one for one in news}
        return news

    def _record(self, no: str, version: int) -> Record:
        day = f"2012-03-{self.rng.randint(1, 28):02}"
        bad = version == 0 and self.rng.random() < 0.04
        return Record(
            no, version, BAD_DATE if bad else day, f"{no} 第{version}版 {self.rng.random():.6f}", day,
            self.rng.choice(("", day)), "1" if version and self.rng.random() < 0.15 else "0",
        )  # fmt: skip


class Source(ABC):
    """A department's system. `say` is called from several threads; what it returns from has been said."""

    connector = ""
    settings = ""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.truth = Truth(random.Random(seed))
        self.said = 0
        self._lock = threading.Lock()
        self.prepare()

    def say(self) -> None:
        """Change something at the source."""
        with self._lock:
            self.write(self.truth.change())
            self.said += 1

    def declare(self, departments: Path) -> None:
        """Write the department folder."""
        folder = departments / DEPARTMENT
        (folder / "sample").mkdir(parents=True)
        (folder / "sample" / "README.md").write_text(",".join(COLUMNS))
        (folder / "powers.csv").write_text(
            "source_code,source_name,power_code,valid_from,valid_to,note\n"
        )
        (folder / "mapping.yml").write_text(MAPPING, "utf-8")
        (folder / "source.yml").write_text(
            SOURCE.format(connector=self.connector, settings=self.settings), "utf-8"
        )

    @property
    @abstractmethod
    def url(self) -> str:
        """The connection URL."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the empty source."""

    @abstractmethod
    def write(self, records: list[Record]) -> None:
        """Say this, durably."""

    def forget_reading(self) -> None:  # noqa: B027 (most sources keep no note of it)
        """As if nobody had read it yet, for the undisturbed run beside."""


class Files(Source):
    """A folder into which files are dropped."""

    connector = "files"
    settings = 'format: text, files: "*.csv", delimiter: ",", charset: utf-8, settle: 0s'

    def prepare(self) -> None:
        self.drop = self.folder / "drop"
        self.drop.mkdir()

    @property
    def url(self) -> str:
        return self.drop.as_uri()

    def write(self, records: list[Record]) -> None:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(record.values for record in records)
        part = self.drop / f"{self.said:06}.part"
        part.write_text(text.getvalue(), "utf-8")
        part.rename(part.with_suffix(".csv"))


class _Database(Source):
    """A table in a database of its own."""

    table = ""

    def __init__(self, folder: Path, seed: int, server: Settings) -> None:
        self.server = server
        super().__init__(folder, seed)

    def prepare(self) -> None:
        from warehouse.access import database_url

        self._url = database_url(self.server, f"source_{self.connector}_{self.folder.name}")
        with self.open() as connection:
            connection.execute(self.table)

    @property
    def url(self) -> str:
        return self._url

    def open(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._url.replace("+psycopg", ""))


class Exchange(_Database):
    """A middle database: each row is new until the hub has set its flag."""

    connector = "exchange"
    settings = 'table: cases, order: SN, flag: {column: FLAG, new: "0", done: "1", error: "2"}'
    table = """
        create table cases ("SN" bigint generated always as identity primary key, "NO" text, "VER" int, "APPLIED" text,
            "TITLE" text, "S1" text, "S2" text, "GONE" text, "FLAG" text not null default '0')
    """

    def write(self, records: list[Record]) -> None:
        with self.open() as connection:
            connection.cursor().executemany(
                'insert into cases ("NO", "VER", "APPLIED", "TITLE", "S1", "S2", "GONE") '
                "values (%s, %s, %s, %s, %s, %s, %s)",
                [record.values for record in records],
            )

    def forget_reading(self) -> None:
        with self.open() as connection:
            connection.execute("""update cases set "FLAG" = '0'""")


class Keyset(_Database):
    """A table whose rows change in place, read by the time of the last change."""

    connector = "database"
    settings = "table: cases, strategy: {keyset: {cursor: CHANGED, key: [NO], lag: 5s}}, sweep: {every: run}"
    table = """
        create table cases ("NO" text primary key, "VER" int, "APPLIED" text, "TITLE" text, "S1" text, "S2" text,
            "GONE" text, "CHANGED" timestamptz not null default clock_timestamp());
        create index on cases ("CHANGED", "NO")
    """

    def write(self, records: list[Record]) -> None:
        with self.open() as connection:
            connection.cursor().executemany(
                """
                insert into cases values (%s, %s, %s, %s, %s, %s, %s)
                on conflict ("NO") do update set "VER" = excluded."VER", "APPLIED" = excluded."APPLIED",
                    "TITLE" = excluded."TITLE", "S1" = excluded."S1", "S2" = excluded."S2",
                    "GONE" = excluded."GONE", "CHANGED" = clock_timestamp()
                """,
                [record.values for record in records],
            )


class Push(Source):
    """A department that sends; what it sent is also kept here, to send it to another hub."""

    connector = "inbox"
    settings = "accepts: {json: {}}"

    def prepare(self) -> None:
        self.spool = self.folder / "inbox"
        self.sent: list[tuple[str, list[dict[str, str]]]] = []
        self.send: Any = None

    @property
    def url(self) -> str:
        return self.spool.as_uri()

    def write(self, records: list[Record]) -> None:
        key = f"push-{self.said}"
        rows = [dict(zip(COLUMNS, record.values, strict=True)) for record in records]
        self.send(key, rows)
        self.sent.append((key, rows))

    def forget_reading(self) -> None:
        self.spool = self.folder / "inbox again"
        for key, rows in self.sent:
            self.send(key, rows)
