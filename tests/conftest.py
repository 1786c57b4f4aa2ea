"""Fixtures for all tests: an isolated HUB_HOME, one embedded PostgreSQL per worker, a fresh database per test."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from hub.core.settings import CONTENT_ROOT, Settings

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""The tests start hundreds of processes: each would compile everything that it imports."""


@dataclass(frozen=True)
class Server:
    """A running embedded server: the settings it belongs to and the URL of its `postgres` database."""

    settings: Settings
    url: str

    def create(self, name: str, template: str | None = None) -> str:
        """Make a database, copied from `template` if given, and return its URL."""
        from warehouse.access import create_database

        return create_database(self.url, name, template)

    def drop(self, name: str) -> None:
        from warehouse.access import drop

        drop(self.url, [name])


@pytest.fixture(autouse=True)
def hub_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """HUB_HOME in the test's own folder; no setting of the machine's hub reaches a test.

    A server that a test started there is removed after it.
    """
    home = tmp_path / "home"
    monkeypatch.setenv("HUB_HOME", str(home))
    for name in (
        "HUB_WAREHOUSE_URL", "HUB_OBJECTS", "HUB_DEPARTMENTS", "HUB_KEY", "HUB_CRASH_AT",
        "HUB_RAW_ENCRYPTION", "HUB_RAW_RETENTION",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    yield home
    if (home / "pg").exists() or (home / "pg.location").exists():
        from warehouse import server

        server.discard(Settings(home, None, "", home))


def _roomy_folder() -> str | None:
    """Memory, where there is enough of it: the databases of tests need not survive, only not wait for the disk."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < 2 * 2**30:
        return None
    return str(memory)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Server]:
    """One embedded server per worker, stopped and removed at the end.

    Its folder is made open to other accounts: pytest's own temporary folders are closed to the account that the
    server runs under when the tests run as root.
    """
    from warehouse import server

    home = Path(tempfile.mkdtemp(prefix="hub-test-", dir=_roomy_folder()))
    home.chmod(0o755)
    settings = Settings(
        home=home, warehouse_url=None, objects=str(home / "objects"),
        departments=CONTENT_ROOT / "departments",
    )  # fmt: skip
    try:
        yield Server(settings, server.ensure(settings, durable=False))
    finally:
        server.discard(settings)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def database_template(pg_server: Server) -> str:
    """The name of a migrated, empty warehouse that tests copy."""
    from warehouse.access import create_engine_without_pool
    from warehouse.migrate import migrate

    name = "template_warehouse"
    engine = create_engine_without_pool(pg_server.create(name))
    migrate(engine)
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Any]:
    """One MariaDB per worker (services.mariadb.MariaDb); skips where the machine has none."""
    from tests.services import mariadb

    if why := mariadb.missing():
        pytest.skip(why)
    with mariadb.mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Any]:
    """One S3 server per worker (services.s3.S3); skips where the machine has none."""
    from tests.services import s3

    if why := s3.missing():
        pytest.skip(why)
    with s3.s3() as server:
        yield server


@pytest.fixture(scope="session")
def sftp_server() -> Iterator[Any]:
    """One SFTP server per worker (services.sftp.Sftp)."""
    from tests.services import sftp

    with sftp.sftp() as server:
        yield server


_numbers = itertools.count(1)


@pytest.fixture
def database_url(pg_server: Server, database_template: str) -> Iterator[str]:
    """The URL of a fresh, migrated warehouse of the test's own."""
    name = f"test_{next(_numbers)}"
    yield pg_server.create(name, database_template)
    pg_server.drop(name)


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine on `database_url`, which is also what HUB_WAREHOUSE_URL says during the test."""
    from warehouse.access import connect

    monkeypatch.setenv("HUB_WAREHOUSE_URL", database_url)
    engine = connect(database_url)
    yield engine
    engine.dispose()
