"""Sweeps, tombstones, reconciling: what the reading could not see."""

from __future__ import annotations

import pytest

from hub import pipeline
from hub.core.errors import GateStopped, SourceUnavailable
from tests.hub.conftest import Ask, Registry

SWEEPING = "deletes: sweep, sweep: {every: run}"
LIVING = 'select source_case_no from core."case" where deleted_at is null order by 1'


def test_what_is_gone_is_landed_as_deleted_with_its_last_image(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.declare(SWEEPING)
    registry.put("a.csv", "1,2012-03-01,one", "2,2012-03-01,two")
    pipeline.run(registry_hub, "registry")
    registry.put("a.csv", "1,2012-03-01,one")
    pipeline.run(registry_hub, "registry")
    assert ask(LIVING) == [("1",)]
    assert ask("select title from core.\"case\" where source_case_no = '2'") == [("two",)]
    assert ask("select kind, rows_read, landed from ops.batch where kind = 'sweep'") == [
        ("sweep", 1, 1)
    ]
    assert ask('select count(*) from history."case"') == [(1,)]

    registry.put("a.csv", "1,2012-03-01,one", "2,2012-03-01,two")
    pipeline.run(registry_hub, "registry")
    assert ask(LIVING) == [("1",), ("2",)]


def test_a_row_that_the_reading_missed_is_fetched(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.put("a.csv", "1,2012-03-01,one", "2,2012-03-01,two")
    pipeline.run(registry_hub, "registry")
    with registry_hub.engine.begin() as connection:  # as if it had never been read
        connection.exec_driver_sql("delete from ops.record where record_key = '2'")
        connection.exec_driver_sql("delete from core.\"case\" where source_case_no = '2'")
    (report,) = pipeline.reconcile(registry_hub, "registry")
    assert (report["missing_here"], report["ranges"][-1]["not_here"]) == (1, ["2"])
    (swept,) = pipeline.sweep(registry_hub, "registry", "cases")
    assert (swept.keys, swept.fetched, swept.gone) == (2, 1, 0)
    assert ask(LIVING) == [("1",), ("2",)]
    (report,) = pipeline.reconcile(registry_hub, "registry")
    assert (report["source"], report["warehouse"], report["missing_here"]) == (2, 2, 0)


def test_rows_in_quarantine_are_no_difference(
    registry: Registry, registry_hub: pipeline.Hub
) -> None:
    registry.put("a.csv", "1,2012-03-01,one", "2,never,two")
    pipeline.run(registry_hub, "registry")
    (report,) = pipeline.reconcile(registry_hub, "registry")
    assert (report["quarantined"], report["missing_here"]) == (1, 0)
    (swept,) = pipeline.sweep(registry_hub, "registry", "cases")
    assert swept.fetched == 0


def test_unusually_many_deletes_wait_for_a_person(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.declare(SWEEPING)
    registry.put("a.csv", *(f"{n},2012-03-01,t" for n in range(300)))
    pipeline.run(registry_hub, "registry")
    registry.put("a.csv", "0,2012-03-01,t")
    with pytest.raises(GateStopped, match="299 of 300"):
        pipeline.run(registry_hub, "registry")
    assert len(ask(LIVING)) == 300
    (swept,) = pipeline.sweep(registry_hub, "registry", accept_deletes=True)
    assert swept.deleted
    assert ask(LIVING) == [("0",)]


def test_a_source_that_does_not_answer_deletes_nothing(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.declare(SWEEPING)
    registry.put("a.csv", "1,2012-03-01,one")
    pipeline.run(registry_hub, "registry")
    registry.drop.rename(registry.drop.with_name("unmounted"))
    with pytest.raises(SourceUnavailable):
        pipeline.sweep(registry_hub, "registry")
    assert ask(LIVING) == [("1",)]


def test_a_sweep_is_due_when_the_last_one_is_old_enough(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.declare("deletes: sweep, sweep: {every: 1d}")
    count = "select count(*) from ops.run where kind = 'sweep'"
    registry.put("a.csv", "1,2012-03-01,one")
    pipeline.run(registry_hub, "registry")
    pipeline.run(registry_hub, "registry")
    assert ask(count) == [(1,)]
    with registry_hub.engine.begin() as connection:
        connection.exec_driver_sql(
            "update ops.run set started_at = started_at - interval '25 hours'"
        )
    pipeline.run(registry_hub, "registry")
    assert ask(count) == [(2,)]


def test_a_row_that_the_department_corrects_no_longer_waits(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    state = "select state, count(*) from ops.quarantine group by 1"
    registry.put("a.csv", "1,never,one")
    pipeline.run(registry_hub, "registry")
    registry.put("b.csv", "1,nowhen,one")
    pipeline.run(registry_hub, "registry")
    assert sorted(ask(state)) == [("open", 1), ("superseded", 1)]
    registry.put("c.csv", "1,2012-03-01,one")
    pipeline.run(registry_hub, "registry")
    assert ask(state) == [("superseded", 2)]
    assert pipeline.replay(registry_hub, "registry") == []
