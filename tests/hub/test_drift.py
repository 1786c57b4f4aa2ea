"""A source whose shape changes: what is recorded, and what each policy does."""

from __future__ import annotations

import pytest

from hub import pipeline
from hub.core.errors import GateStopped, SpecError
from hub.core.specs import read_department
from tests.hub.conftest import Ask, Registry

DRIFT = 'select "column", change from ops.drift order by 1, 2'
WIDER = "NO,APPLIED,TITLE,FLOOR"


def test_a_new_column_is_recorded_once_and_borne(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.put("a.csv", "1,2012-03-01,one")
    pipeline.run(registry_hub, "registry")
    assert ask(DRIFT) == []
    registry.put("b.csv", "2,2012-03-02,two,3", header=WIDER)
    registry.put("c.csv", "3,2012-03-02,two,3", header=WIDER)
    pipeline.run(registry_hub, "registry")
    registry.put("d.csv", "4,2012-03-02,two,3", header=WIDER)
    pipeline.run(registry_hub, "registry")
    assert ask(DRIFT) == [("FLOOR", "new")]
    assert ask('select count(*) from core."case"') == [(4,)]


def test_stop_lands_nothing_and_goes_on_stopping_until_somebody_decides(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.declare("drift: {new: stop}")
    registry.put("a.csv", "1,2012-03-01,one,2", header=WIDER)
    for _ in range(2):
        with pytest.raises(GateStopped, match="FLOOR"):
            pipeline.run(registry_hub, "registry")
    assert ask('select count(*) from core."case"') == [(0,)]
    assert ("FLOOR", "new") in ask(DRIFT)
    registry.declare("drift: {new: ignore}")
    assert [c.landed for c in pipeline.run(registry_hub, "registry")] == [1]


def test_quarantine_keeps_the_rows_for_a_replay(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.declare("drift: {new: quarantine}")
    registry.put("a.csv", "1,2012-03-01,one,2", header=WIDER)
    assert [c.quarantined for c in pipeline.run(registry_hub, "registry")] == [1]
    assert ask("select reason from ops.quarantine") == [("drift",)]
    mapping = registry.folder / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("[NOTE]", "[NOTE, FLOOR]"))
    assert [c.landed for c in pipeline.replay(registry_hub, "registry")] == [1]


@pytest.mark.parametrize(("policy", "fate"), [("ignore", "landed"), ("quarantine", "quarantined")])
def test_a_missing_column(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask, policy: str, fate: str
) -> None:
    registry.declare(f"drift: {{missing: {policy}}}")
    registry.put("a.csv", "1,2012-03-01", header="NO,APPLIED")
    (certificate,) = pipeline.run(registry_hub, "registry")
    assert getattr(certificate, fate) == 1
    assert ask(DRIFT) == [("TITLE", "missing")]


def test_a_declared_rename_is_recorded_when_it_happens(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.put("a.csv", "1,2012-03-01,one", header="NO,SQSJ,TITLE")
    pipeline.run(registry_hub, "registry")
    registry.put("b.csv", "2,2012-08-01,two")
    pipeline.run(registry_hub, "registry")
    assert ask(DRIFT) == [("APPLIED", "renamed")]
    assert ask('select count(applied_at) from core."case"') == [(2,)]


def test_a_setting_that_makes_no_sense_is_named_before_anything_is_read(
    registry: Registry,
) -> None:
    registry.declare("deletes: sweep")
    department = read_department(registry.folder.parent, "registry")
    with pytest.raises(SpecError, match=r"source\.yml:\d+.*sweep"):
        department.settings("cases")
