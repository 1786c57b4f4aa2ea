"""What the gate tells of each batch: what every check looked at."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub import pipeline
from hub.core.errors import GateStopped
from hub.pipeline import gate
from tests.hub.conftest import Ask, Registry
from tests.hub.gate.office import (
    HEADER,
    IDENTITY,
    NAME,
    PHONE,
    put,
    row,
    steward,
    stop,
    unfit,
)


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
