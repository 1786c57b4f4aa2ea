"""The real checkpoint on a real warehouse, and its pages. The only module that imports Great Expectations."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from hub.core.codelists import codelists
from hub.core.errors import LandingError, SourceUnavailable
from quality import data_docs, report, suites

NUMBER = "办件-360121-A"
MORE = """
  - type: expect_column_values_to_match_regex
    kwargs: {column: source_case_no, regex: "^[0-9]+$"}
    zh: 编号全为数字
    en: a number of digits only
  - type: expect_column_values_to_match_regex
    kwargs: {column: status, regex: "("}
    zh: 正则有误
    en: a broken expression
"""


@pytest.fixture
def expectations(tmp_path: Path) -> Path:
    """What we ship, one expectation that every case fails, and one that PostgreSQL cannot run."""
    folder = tmp_path / "expectations"
    shutil.copytree(suites.FOLDER, folder)
    case = folder / "case.yml"
    case.write_text(case.read_text("utf-8") + MORE, "utf-8")
    return folder


CASES = """
insert into core."case" (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at,
                         deleted_at, case_id, source_case_no, result, status, accepted_at, decided_at)
select 'housing', 'cases', 'k' || i, 0, gen_random_uuid(), i, md5(i::text), now(),
       case when i = 20 then now() end, md5(i::text)::uuid, :number || i,
       case when i = 20 then 'nonsense' else 'granted' end, 'closed', timestamptz '2012-03-05',
       timestamptz '2012-03-06' - case when i = 3 then 9 else 0 end * interval '1 day'
from generate_series(1, 20) i
"""
EVENTS = """
insert into core.event (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at,
                        deleted_at, case_id, event_no, step_code, started_at)
select 'housing', 'cases', 'k' || i, 0, gen_random_uuid(), i, md5(i::text), now(),
       case when i = 20 then now() end, md5(i::text)::uuid, k, 'accept', timestamptz '2012-03-05'
from generate_series(1, 20) i, generate_series(1, 2) k
"""


def fill(database: Engine) -> None:
    """Twenty cases and forty events; one case decided too early, one deleted one with a code of no list."""
    with database.begin() as connection:
        connection.execute(text(CASES), {"number": NUMBER})
        connection.execute(text(EVENTS))


def state(found: dict[str, Any], *columns: str) -> list[str]:
    return [check["state"] for check in found["checks"] if tuple(check["columns"]) == columns]


def test_the_checkpoint_tells_met_failed_empty_and_raised_apart(
    database: Engine, hub_home: Path, expectations: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(database)
    url = database.url.render_as_string(hide_password=False)
    found = report.run(url, hub_home, codelists(), expectations)

    assert found["rows"] == {"case": 19, "event": 38}
    assert found["expectations"] == len(found["checks"])
    assert found["expectations"] == found["evaluated"] + found["no_values"] + found["not_evaluated"]
    assert [(f["columns"], f["rows"], f["unexpected"]) for f in found["failures"]] == [
        (["decided_at", "accepted_at"], 19, 1),
        (["source_case_no"], 19, 19),
    ]
    assert found["failed"] == 2
    assert [(e["zh"], e["state"]) for e in found["errors"]] == [("正则有误", "not_evaluated")]
    assert found["not_evaluated"] == 1
    assert state(found, "result") == ["met"]  # the deleted row's code is nobody's business
    assert state(found, "channel") == ["no_values"]
    assert state(found, "case_id", "event_no") == ["met"]
    assert capfd.readouterr().out == ""

    pages = sorted((hub_home / "quality" / "data_docs").rglob("*.html"))
    index = Path(found["data_docs"])
    assert index == hub_home / "quality" / "data_docs" / "index.html"
    assert len(pages) == 5  # start page; suite and result of two entities
    for page in pages:
        content = page.read_text("utf-8")
        assert re.search(r"""(?:src|href)=["']?(?:https?:)?//""", content) is None, page
        assert "<script" not in content
    # No value of a case is in any page or result, not even of those that failed; nor is the warehouse's address.
    kept = [path for path in (hub_home / "quality").rglob("*") if path.is_file()]
    assert not [path for path in kept if NUMBER.encode() in path.read_bytes()]
    assert not [path for path in kept if b"psycopg://" in path.read_bytes()]
    front = index.read_text("utf-8")
    assert "⚠ 未能评估" in front
    assert all(
        link.exists() for link in (index.parent / to for to in re.findall('href="(.*?)"', front))
    )

    again = report.run(url, hub_home, codelists(), expectations)
    assert {**again, "seconds": 0} == {**found, "seconds": 0}
    results = hub_home / "quality" / "gx" / "uncommitted" / "validations"
    assert len(list(results.rglob("*.json"))) == 4
    assert data_docs.prune(hub_home / "quality" / "gx", index.parent, keep=1) == 2
    assert len(list(results.rglob("*.json"))) == 2
    assert len(list((index.parent / "validations").rglob("*.html"))) == 2
    newest = json.loads(max(results.rglob("*.json")).read_text("utf-8"))["meta"]["run_id"]
    assert newest["run_time"] == max(
        json.loads(path.read_text("utf-8"))["meta"]["run_id"]["run_time"] for path in results.rglob("*.json")
    )  # fmt: skip


def test_without_tables_or_without_a_server_it_says_what_to_do(
    pg_server: Any, tmp_path: Path
) -> None:
    with pytest.raises(LandingError, match="migrate"):
        report.run(pg_server.url, tmp_path, codelists())
    nowhere = f"postgresql+psycopg://postgres:secret@localhost/x?host={tmp_path}"
    with pytest.raises(SourceUnavailable) as refused:
        report.run(nowhere, tmp_path, codelists())
    assert "secret" not in str(refused.value)
