"""Keys at the source against keys in the warehouse: for sweeps, which act on the difference, and for reconciling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, text

from warehouse.copying import copy_frame

GONE_SCHEMA: dict[str, pl.DataType] = {
    "record_key": pl.String(),
    "raw_object": pl.String(),
    "raw_row": pl.Int64(),
}

# Open quarantined rows are known too: they wait for a person, not for the source.
_UNKNOWN = text(
    """
    select k.record_key from unnest(cast(:keys as text[])) k (record_key)
    where not exists (
            select from ops.record r
            where r.department = :department and r.dataset = :dataset and r.record_key = k.record_key
              and not (r.deleted and :by_absence))
      and not exists (
            select from ops.quarantine q
            where q.department = :department and q.dataset = :dataset and q.record_key = k.record_key
              and q.state = 'open')
    """
)
_GONE = text(
    """
    select r.record_key, b.raw_object, r.raw_row
    from ops.record r join ops.batch b using (batch_id)
    where r.department = :department and r.dataset = :dataset and not r.deleted and r.arrived_at < :before
      and not exists (select from source_key s where s.record_key = r.record_key)
    order by b.raw_object, r.raw_row
    """
)
_LIVING = text(
    "select count(*) from ops.record where department = :department and dataset = :dataset and not deleted"
)
_RANGES = text(
    """
    with mine as (
        select record_key, false as waiting from ops.record
        where department = :department and dataset = :dataset and not deleted
    ), waiting as (
        select distinct record_key from ops.quarantine
        where department = :department and dataset = :dataset and state = 'open' and record_key is not null
    ), both_sides as (
        select coalesce(s.record_key, m.record_key) as record_key, s.record_key is not null as at_source,
               m.record_key is not null as here, w.record_key is not null as waits
        from (select distinct record_key from source_key) s
        full join mine m using (record_key)
        left join waiting w on w.record_key = coalesce(s.record_key, m.record_key)
    ), ranged as (
        select *, ntile(:ranges) over (order by record_key collate "C") as range_no from both_sides
    )
    select range_no, min(record_key collate "C") as first_key, max(record_key collate "C") as last_key,
           count(*) filter (where at_source) as source, count(*) filter (where here) as warehouse,
           count(*) filter (where at_source and not here and waits) as quarantined,
           count(*) filter (where at_source and not here and not waits) as missing_here,
           count(*) filter (where here and not at_source) as missing_at_source,
           (array_agg(record_key) filter (where at_source and not here and not waits))[1:10] as not_here,
           (array_agg(record_key) filter (where here and not at_source))[1:10] as not_at_source
    from ranged group by range_no order by range_no
    """
)


class Comparison:
    """The keys of one dataset at the source, in a temporary table. Keys are record keys, as the mapping makes them.

    `by_absence`: deletes become known by the absence of the key, so that a key that is there again is news.
    """

    def __init__(
        self, connection: Connection, department: str, dataset: str, by_absence: bool
    ) -> None:
        self.connection = connection
        self.binds = {"department": department, "dataset": dataset, "by_absence": by_absence}
        self.started_at: datetime = connection.execute(
            text("select clock_timestamp()")
        ).scalar_one()

    def add(self, keys: pl.Series) -> None:
        """Note keys that the source has."""
        copy_frame(self.connection, "source_key", keys.drop_nulls().alias("record_key").to_frame())

    def unknown(self, keys: pl.Series) -> pl.Series:
        """Those of the keys that the warehouse does not know."""
        asked = keys.drop_nulls().unique().to_list()
        rows = self.connection.execute(_UNKNOWN, self.binds | {"keys": asked})
        return pl.Series("record_key", [row[0] for row in rows], pl.String)

    def gone(self) -> pl.DataFrame:
        """Living records of which the source no longer has the key, in GONE_SCHEMA: where their last image lies.

        Records that were read after the comparison began are left out: the keys may have been taken before.
        """
        self._index()
        rows = self.connection.execute(_GONE, self.binds | {"before": self.started_at})
        return pl.DataFrame([tuple(row) for row in rows], schema=GONE_SCHEMA, orient="row")

    def living(self) -> int:
        """How many records of the dataset live in the warehouse."""
        return int(self.connection.execute(_LIVING, self.binds).scalar_one())

    def ranges(self, ranges: int) -> list[dict[str, Any]]:
        """Counts on both sides by ranges of keys, and up to ten keys of each range that one side lacks."""
        self._index()
        found = self.connection.execute(_RANGES, self.binds | {"ranges": ranges})
        return [dict(row._mapping) for row in found]

    def _index(self) -> None:
        self.connection.execute(
            text("create index if not exists source_key_idx on source_key (record_key)")
        )
        self.connection.execute(text("analyze source_key"))


@contextmanager
def comparison(
    engine: Engine, department: str, dataset: str, by_absence: bool = False
) -> Iterator[Comparison]:
    """A comparison on a connection of its own, outside of any landing's transaction."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("create temp table source_key (record_key text)"))
        try:
            yield Comparison(connection, department, dataset, by_absence)
        finally:
            if not connection.invalidated:
                connection.execute(text("drop table if exists source_key"))
