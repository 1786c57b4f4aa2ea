"""What `hub doctor` says of an exchange table."""

from __future__ import annotations

import psycopg
import pytest

import connectors
from tests.connectors.exchange.conftest import SETTINGS


def test_what_the_doctor_sees(place, open_place):
    opened = open_place()
    place.put("P1", 1, 1)
    place.put("P1", 1, 2, made="2012-03-04 10:00:00")
    found = {each.check: each for each in opened.diagnose()}
    states = {check: each.state for check, each in found.items()}
    assert [states[check] for check in ("reachable", "table", "waiting")] == ["ok"] * 3
    assert (
        found["rights"].state in ("ok", "warning")
        and "signstate, reason, told_at" in found["rights"].found
    )
    assert found["waiting"].found.startswith("2 rows are new")
    if place.name != "sqlite":  # which keeps times as text
        assert "the oldest since 2012-03-04 10:00" in found["waiting"].found
    assert found["flag_index"].state == "warning"
    assert place.flags()[0] == ("P1", 1, 1, "0", None)
    place.run("CREATE INDEX waiting ON ea_proc (signstate)")
    assert {each.check: each.state for each in opened.diagnose()}["flag_index"] == "ok"


@pytest.fixture
def asked(make_department, exchange_url):
    """The doctor's answers to an account that may read, and update the columns that are named."""
    plain = exchange_url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            """CREATE TABLE ea_proc (projid text, dataver int, sn int, maketime timestamp, signstate text,
            reason text, told_at timestamp, PRIMARY KEY (projid, dataver, sn))"""
        )
        connection.execute("CREATE ROLE middle_reader LOGIN")

        def answers(*grants: str) -> dict:
            for grant in grants:
                connection.execute(f"GRANT {grant} ON ea_proc TO middle_reader")  # type: ignore[arg-type]
            department = make_department({"cases": SETTINGS}, "exchange")
            opened = connectors.open(department, plain.replace("//postgres@", "//middle_reader@"))
            return {each.check: each for each in opened.diagnose()}

        yield answers
        connection.execute("DROP OWNED BY middle_reader")
        connection.execute("DROP ROLE middle_reader")


def test_an_account_may_write_what_is_written_and_nothing_else(asked):
    unread = asked()
    assert unread["table"].state == "failed" and "rights" not in unread
    refused = asked("SELECT")["rights"]
    assert refused.state == "failed" and "permission denied" in refused.found
    assert "UPDATE on signstate, reason, told_at of ea_proc" in refused.remedy
    assert asked("UPDATE (signstate)")["rights"].state == "failed"
    assert asked("UPDATE (signstate, reason, told_at)")["rights"].state == "ok"
    assert asked("DELETE")["rights"].state == "warning"


def test_a_server_that_does_not_answer_is_said_once(make_department):
    url = "postgresql://hub@/x?host=/no/such/folder"
    opened = connectors.open(make_department({"cases": SETTINGS}, "exchange"), url)
    (only,) = opened.diagnose()
    assert (only.check, only.state, only.dataset) == ("reachable", "failed", "cases")


def test_a_large_queue_is_not_counted_to_its_end(place, open_place, monkeypatch):
    monkeypatch.setattr("connectors.exchange.diagnosis.COUNTED", 3)
    opened = open_place()
    for sn in range(5):
        place.put("P1", 1, sn)
    found = {each.check: each.found for each in opened.diagnose()}
    assert found["waiting"].startswith("more than 3 rows are new")
