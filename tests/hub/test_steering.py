"""Pausing, the department's lock, and resuming a reading in the middle."""

from __future__ import annotations

import pytest

from hub import pipeline
from hub.core.errors import DepartmentBusy, SourceClosed, SourceUnavailable, SpecError
from hub.pipeline import stages
from hub.pipeline.busy import working_alone
from tests.hub.conftest import Ask, Registry
from warehouse import pauses


@pytest.fixture
def one_row_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliver each row as a batch of its own."""
    monkeypatch.setattr("connectors.pace.CHUNK_ROWS", 1)


def test_two_runs_of_one_department_at_once(registry: Registry, registry_hub: pipeline.Hub) -> None:
    registry.put("a.csv", "1,2012-03-01,one")
    with working_alone(registry_hub, "registry"):
        for second in (pipeline.run, pipeline.extract, pipeline.sweep):
            with pytest.raises(DepartmentBusy, match="at work"):
                second(registry_hub, "registry")
    assert [c.landed for c in pipeline.run(registry_hub, "registry")] == [1]


@pytest.mark.parametrize("who", ["registry", "*"])
def test_a_paused_department_is_not_read(
    registry: Registry, registry_hub: pipeline.Hub, who: str
) -> None:
    registry.put("a.csv", "1,2012-03-01,one")
    with registry_hub.engine.begin() as connection:
        pauses.pause(connection, who, "server is moved", "tester")
    with pytest.raises(SourceClosed, match="server is moved"):
        pipeline.run(registry_hub, "registry")
    with registry_hub.engine.begin() as connection:
        assert pauses.resume(connection, who)
    assert [c.landed for c in pipeline.run(registry_hub, "registry")] == [1]


@pytest.mark.usefixtures("one_row_batches")
def test_a_pause_in_the_middle_keeps_what_was_read(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(9):
        registry.put(f"{n}.csv", f"{n},2012-03-01,t")
    monkeypatch.setattr(
        pauses,
        "reason",
        lambda _, __: "enough" if len(ask("select from ops.certificate")) >= 2 else None,
    )
    first = len(pipeline.run(registry_hub, "registry"))
    assert 2 <= first < 9  # chunks that were read ahead of the pause still land
    monkeypatch.setattr(pauses, "reason", lambda _, __: None)
    assert [c.landed for c in pipeline.run(registry_hub, "registry")] == [1] * (9 - first)


@pytest.mark.usefixtures("one_row_batches")
def test_a_long_reading_lands_round_by_round(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "ROUND_BATCHES", 2)
    for n in range(5):
        registry.put(f"{n}.csv", f"{n},2012-03-01,t")
    waiting = pipeline.extract(registry_hub, "registry")
    assert len(waiting) == 1
    assert ask("select count(*) from ops.certificate") == [(4,)]
    pipeline.land(
        registry_hub, "registry", pipeline.map_and_gate(registry_hub, "registry", waiting)
    )
    assert ask('select count(*) from core."case"') == [(5,)]


def test_the_load_on_a_source_is_reported(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.put("a.csv", "1,2012-03-01,one")
    pipeline.run(registry_hub, "registry")
    ((load,),) = ask("select summary->'load' from ops.run where kind = 'extract'")
    assert load["rows"] == 1 and load["queries"] >= 1 and load["bytes"] > 0


def test_only_sources_with_a_cursor_column_are_backfilled(
    registry: Registry, registry_hub: pipeline.Hub
) -> None:
    with pytest.raises(SpecError, match=r"source\.yml:\d+"):
        pipeline.backfill(registry_hub, "registry", "cases", "2012-01-01", None)


def test_the_doctor_names_what_to_do(registry: Registry, registry_hub: pipeline.Hub) -> None:
    registry.put("a.csv", "1,2012-03-01,one")
    checks = {d.check: d.state for d in pipeline.diagnose(registry_hub, "registry")}
    assert "failed" not in checks.values()
    registry.drop.rename(registry.drop.with_name("unmounted"))
    failed = [d for d in pipeline.diagnose(registry_hub, "registry") if d.state == "failed"]
    assert failed and all(d.remedy for d in failed)


def test_an_unavailable_source_is_not_a_refusal(
    registry: Registry, registry_hub: pipeline.Hub
) -> None:
    registry.drop.rmdir()
    with pytest.raises(SourceUnavailable):
        pipeline.run(registry_hub, "registry")
