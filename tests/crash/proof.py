"""What a warehouse holds against what the source said: nothing lost, nothing doubled, every certificate true."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine

from hub.core.entities import ENTITIES
from hub.pipeline import Hub
from hub.pipeline.rebuild import rebuild
from tests.crash.sources import DEPARTMENT, Record

_SAID = """
select c.source_case_no, c.title, c.deleted_at is null,
       array(select event_no from core.event e where e.case_id = c.case_id and e.deleted_at is null order by 1)
from core."case" c
"""
_WAITING = "select record_key, count(*) from ops.quarantine where state = 'open' group by 1"
# One version of a row is in core or in history, once.
_TWICE = """
select coalesce(sum(n - 1), 0) from (
    select count(*) as n from (
        select {key}, source_version, row_hash, deleted_at is null as living from core."{entity}"
        union all
        select {key}, source_version, row_hash, deleted_at is null from history."{entity}") both_
    group by {key}, source_version, row_hash, living having count(*) > 1) twice
"""
# Where rows change in place, one reading does not know of children that an earlier version had: those are deleted.
_CORE = """
select {key}, row_hash, deleted_at is null from core."{entity}"
where deleted_at is null or '{entity}' = 'case'
"""
_UNTRUE = """
select count(*) from ops.batch b left join ops.certificate c using (batch_id)
where b.state in ('landed', 'rejected') and (c.batch_id is null or c.checksum_read <> c.checksum_landed
   or c.rows_read <> c.landed + c.unchanged + c.superseded + c.quarantined + c.rejected or c.rows_read <> b.rows_read)
"""


@dataclass(frozen=True)
class Verdict:
    """Cases that are not as the source last said, or missing; rows that are there twice, or that nobody said;
    certificates that are missing or wrong; rows of core that differ from the undisturbed run's."""

    lost: int
    doubled: int
    untrue: int
    differing: int

    @property
    def good(self) -> bool:
        return not any(asdict(self).values())


def verdict(hub: Hub, truth: dict[str, Record], undisturbed: Engine) -> Verdict:
    """Judge a warehouse; `undisturbed` holds what one run over the final source landed."""
    engine = hub.engine
    said = {r.no: (r.title, r.gone != "1", _events(r)) for r in truth.values() if not r.bad}
    bad = {r.no for r in truth.values() if r.bad}
    found = {no: (title, living, tuple(nos)) for no, title, living, nos in rows(engine, _SAID)}
    waiting: dict[str, int] = dict(rows(engine, _WAITING))
    lost = sum(found.get(no) != what for no, what in said.items()) + len(bad - waiting.keys())
    doubled = len(found.keys() - said.keys()) + len(waiting.keys() - bad)
    doubled += sum(count - 1 for count in waiting.values())
    doubled += sum(int(rows(engine, _about(_TWICE, name))[0][0]) for name in ENTITIES)
    return Verdict(lost, doubled, _untrue(hub), _differing(engine, undisturbed))


def rows(engine: Engine, query: str) -> list[Any]:
    """The rows of a query."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def _about(query: str, entity: str) -> str:
    return query.format(entity=entity, key=", ".join(ENTITIES[entity].key))


def _events(record: Record) -> tuple[int, ...]:
    if record.gone == "1":
        return ()
    return tuple(n for n, at in enumerate((record.first, record.second), 1) if at)


def _untrue(hub: Hub) -> int:
    """Certificates that are missing or contradict themselves, or that the raw objects, landed once more, do not give;
    and rows of core that the raw objects do not give."""
    rebuilt = rebuild(hub, DEPARTMENT)
    differing = sum(e.only_rebuilt + e.only_core + e.changed for e in rebuilt.entities)
    return int(rows(hub.engine, _UNTRUE)[0][0]) + len(rebuilt.uncertified) + differing


def _differing(engine: Engine, undisturbed: Engine) -> int:
    differing = 0
    for name in ENTITIES:
        mine, theirs = (set(rows(each, _about(_CORE, name))) for each in (engine, undisturbed))
        differing += len(mine ^ theirs)
    return differing
