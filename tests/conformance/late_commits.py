"""Late commits: 50 writers whose transactions last up to a minute, and readers that come by in between.

The minutes are simulated. A row gets the time of its statement, as a trigger or an application writes it, and becomes
visible when its transaction commits; the schedule (seeded) says in which order statements, commits and readers
follow. The transactions are real ones, all open at once on a real PostgreSQL; nobody waits.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import yaml

import connectors
from hub.core.batches import Cursor
from hub.core.specs import read_department

WRITERS, LONGEST, UNTIL, EVERY = 50, 60.0, 300.0, 20.0
"""Writers; seconds of the longest transaction, of the whole course, and between two readings."""
BEGIN = datetime(2012, 3, 5, 9, 0)
TABLE = "CREATE TABLE late (id bigint PRIMARY KEY, changed timestamp(3) NOT NULL)"


@dataclass(frozen=True)
class LateCommits:
    """How many rows each way of reading had missed when everything was committed and read once more."""

    late_writers: int
    rows: int
    missed_by_plain_cursor: int
    """Lag 0: what a cursor does that only looks for higher values."""
    missed: int
    """A lag as long as the longest transaction."""
    missed_by_short_lag: int
    """A lag that is shorter,"""
    missed_after_sweep: int
    """and the same after one sweep of the keys."""


@dataclass(order=True, frozen=True)
class Event:
    at: float
    writer: int
    what: str
    ident: int


def schedule(seed: int) -> list[Event]:
    """Statements and commits of all writers in the order of time; a writer has one transaction at a time."""
    chance = random.Random(seed)
    events: list[Event] = []
    ident = 0
    for writer in range(WRITERS):
        at = chance.uniform(0, LONGEST / 2)
        while at < UNTIL:
            lasting = chance.uniform(0, LONGEST)
            ident += 1
            events.append(Event(at + chance.uniform(0, lasting), writer, "insert", ident))
            events.append(Event(at + lasting, writer, "commit", ident))
            at += lasting + chance.uniform(0, 5)
    return sorted(events)


class Reader:
    """A department that reads the table with one lag, run after run."""

    def __init__(self, url: str, folder: Path, lag: str) -> None:
        path = folder / "departments" / f"lag_{lag}"
        path.mkdir(parents=True)
        keyset = {"cursor": "changed", "key": ["id"], "lag": lag}
        spec = {
            "title": {"zh": "测试局", "en": "Test Bureau"}, "body": "36012100CS",
            "owner": {"name": "测试", "contact": "cs@example.invalid"}, "connector": "database",
            "connection": "late", "datasets": {"late": {"table": "late", "strategy": {"keyset": keyset}}},
        }  # fmt: skip
        (path / "source.yml").write_text(yaml.safe_dump(spec, allow_unicode=True), "utf-8")
        self.connector = connectors.open(read_department(path.parent, path.name), url)
        self.cursor: Cursor | None = None
        self.known: set[int] = set()

    def run(self) -> None:
        """Read what is new."""
        for batch in self.connector.read("late", self.cursor):
            self.known |= set(batch.table["id"].to_pylist())
            self.cursor = batch.cursor

    def sweep(self) -> None:
        """Ask for all keys and fetch the rows that were not read."""
        assert isinstance(self.connector, connectors.Keyed)
        for keys in self.connector.keys("late", ["id"]):
            known = pc.is_in(keys["id"], pa.array(self.known, keys["id"].type))
            for batch in self.connector.fetch("late", keys.filter(pc.invert(known))):
                self.known |= set(batch.table["id"].to_pylist())


def simulate(url: str, folder: Path, seed: int = 2012) -> LateCommits:
    """Play the course in an empty PostgreSQL database and count. `folder`: for the departments' settings."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
    plain, lagging, short = (Reader(url, folder, lag) for lag in ("0s", "60s", "15s"))
    events = schedule(seed)
    with ExitStack() as stack:
        writers = [stack.enter_context(psycopg.connect(url)) for _ in range(WRITERS)]
        for step in _with_readings(events):
            if isinstance(step, Event):
                _play(writers[step.writer], step)
            else:
                for reader in (plain, lagging, short):
                    reader.run()
    written = {event.ident for event in events}
    missed = {reader: len(written - reader.known) for reader in (plain, lagging, short)}
    short.sweep()
    return LateCommits(
        late_writers=WRITERS, rows=len(written), missed_by_plain_cursor=missed[plain], missed=missed[lagging],
        missed_by_short_lag=missed[short], missed_after_sweep=len(written - short.known),
    )  # fmt: skip


def _with_readings(events: list[Event]) -> Iterator[Event | None]:
    """The events with a None wherever a reading is due, and one after the last."""
    due = EVERY
    for event in events:
        while event.at >= due:
            yield None
            due += EVERY
        yield event
    yield None


def _play(writer: psycopg.Connection[Any], event: Event) -> None:
    if event.what == "commit":
        writer.commit()
        return
    moment = BEGIN + timedelta(seconds=event.at)
    writer.execute("INSERT INTO late VALUES (%s, %s)", (event.ident, moment))
