"""A dry run: what it foretells comes true, and it writes nothing anywhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from hub import pipeline
from hub.cli.commands import app
from hub.core.errors import SourceClosed, SpecError
from hub.core.settings import Settings
from hub.pipeline.drafting.source import Given
from hub.pipeline.dry_run import dry_run
from hub.pipeline.new_department import new_department
from tests.hub.conftest import Registry
from tests.hub.drafting import conftest as register
from warehouse import pauses


def written(engine: Engine, *folders: Path) -> dict[str, Any]:
    """Every table of the warehouse with the number of its rows and a checksum, and every file with its own."""
    state: dict[str, Any] = {}
    with engine.connect() as connection:
        tables = connection.exec_driver_sql(
            "select format('%%I.%%I', schemaname, tablename) from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        )
        for (table,) in tables.all():
            state[table] = connection.exec_driver_sql(
                f"select count(*), md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {table} t"  # noqa: S608
            ).one()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                state[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return state


def foretold(hub: pipeline.Hub, slug: str = "registry") -> dict[str, int]:
    (trial,) = dry_run(hub, slug)
    return {name: count for name, count in trial.fates.items() if count}


def test_what_is_foretold_comes_true(registry: Registry, registry_hub: pipeline.Hub) -> None:
    registry.put(
        "a.csv",
        "1,2012-03-01,one",
        "2,2012-03-02,two",
        "2,2012-03-02,two",
        "3,never,three",
        ",2012-03-04,four",
    )
    assert foretold(registry_hub) == {"new": 2, "unchanged": 1, "quarantined": 2}
    (certificate,) = pipeline.run(registry_hub, "registry")
    assert (certificate.landed, certificate.unchanged, certificate.quarantined) == (2, 1, 2)
    assert foretold(registry_hub) == {}
    registry.put("b.csv", "1,2012-03-01,one", "2,2012-03-02,TWO", "5,2012-03-05,five")
    assert foretold(registry_hub) == {"new": 1, "changed": 1, "unchanged": 1}


def test_a_record_that_comes_in_two_batches(
    registry: Registry, registry_hub: pipeline.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.pace.CHUNK_ROWS", 2)
    registry.put("a.csv", "1,2012-03-01,one", "2,2012-03-02,two")
    registry.put("b.csv", "1,2012-03-01,one", "2,2012-03-02,TWO")
    assert foretold(registry_hub) == {"new": 2, "changed": 1, "unchanged": 1}


def test_nothing_is_written(
    registry: Registry, registry_hub: pipeline.Hub, database: Engine, tmp_path: Path
) -> None:
    registry.put("a.csv", "1,2012-03-01,one")
    pipeline.prepare_warehouse(registry_hub)
    pipeline.run(registry_hub, "registry")
    registry.put(
        "b.csv",
        "1,2012-03-01,ONE",
        "2,never,two",
        "3,2012-03-03,three,4",
        header="NO,APPLIED,TITLE,FLOOR",
    )
    before = written(database, tmp_path)
    assert before["ops.batch"][0] == 1
    (trial,) = dry_run(registry_hub, "registry")
    assert trial.read == 3
    assert {reason.reason for reason in trial.reasons.values()}
    assert [change.column for change in trial.drift] == ["FLOOR"]
    assert written(database, tmp_path) == before


def test_an_exchange_database_is_not_told(
    database: Engine, pg_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = pg_server.create("exchange_of_dry_run").replace("+psycopg", "")
    try:
        register.postgres(url)
        monkeypatch.setenv("HUB_DEPARTMENTS", str(tmp_path / "departments"))
        monkeypatch.setenv("HUB_CONNECTION_DESK", url)
        hub = pipeline.open_hub(Settings.load())
        given = Given("desk", "exchange", "desk", "36012100MZ")
        register.decide(new_department(hub.settings, given).folder)

        def source() -> list[tuple[Any, ...]]:
            with psycopg.connect(url) as connection:
                return connection.execute('select * from "BJ_XX" order by 1').fetchall()

        before, at_source = written(database, tmp_path), source()
        assert foretold(hub, "desk") == {"new": register.CASES}
        assert written(database, tmp_path) == before
        assert source() == at_source
        (certificate,) = pipeline.run(hub, "desk")
        assert certificate.landed == register.CASES
        assert source() != at_source
    finally:
        pg_server.drop("exchange_of_dry_run")


def test_examples_are_masked(registry: Registry, registry_hub: pipeline.Hub) -> None:
    registry.put("a.csv", "1,13812345678,applicant 11010519491231002X")
    (trial,) = dry_run(registry_hub, "registry")
    (reason,) = trial.reasons.values()
    (example,) = reason.examples
    assert (reason.reason, reason.rows) == ("bad_date", 1)
    assert (example["file"], example["row"]) == ("a.csv", 2)
    assert "13812345678" not in str(trial)
    assert "11010519491231002X" not in str(trial)


def test_a_limit_is_kept_and_said(registry: Registry, registry_hub: pipeline.Hub) -> None:
    registry.put("a.csv", *(f"{number},2012-03-01,x" for number in range(30)))
    (trial,) = dry_run(registry_hub, "registry", rows=7)
    assert (trial.read, trial.more, trial.fates["new"]) == (7, True, 7)
    (trial,) = dry_run(registry_hub, "registry", rows=30)
    assert (trial.read, trial.more) == (30, False)


def test_a_gate_that_would_stop_is_said_and_noted_nowhere(
    registry: Registry, registry_hub: pipeline.Hub, database: Engine
) -> None:
    registry.declare("drift: {new: stop}")
    registry.put("a.csv", "1,2012-03-01,one,2", header="NO,APPLIED,TITLE,FLOOR")
    before = written(database)
    shown = CliRunner().invoke(app, ["run", "registry", "--dry-run", "--json"])
    assert shown.exit_code == 1
    (trial,) = json.loads(shown.stdout)["datasets"]
    assert "FLOOR" in trial["stopped"]
    assert written(database) == before


def test_rows_that_a_policy_holds_back(registry: Registry, registry_hub: pipeline.Hub) -> None:
    registry.declare("drift: {new: quarantine}")
    registry.put("a.csv", "1,2012-03-01,one,2", header="NO,APPLIED,TITLE,FLOOR")
    assert foretold(registry_hub) == {"quarantined": 1}
    (certificate,) = pipeline.run(registry_hub, "registry")
    assert certificate.quarantined == 1


def test_a_paused_department_is_not_read(
    registry: Registry, registry_hub: pipeline.Hub, database: Engine
) -> None:
    registry.put("a.csv", "1,2012-03-01,one")
    with database.begin() as connection:
        pauses.pause(connection, "registry", "they move", "somebody")
    with pytest.raises(SourceClosed, match="they move"):
        dry_run(registry_hub, "registry")


def test_without_a_warehouse_it_says_how_to_make_one(
    registry: Registry, registry_hub: pipeline.Hub, pg_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = pg_server.create("empty_warehouse")
    try:
        monkeypatch.setenv("HUB_WAREHOUSE_URL", url)
        hub = pipeline.open_hub(Settings.load())
        with pytest.raises(SpecError, match="no warehouse"):
            dry_run(hub, "registry")
        hub.engine.dispose()
    finally:
        pg_server.drop("empty_warehouse")
