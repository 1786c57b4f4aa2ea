"""What the store keeps and what goes: orphans, leftovers, raw objects past a retention."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub import pipeline
from hub.core.errors import LandingError, SpecError
from hub.pipeline import raw
from hub.pipeline.busy import working_alone
from hub.pipeline.rebuild import rebuild
from tests.hub.conftest import Ask
from tests.hub.raw.conftest import Archive
from warehouse.objects import put_raw

RETENTION = timedelta(days=400)


@pytest.fixture
def run(archive: Archive, hub: pipeline.Hub) -> pipeline.Hub:
    """A hub that has landed two files of cases, one of them with a row in quarantine, and closings."""
    archive.put("cases1.csv", "1,0,C1,2012-03-01,one,0,")
    pipeline.run(hub, "archive")
    archive.put("cases2.csv", "3,0,C3,never,three,0,")
    archive.put("closings1.csv", "1,C1,2012-04-01,A")
    pipeline.run(hub, "archive")
    return hub


def age(hub: pipeline.Hub, days: int) -> None:
    """Make everything that is there so many days older."""
    for path in Path(hub.settings.objects).rglob("*"):
        moment = path.stat().st_mtime - days * 86_400
        os.utime(path, (moment, moment))
    with hub.engine.begin() as connection:
        aged = "update ops.batch set started_at = started_at - make_interval(days => %s)"
        connection.exec_driver_sql(aged, (days,))


def names(hub: pipeline.Hub) -> set[str]:
    return {name for name in hub.store.list("raw/") if name.endswith(".parquet")}


def test_an_orphan_goes_once_no_run_can_be_about_to_name_it(run: pipeline.Hub) -> None:
    before = names(run)
    orphan = put_raw(run.store, "archive", "cases", b"never entered in the ledger", {})
    assert raw.collect(run)[0].orphans.objects == 0
    age(run, 2)
    (dry,) = raw.collect(run, dry_run=True)
    assert (dry.orphans.objects, orphan in names(run)) == (1, True)
    (collected,) = raw.collect(run)
    assert collected.orphans == dry.orphans
    assert collected.orphans.bytes > 0
    assert names(run) == before
    assert len([*run.store.list("raw/")]) == 2 * len(before)  # their manifests are still there


def test_without_a_retention_nothing_that_the_ledger_names_goes(run: pipeline.Hub) -> None:
    before = names(run)
    age(run, 5_000)
    raw.collect(run)
    assert names(run) == before


def test_a_retention_spares_what_is_still_needed(
    run: pipeline.Hub, archive: Archive, ask: Ask
) -> None:
    """The quarantined row's object, and the closings' last images, which a sweep for deletes lands again."""
    of = dict(ask("select raw_object, dataset from ops.batch"))
    waiting = {row[0] for row in ask("select raw_object from ops.quarantine")}
    age(run, 401)
    (collected,) = raw.collect(run, RETENTION)
    assert (collected.expired.objects, collected.held) == (1, 2)
    kept = names(run)
    assert {of[name] for name in kept} == {"cases", "closings"}
    assert waiting <= kept
    assert ask("select count(*) from ops.batch where raw_removed_at is not null") == [(1,)]
    with pytest.raises(LandingError, match="removed under the retention"):
        rebuild(run, "archive")
    # The sweep still finds what it needs, and the replay too.
    archive.put("closings1.csv")
    assert sum(c.landed for c in pipeline.run(run, "archive")) == 1
    assert [c.quarantined for c in pipeline.replay(run, "archive")] == [1]


def test_what_is_read_again_after_it_was_removed_is_there_again(
    run: pipeline.Hub, archive: Archive, ask: Ask
) -> None:
    age(run, 401)
    raw.collect(run, RETENTION)
    gone = {str(n) for (n,) in ask("select raw_object from ops.batch")} - names(run)
    with run.engine.begin() as connection:
        connection.exec_driver_sql("delete from ops.cursor")
    (archive.drop / "cases2.csv").unlink()  # so that the same rows make the same object
    pipeline.run(run, "archive")
    assert gone <= names(run)
    raw.collect(run, RETENTION)
    assert gone <= names(run)


def test_a_department_at_work_is_left_alone(run: pipeline.Hub) -> None:
    age(run, 500)
    with working_alone(run, "archive"):
        (collected,) = raw.collect(run, RETENTION)
    assert (collected.busy, collected.expired.objects) == (True, 0)


def test_leftovers_of_landed_batches_and_of_killed_writers_go(run: pipeline.Hub, ask: Ask) -> None:
    (landed,) = ask("select batch_id::text from ops.batch where state = 'landed' limit 1")[0]
    run.store.put(f"stage/{landed}/records.parquet", b"1")
    run.store.put("stage/00000000-0000-0000-0000-000000000000/records.parquet", b"1")
    folder = Path(run.settings.objects) / "raw"
    for name, days in ((".writing-old", 2), (".writing-now", 0)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - days * 86_400,) * 2)
    assert raw.clear_stage(run, dry_run=True).objects == 2
    assert raw.clear_stage(run).objects == 2
    assert list(run.store.list("stage/")) == [
        "stage/00000000-0000-0000-0000-000000000000/records.parquet"
    ]
    assert [path.name for path in folder.glob(".writing-*")] == [".writing-now"]


@pytest.mark.parametrize("said", ["400", "d", "-1d", "1.5d", "٣d"])
def test_a_retention_is_days(said: str) -> None:
    with pytest.raises(SpecError, match="such as 400d"):
        raw.retention_of(said)
    assert raw.retention_of("") is None


def test_the_commands(run: pipeline.Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from hub.cli.commands import app

    age(run, 401)
    monkeypatch.setenv("HUB_RAW_RETENTION", "400d")
    same = CliRunner().invoke(app, ["replay", "--from-raw", "archive", "--json"])
    assert (same.exit_code, json.loads(same.stdout)["same"]) == (0, True), same.output
    said = CliRunner().invoke(app, ["raw", "gc", "--json"])
    assert said.exit_code == 0, said.output
    (one,) = json.loads(said.stdout)["departments"]
    assert (one["expired"]["objects"], one["held"]) == (1, 2)
    with run.engine.begin() as connection:
        connection.exec_driver_sql("update ops.batch set raw_removed_at = null")
    missing = CliRunner().invoke(app, ["replay", "--from-raw", "archive"])
    assert isinstance(missing.exception, LandingError)
