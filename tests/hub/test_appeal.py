"""What stands up to an appeal: the chain behind a finding, findings as they were known, drafts in the shadow."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

import supervision
from hub import pipeline
from hub.cli.commands import app
from hub.core.errors import HubError
from hub.core.settings import CONTENT_ROOT
from hub.pipeline.appeal import explain, repeat, rules_diff

AS_OF = datetime(2012, 12, 31, 23, 59, 59)  # noqa: DTZ001 (local time by definition)
HEADER = "NO,APPLIED,ACCEPTED,DECIDED,TITLE"
MAPPING = """
datasets:
  cases:
    key: [NO]
    case_no: NO
    case:
      region_code: {const: "360121"}
      power_code: {const: "36012100GS-XK-0001"}
      applied_at: APPLIED
      accepted_at: ACCEPTED
      decided_at: DECIDED
      title: TITLE
"""
RULE = "timeliness.overdue_statutory"


@pytest.fixture
def hub(registry: Any, registry_hub: pipeline.Hub) -> pipeline.Hub:
    """Two cases have landed and been supervised; L was decided far too late."""
    (registry.folder / "mapping.yml").write_text(MAPPING)
    registry.put(
        "a.csv",
        "OK,2012-03-01,2012-03-01,2012-03-02,shop",
        "L,2012-03-01,2012-03-01,2012-09-28,call 13979112345",
        header=HEADER,
    )
    pipeline.run(registry_hub, "registry")
    pipeline.supervise(registry_hub, AS_OF)
    return registry_hub


def finding_of(engine: Engine, rule: str = RULE) -> str:
    with engine.connect() as connection:
        found = connection.execute(
            text("select cast(finding_id as text) from supervision.finding where rule_id = :rule"),
            {"rule": rule},
        )
        return str(found.scalar_one())


def test_a_finding_leads_to_the_row_that_the_department_sent(
    hub: pipeline.Hub, database: Engine
) -> None:
    finding = finding_of(database)
    chain = explain(hub, finding[:9], raw=True)
    assert chain["broken"] == []
    assert chain["rule"]["sql"].startswith("-- Accepted cases that took longer than the law allows")
    (row,) = chain["rows"]
    assert (row["entity"], row["version"], row["raw_exists"]) == ("case", "current", True)
    assert (row["source_file"], row["fields"]["NO"]) == ("a.csv", "L")
    assert "13979112345" not in json.dumps(chain, default=str)
    (batch,) = chain["batches"]
    assert batch["checksums_agree"] and batch["rows_read"] == 2
    assert chain["releases"] == {"catalogue": True, "calendar": True}
    assert [event["action"] for event in chain["life"]] == ["opened"]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("update supervision.rule set sql = null", "does not keep this version of the rule"),
        ("update core.\"case\" set row_hash = 'x'", "neither in core nor in history"),
        ("update ops.certificate set checksum_landed = 'x'", "its checksums differ"),
        ("delete from reference.archive where name = 'calendar'", "the calendar of that day"),
    ],
)
def test_a_link_that_does_not_hold_is_named(
    hub: pipeline.Hub, database: Engine, damage: str, says: str
) -> None:
    with database.begin() as connection:
        connection.execute(text(damage))
    assert any(says in link for link in explain(hub, finding_of(database))["broken"])


def test_a_finding_without_rows_leads_to_what_was_delivered(
    hub: pipeline.Hub, database: Engine
) -> None:
    """Where a finding says that something is not there, the last deliveries show that it was not in them."""
    with database.begin() as connection:
        connection.execute(text("update supervision.finding set evidence = null"))
    chain = explain(hub, finding_of(database))
    (row,) = chain["rows"]
    assert (row["dataset"], row["version"], row["source_file"]) == ("cases", "delivered", "a.csv")
    assert chain["broken"] == [] and len(chain["batches"]) == 1


def test_a_raw_object_that_is_gone_breaks_the_chain(hub: pipeline.Hub, database: Engine) -> None:
    hub.store.delete_prefix("raw/registry/")
    result = CliRunner().invoke(app, ["explain", finding_of(database)])
    assert (result.exit_code, "no such object" in result.output) == (1, True)


def test_an_id_that_no_finding_has_is_refused(hub: pipeline.Hub) -> None:
    with pytest.raises(HubError, match="no finding begins"):
        explain(hub, "zzzz")


def test_findings_are_found_again_as_they_were_known(
    hub: pipeline.Hub, registry: Any, database: Engine
) -> None:
    """Whatever came since: a corrected case, a new one, a deleted finding's data, another calendar."""
    with database.connect() as connection:
        first, ended = connection.execute(
            text("select cast(run_id as text), finished_at from supervision.run")
        ).one()
    registry.put(
        "b.csv",
        "L,2012-03-01,2012-03-01,2012-03-05,corrected",
        "N,2012-04-01,2012-04-01,2012-11-28,new and late",
        header=HEADER,
    )
    pipeline.run(hub, "registry")
    later = pipeline.supervise(hub, AS_OF)
    again = repeat(hub, run_id=first)
    assert again.same and again.engine_same and again.findings > 0
    assert (again.later, again.expected) != (0, later.findings_hash)
    assert (
        repeat(hub, ended.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)).run_id
        == first
    )
    assert repeat(hub).expected == later.findings_hash, "now is known, too"


def test_what_was_recorded_wrongly_is_not_the_same(hub: pipeline.Hub, database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("update supervision.run set findings_hash = 'x'"))
    assert not repeat(hub).same


def test_a_draft_shows_what_it_would_change_and_changes_nothing(
    hub: pipeline.Hub, database: Engine, tmp_path: Path
) -> None:
    drafts = tmp_path / "drafts" / "timeliness"
    drafts.mkdir(parents=True)
    for suffix in (".yml", ".sql"):
        source = (
            CONTENT_ROOT / "supervision" / "rules" / "timeliness" / f"overdue_statutory{suffix}"
        )
        shutil.copy(source, drafts)
    (same,) = rules_diff(hub, tmp_path / "drafts", as_of=AS_OF)
    assert same.same and same.counts["violation"] == (1, 1)
    sql = drafts / "overdue_statutory.sql"
    sql.write_text(sql.read_text("utf-8").replace("> k.statutory_value", "> -1"), "utf-8")
    (wider,) = rules_diff(hub, drafts / "overdue_statutory.yml", as_of=AS_OF)
    assert wider.changes == {"open": {"registry": 1}}
    assert wider.counts["violation"] == (1, 2)
    (change,) = wider.sample
    assert change.before is None and change.after is not None
    assert finding_of(database), "the finding stands as it stood"
    with database.connect() as connection:
        assert connection.scalar(text("select count(*) from supervision.run")) == 1


def test_the_rules_page_is_what_the_rules_say() -> None:
    page = (CONTENT_ROOT / "docs" / "rules.md").read_text("utf-8")
    assert page == supervision.rules_page(supervision.load_rules()), "run hub rules docs"
