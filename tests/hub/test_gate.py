"""What the gate tells of each batch; batches that stop, and what a steward decides of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from hub import pipeline
from hub.cli.commands import app
from hub.core.errors import DepartmentBusy, GateStopped, HubError, LandingError, SpecError
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import read_department
from hub.pipeline import gate, raw
from hub.pipeline.busy import working_alone
from quality import certificate as certificates
from tests.hub.conftest import Ask, Registry
from tests.hub.test_command_line import hub as command
from warehouse import ledger

MAPPING = """
datasets:
  cases:
    key: [NO]
    case_no: NO
    applicant: {kind: {const: person}, identity: IDNO, phone: PHONE, name: NAME}
    case:
      region_code: {const: "360121"}
      power_code: {field: ITEM, crosswalk: powers, on: APPLIED}
      applied_at: APPLIED
      title: TITLE
"""
EVENTS = """
  others:
    key: [NO]
    case_no: NO
    ignore: [ITEM, TITLE, IDNO, PHONE, NAME]
    event: {event_no: {const: 1}, step_code: {const: accept}, started_at: APPLIED}
"""
HEADER = "NO,APPLIED,ITEM,TITLE,IDNO,PHONE,NAME"
IDENTITY, PHONE, NAME = "11010519491231002X", "13807001234", "欧阳建国"
POWERS = "source_code,source_name,power_code,valid_from,valid_to,note\n"
LINE = "{},item,36012100GS-XK-0001,2012-01-01,,\n"


def row(number: int, applied: str = "2012-03-01", item: str = "A") -> str:
    return f"{number},{applied},{item},申请人{NAME}，电话{PHONE},{IDENTITY},{PHONE},{NAME}"


@pytest.fixture
def office(registry: Registry) -> Registry:
    """The registry, with applicants and a crosswalk that knows item A; four rejected rows of ten may pass."""
    (registry.folder / "mapping.yml").write_text(MAPPING, "utf-8")
    (registry.folder / "powers.csv").write_text(POWERS + LINE.format("A"))
    registry.declare("charset: utf-8, gate: {stop_above: 0.4, at_least: 2}")
    return registry


def put(office: Registry, name: str, *rows: str) -> None:
    office.put(name, *rows, header=HEADER)


def unfit(office: Registry, name: str = "a.csv", first: int = 1) -> None:
    """Ten rows, of which five cannot pass: three have an unknown item (one of them no date either), two no date."""
    put(
        office, name,
        *(row(first + n) for n in range(5)), row(first + 5, item="B"), row(first + 6, item="B"),
        row(first + 7, "never", "B"), row(first + 8, "never"), row(first + 9, "never"),
    )  # fmt: skip


def stop(hub: pipeline.Hub, office: Registry, ask: Ask) -> str:
    """A batch that is stopped; its id."""
    unfit(office)
    with pytest.raises(GateStopped):
        pipeline.run(hub, "registry")
    ((batch_id,),) = ask("select batch_id::text from ops.batch where state = 'stopped'")
    return str(batch_id)


NOTHING = {
    "core": 'select count(*) from core."case"', "cursor": "select count(*) from ops.cursor",
    "quarantine": "select count(*) from ops.quarantine", "certificate": "select count(*) from ops.certificate",
    "record": "select count(*) from ops.record", "party": "select count(*) from restricted.party",
}  # fmt: skip
BALANCE = """
select b.state, c.rows_read, c.landed, c.unchanged, c.superseded, c.quarantined, c.rejected,
       c.rows_read = c.landed + c.unchanged + c.superseded + c.quarantined + c.rejected
           and c.checksum_read = c.checksum_landed
           and (c.landed, c.quarantined, c.rejected) = (b.landed, b.quarantined, b.rejected)
from ops.batch b join ops.certificate c using (batch_id) order by b.ledger_no
"""


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


# What each check looked at.


def test_outcomes_add_up_to_what_was_rejected_however_many_reasons_a_row_has(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    office.declare("charset: utf-8, gate: {stop_above: 1}")
    unfit(office)
    (certificate,) = pipeline.run(registry_hub, "registry")
    found = gate.report(registry_hub, certificate.batch_id)
    assert found["rows_rejected"] == certificate.quarantined == 5
    assert sum(of["rows"] for of in found["reasons"].values()) == 5
    by_reason = dict(ask("select reason, count(*) from ops.quarantine group by 1"))
    assert {r: of["rows"] for r, of in found["reasons"].items() if of["rows"]} == by_reason
    told = {(c["reason"], c["column"]): c for c in found["checks"] if c["entity"] == "source"}
    assert (told["bad_date", "APPLIED"]["rows"], told["bad_date", "APPLIED"]["failures"]) == (10, 3)
    assert (
        found["reasons"]["bad_date"]["failures"] + found["reasons"]["unmapped_power"]["failures"]
        > 5
    )
    judged = {(c["entity"], c["column"], c["reason"]): c for c in found["checks"]}
    assert judged["record", "record_key", "missing_key"]["rows"] == 10
    assert judged["case", "case_id", "duplicate_key"]["rows"] == 5  # among the rows that would land
    assert found["not_evaluated"] == 0
    assert found["evaluated"] + found["no_values"] == len(found["checks"])


def test_rows_that_the_landing_itself_refuses_are_counted_too(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    """Two records report the same case, in different batches: only the warehouse can see it."""
    mapping = registry.folder / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("key: [NO]", "key: [NO, TITLE]"))
    registry.put("a.csv", "1,2012-03-01,one")
    pipeline.run(registry_hub, "registry")
    registry.put("b.csv", "1,2012-03-01,two")
    (certificate,) = pipeline.run(registry_hub, "registry")
    assert certificate.quarantined == 1
    assert ask(
        'select entity, "column", reason, rows, failures, decisive from ops.check_outcome where decisive > 0'
    ) == [("case", "case_id", "duplicate_key", 1, 1, 1)]


def test_examples_say_where_and_show_neither_numbers_nor_names(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    batch = stop(registry_hub, office, ask)
    document = gate.report(registry_hub, batch)
    examples = [e for check in document["checks"] for e in check["examples"]]
    assert ("a.csv", 7) in {(e["file"], e["row"]) for e in examples}
    assert all(len(check["examples"]) <= 3 for check in document["checks"])
    assert {e["fields"]["APPLIED"] for e in examples} == {"2012-03-01", "never"}
    assert {e["fields"]["NAME"] for e in examples} == {"欧＊＊＊"}
    assert {e["fields"]["TITLE"] for e in examples} == {"申请人■■■，电话■■■"}
    shown = steward("gate", "show", batch)
    assert shown.exit_code == 1
    everything = json.dumps(document, default=str, ensure_ascii=False) + shown.stdout
    everything += str(ask("select * from ops.check_outcome"))
    for secret in (IDENTITY, PHONE, NAME):
        assert secret not in everything
    assert "unmapped_power" in shown.stdout and "a.csv row 7" in shown.stdout


def test_a_check_that_did_not_run_is_kept_and_shown_red(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.cli.gate import STATES
    from quality import gate as engine
    from quality import schemas

    def forgetful(name: str, types: Any, rules: Any, ran: Any) -> Any:
        return schemas.schema(name, types, list(rules)[1:] if name == "case" else rules, ran)

    monkeypatch.setattr(engine, "schema", forgetful)
    put(office, "a.csv", row(1))
    with pytest.raises(GateStopped, match="did not run"):
        pipeline.run(registry_hub, "registry")
    assert ask("select state from ops.batch") == [("failed",)]
    states = dict(
        ask("select state, count(*) from ops.check_outcome where entity = 'case' group by 1")
    )
    assert states["not_evaluated"] == 2  # the one, and uniqueness, which comes after all others
    ((batch,),) = ask("select batch_id::text from ops.batch")
    document = gate.report(registry_hub, str(batch))
    assert (document["not_evaluated"], document["checks"][0]["state"]) == (2, "not_evaluated")
    assert "red" in STATES["not_evaluated"] and "green" not in STATES["not_evaluated"]
    (waiting,) = gate.waiting(registry_hub)
    assert (waiting["state"], waiting["not_evaluated"]) == ("failed", 2)
    shown = steward("gate", "show", str(batch))
    assert shown.exit_code == 1 and "NOT EVALUATED" in shown.stdout
    monkeypatch.setattr(engine, "schema", schemas.schema)
    (certificate,) = pipeline.run(registry_hub, "registry")
    assert gate.report(registry_hub, certificate.batch_id)["not_evaluated"] == 0


def test_outcomes_of_an_earlier_attempt_are_replaced(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    batch = stop(registry_hub, office, ask)
    before = ask("select count(*) from ops.check_outcome")
    gate.release(registry_hub, batch, "li", "seen")
    assert ask("select count(*) from ops.check_outcome") == before


def test_the_drift_policys_stop_is_listed_too(office: Registry, registry_hub: pipeline.Hub) -> None:
    office.declare("charset: utf-8, drift: {new: stop}")
    office.put("a.csv", row(1) + ",x", header=HEADER + ",FLOOR")
    with pytest.raises(GateStopped, match="FLOOR"):
        pipeline.run(registry_hub, "registry")
    (waiting,) = gate.waiting(registry_hub, "registry")
    assert waiting["state"] == "failed" and "FLOOR" in waiting["drift"][0]
    assert gate.waiting(registry_hub, "another") == []


# On the command line.


def steward(*arguments: str) -> Result:
    """Run a command in this process: the machinery need not be imported again."""
    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, HubError):
        result.exit_code = result.exception.exit_code
    return result


def test_a_steward_lists_shows_and_decides(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    assert steward("gate", "list").exit_code == 0
    unfit(office)
    ran = command("run", "registry")
    assert ran.returncode == 1
    assert "hub gate show" in ran.stderr
    assert NAME not in ran.stderr
    ((batch,),) = ask("select batch_id::text from ops.batch")
    listed = steward("gate", "list", "--json")
    assert listed.exit_code == 1
    (waits,) = json.loads(listed.stdout)
    assert (waits["batch_id"], waits["rejected"], waits["share"]) == (batch, 5, 0.5)
    assert str(batch) in steward("gate", "list").stdout
    assert "stopped at the gate" in steward("status").stdout
    assert steward("gate", "reject", str(batch)).exit_code == 2  # no reason
    blank = steward("gate", "reject", str(batch), "--reason", " ")
    assert blank.exit_code == 2
    decided = steward(
        "gate", "reject", str(batch), "--reason", "shifted", "--actor", "li", "--json"
    )
    document = json.loads(decided.stdout)
    assert document["certificate"]["rejected"] == 10
    assert document["decision"] == {"what": "reject", "actor": "li", "reason": "shifted"}
    assert steward("gate", "list", "--json").stdout.strip() == "[]"
    report = json.loads(steward("gate", "report", str(batch)[:6], "--json").stdout)
    assert (report["state"], report["decision"]["actor"]) == ("rejected", "li")
    assert "拒收" in steward("certificate", str(batch)).stdout


# Invariant 2: killing the process at any point of a decision loses nothing and doubles nothing.

POINTS = {
    "release": ("after_staging", "before_commit", "after_commit", "before_acknowledge"),
    "reject": ("before_commit", "after_commit", "after_acknowledge"),
}


@pytest.mark.parametrize(
    ("what", "point"), [(w, p) for w, points in POINTS.items() for p in points]
)
def test_a_decision_that_was_killed_stands_whole_or_not_at_all(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask, what: str, point: str
) -> None:
    batch = stop(registry_hub, office, ask)
    killed = _killed(["gate", what, batch, "--reason", "seen", "--actor", "li"], point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    committed = point in ("after_commit", "before_acknowledge", "after_acknowledge")
    assert ask("select count(*) from ops.batch_decision") == [(int(committed),)]
    if committed:
        with pytest.raises(HubError, match="nothing to decide"):
            getattr(gate, what)(registry_hub, batch, "li", "again")
    else:
        getattr(gate, what)(registry_hub, batch, "li", "again")
    assert pipeline.run(registry_hub, "registry") == []
    assert ask("select count(*) from ops.batch_decision where told_at is null") == [(0,)]
    rejected = what == "reject"
    assert ask(BALANCE) == [
        (
            "rejected" if rejected else "landed",
            10,
            *((0, 0, 0, 0, 10) if rejected else (5, 0, 0, 5, 0)),
            True,
        )
    ]
    assert ask('select count(*) from core."case"') == [(0 if rejected else 5,)]


def test_a_run_that_is_killed_when_it_stops_a_batch_stops_it_the_next_time(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    unfit(office)
    assert _killed(["run", "registry"], "after_map").returncode in (1, -signal.SIGKILL)
    with pytest.raises(GateStopped):
        pipeline.run(registry_hub, "registry")
    assert ask("select count(*) from ops.batch where state = 'stopped'") == [(1,)]


def _killed(arguments: list[str], point: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from hub.cli import main; main()", *arguments],
        cwd=CONTENT_ROOT, env=os.environ | {"HUB_CRASH_AT": point}, capture_output=True, text=True, check=False,
    )  # fmt: skip
