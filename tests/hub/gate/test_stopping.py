"""Batches that stop, and what a steward decides of them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from hub import pipeline
from hub.core.errors import DepartmentBusy, GateStopped, HubError, LandingError, SpecError
from hub.core.specs import read_department
from hub.pipeline import gate, raw
from hub.pipeline.busy import working_alone
from quality import certificate as certificates
from tests.hub.conftest import Ask, Registry
from tests.hub.gate.office import (
    BALANCE,
    EVENTS,
    HEADER,
    LINE,
    MAPPING,
    NOTHING,
    PHONE,
    POWERS,
    put,
    row,
    stop,
    unfit,
)
from warehouse import ledger


@pytest.mark.parametrize(
    ("settings", "stops"),
    [
        ("{stop_above: 0.5, at_least: 2}", False),  # exactly the share
        ("{stop_above: 0.49, at_least: 5}", True),  # exactly the number
        ("{stop_above: 0.49, at_least: 6}", False),
        ("{stop_above: 0, at_least: 1}", True),
        ("{stop_above: 1, at_least: 1}", False),
    ],
)
def test_the_threshold_on_its_boundary(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask, settings: str, stops: bool
) -> None:
    office.declare(f"charset: utf-8, gate: {settings}")
    unfit(office)
    if stops:
        with pytest.raises(GateStopped, match="5 of 10 rows"):
            pipeline.run(registry_hub, "registry")
    else:
        assert [c.quarantined for c in pipeline.run(registry_hub, "registry")] == [5]
    assert ask("select state from ops.batch") == [("stopped" if stops else "landed",)]


def test_a_share_is_counted_in_decimals(office: Registry) -> None:
    """0.29 of 100 rows is 29, whatever binary fractions say."""
    office.declare("charset: utf-8, gate: {stop_above: 0.29, at_least: 1}")
    threshold = read_department(office.folder.parent, "registry").threshold("cases")
    assert [threshold.stops(n, 100) for n in (28, 29, 30)] == [False, False, True]


def test_a_dataset_overrides_the_departments_threshold_key_by_key(office: Registry) -> None:
    source = office.folder / "source.yml"
    office.declare("charset: utf-8, gate: {at_least: 7}")
    source.write_text("gate: {stop_above: 0.1, at_least: 3}\n" + source.read_text())
    threshold = read_department(office.folder.parent, "registry").threshold("cases")
    assert (float(threshold.stop_above), threshold.at_least) == (0.1, 7)


@pytest.mark.parametrize("wrong", ["{stop_above: 2}", "{at_least: 0}", "{stop: 0.1}"])
def test_a_threshold_that_makes_no_sense_is_named_by_file_and_line(
    office: Registry, wrong: str
) -> None:
    office.declare(f"charset: utf-8, gate: {wrong}")
    with pytest.raises(SpecError, match=r"source\.yml:\d+.*gate"):
        read_department(office.folder.parent, "registry").threshold("cases")
    office.declare("charset: utf-8")
    source = office.folder / "source.yml"
    source.write_text(source.read_text() + f"gate: {wrong}\n")
    with pytest.raises(SpecError, match=r"source\.yml:\d+.*gate"):
        read_department(office.folder.parent, "registry")


def test_of_a_stopped_batch_nothing_lands_but_what_the_gate_found(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    batch = stop(registry_hub, office, ask)
    assert {name: ask(query) for name, query in NOTHING.items()} == {key: [(0,)] for key in NOTHING}
    assert ask("select count(*) > 0 from ops.check_outcome") == [(True,)]
    with registry_hub.engine.connect() as connection:
        header = ledger.read_header(connection, batch)
    assert registry_hub.store.get(header.raw_object)
    assert header.versions["mapping"]


def test_while_a_batch_waits_its_dataset_is_not_read_and_nothing_drops_it(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    batch = stop(registry_hub, office, ask)
    put(office, "b.csv", row(20))
    with pytest.raises(GateStopped, match=rf"{batch}.*hub gate release"):
        pipeline.run(registry_hub, "registry")
    with pytest.raises(GateStopped):
        pipeline.sweep(registry_hub, "registry", "cases")
    assert ask("select batch_id::text, state from ops.batch") == [(batch, "stopped")]


def test_other_datasets_go_on(office: Registry, registry_hub: pipeline.Hub, ask: Ask) -> None:
    _with_a_second_dataset(office)
    unfit(office)
    office.put("x.txt", row(30), header=HEADER)
    with pytest.raises(GateStopped, match="registry/cases"):
        pipeline.run(registry_hub, "registry")
    assert ask("select dataset, state from ops.batch order by 1") == [
        ("cases", "stopped"), ("others", "landed"),
    ]  # fmt: skip


def _with_a_second_dataset(office: Registry) -> None:
    source, mapping = office.folder / "source.yml", office.folder / "mapping.yml"
    source.write_text(
        source.read_text() + '  others: {format: text, files: "*.txt", delimiter: ","}\n'
    )
    mapping.write_text(MAPPING + EVENTS, "utf-8")


def test_the_stages_of_the_orchestrator_stop_the_same_batch_and_go_on_with_the_rest(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    _with_a_second_dataset(office)
    put(office, "1.csv", row(50))
    unfit(office, "2.csv")
    put(office, "3.csv", row(60))
    office.put("x.txt", row(30), header=HEADER)
    read = pipeline.extract(registry_hub, "registry")
    mapped = pipeline.map_and_gate(registry_hub, "registry", read)
    assert pipeline.map_and_gate(registry_hub, "registry", read) == mapped
    landed = pipeline.land(registry_hub, "registry", mapped)
    with pytest.raises(GateStopped, match="registry/cases"):
        pipeline.finish(registry_hub, "registry")
    states = dict(ask("select dataset || ' ' || (files->0->>'name'), state from ops.batch"))
    assert states["others x.txt"] == "landed"
    assert {state for name, state in states.items() if name.startswith("cases")} >= {"stopped"}
    assert pipeline.extract(registry_hub, "registry") == []
    ((batch,),) = ask("select batch_id::text from ops.batch where state = 'stopped'")
    gate.release(registry_hub, str(batch), "li", "seen")
    pipeline.run(registry_hub, "registry")
    assert ask('select count(*) from core."case"') == [(7,)], landed
    assert ask("select count(*) from ops.quarantine") == [(5,)]


def test_a_released_batch_lands_with_todays_mapping_and_the_cursor_moves(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    batch = stop(registry_hub, office, ask)
    (office.folder / "powers.csv").write_text(POWERS + LINE.format("A") + LINE.format("B"))
    decided = gate.release(registry_hub, batch, "li", f"item B was missing; asked {PHONE}")
    assert (decided.certificate.landed, decided.certificate.quarantined) == (7, 3)
    assert decided.untold is None
    assert ask(BALANCE) == [("landed", 10, 7, 0, 0, 3, 0, True)]
    assert ask("select decision, actor, reason, told_at is not null from ops.batch_decision") == [
        ("release", "li", "item B was missing; asked ■■■", True)
    ]
    assert ask("select sum(decisive)::int from ops.check_outcome") == [(3,)]
    put(office, "b.csv", row(20))
    assert [c.read for c in pipeline.run(registry_hub, "registry")] == [1]


def test_of_a_rejected_batch_all_rows_are_accounted_for_and_nothing_lands(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    batch = stop(registry_hub, office, ask)
    decided = gate.reject(registry_hub, batch[:8], "li", "columns shifted")
    assert decided.certificate.rejected == 10
    assert ask(BALANCE) == [("rejected", 10, 0, 0, 0, 0, 10, True)]
    empty = {**NOTHING}
    del empty["cursor"], empty["certificate"]
    assert {name: ask(query) for name, query in empty.items()} == {key: [(0,)] for key in empty}
    assert ask("select batch_id::text from ops.cursor") == [(batch,)]
    assert pipeline.run(registry_hub, "registry") == []
    put(office, "b.csv", *(row(n) for n in range(1, 11)))  # the corrected file
    assert [c.landed for c in pipeline.run(registry_hub, "registry")] == [10]
    certificates.balance(decided.certificate)
    assert "拒收" in certificates.render(pipeline.certificate(registry_hub, batch))
    months = ask(
        "select sum(rows_read)::int, sum(rows_landed)::int, sum(rows_rejected)::int from mart.data_quality"
    )
    days = ask(
        "select sum(rows_read)::int, sum(rows_landed)::int, sum(rows_rejected)::int from mart.department_day"
    )
    assert months == days == [(20, 10, 10)]
    (totals,) = pipeline.status(registry_hub)["departments"]
    assert (totals["read"], totals["landed"], totals["rejected"]) == (20, 10, 10)


def test_core_is_rebuilt_without_the_rejected_and_with_the_released(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    from hub.pipeline.rebuild import rebuild

    gate.reject(registry_hub, stop(registry_hub, office, ask), "li", "shifted")
    unfit(office, "b.csv", first=11)
    with pytest.raises(GateStopped):
        pipeline.run(registry_hub, "registry")
    ((second,),) = ask("select batch_id::text from ops.batch where state = 'stopped'")
    gate.release(registry_hub, str(second), "li", "as it is")
    rebuilt = rebuild(registry_hub, "registry")
    assert rebuilt.same, rebuilt
    assert (rebuilt.batches, rebuilt.rows, rebuilt.uncertified) == (1, 10, ())


@pytest.mark.parametrize("decide", [gate.release, gate.reject])
def test_a_decision_is_made_once_with_a_name_and_a_reason(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask, decide: Any
) -> None:
    batch = stop(registry_hub, office, ask)
    for actor, reason in (("li", " "), ("", "seen")):
        with pytest.raises(SpecError, match="reason"):
            decide(registry_hub, batch, actor, reason)
    with working_alone(registry_hub, "registry"), pytest.raises(DepartmentBusy):
        decide(registry_hub, batch, "li", "seen")
    decide(registry_hub, batch, "li", "seen")
    for again in (gate.release, gate.reject):
        with pytest.raises(HubError, match="nothing to decide"):
            again(registry_hub, batch, "wang", "me too")
    with pytest.raises(HubError, match="knows no batch"):
        decide(registry_hub, "ffffffff-0", "li", "seen")
    assert ask("select actor from ops.batch_decision") == [("li",)]


def test_a_stopped_batch_does_not_land_without_a_decision(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    from hub.pipeline.batch import prepare, read_raw
    from hub.pipeline.reading import open_source
    from warehouse.landing import land

    batch = stop(registry_hub, office, ask)
    source = open_source(registry_hub, "registry")
    with registry_hub.engine.connect() as connection:
        header = ledger.read_header(connection, batch)
    landing = prepare(
        registry_hub, source.department, source.mapping, header, read_raw(registry_hub, header)
    )
    with pytest.raises(LandingError, match="the gate stopped it"):
        land(registry_hub.engine, landing)
    assert ask("select state from ops.batch") == [("stopped",)]


def test_a_batch_that_stopped_behind_one_that_was_lost_is_read_again_with_it(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    """A run that dies between the two: a decision would move the cursor over the rows that never landed."""
    put(office, "1.csv", row(50))
    (first,) = pipeline.extract(registry_hub, "registry")
    unfit(office, "2.csv")
    _enter_behind(registry_hub, first)
    with registry_hub.engine.begin() as connection:
        assert ledger.abandon_open(connection, "registry") == 1
    assert ask("select state from ops.batch") == [("abandoned",)] * 2
    with pytest.raises(GateStopped):
        pipeline.run(registry_hub, "registry")


def _enter_behind(hub: pipeline.Hub, first: str) -> None:
    query = """
        insert into ops.batch (batch_id, department, dataset, kind, state, raw_object, rows_read, versions, seconds,
            files, started_at)
        select gen_random_uuid(), department, dataset, kind, 'stopped', raw_object, 1, versions, seconds, files,
            clock_timestamp()
        from ops.batch where batch_id = cast(:first as uuid)
    """
    with hub.engine.begin() as connection:
        connection.execute(text(query), {"first": first})


def test_a_replay_never_stops(office: Registry, registry_hub: pipeline.Hub, ask: Ask) -> None:
    gate.release(registry_hub, stop(registry_hub, office, ask), "li", "seen")
    assert [(c.read, c.quarantined) for c in pipeline.replay(registry_hub, "registry")] == [(5, 5)]


def test_rows_that_wait_for_the_drift_policy_do_not_count(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    office.declare("charset: utf-8, gate: {stop_above: 0, at_least: 1}, drift: {new: quarantine}")
    office.put("a.csv", row(1) + ",x", row(2) + ",x", header=HEADER + ",FLOOR")
    assert [c.quarantined for c in pipeline.run(registry_hub, "registry")] == [2]
    assert ask(
        "select entity, reason, rows, decisive from ops.check_outcome where decisive > 0"
    ) == [("source", "drift", 2, 2)]


def test_the_raw_object_of_a_stopped_batch_outlives_its_retention(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    batch = stop(registry_hub, office, ask)
    with registry_hub.engine.begin() as connection:
        connection.exec_driver_sql("update ops.batch set started_at = now() - interval '900 days'")
    raw.collect(registry_hub, raw.retention_of("400d"))
    assert gate.release(registry_hub, batch, "li", "seen").certificate.read == 10
