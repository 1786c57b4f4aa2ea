"""A real MariaDB: Debian's server on data of its own, on 127.0.0.1 only."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.processes import free_ports, running, scratch

PASSWORD = "mariadb-test"


@dataclass(frozen=True)
class MariaDb:
    """A running server; `hub` with PASSWORD may do everything."""

    port: int
    socket: Path

    def url(self, database: str) -> str:
        return f"mysql+pymysql://hub:{PASSWORD}@127.0.0.1:{self.port}/{database}?charset=utf8mb4"

    def connect(self, database: str | None = None, **options: Any) -> Any:
        """A PyMySQL connection past the hub."""
        import pymysql

        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="hub", password=PASSWORD, database=database,
            charset=options.pop("charset", "utf8mb4"), **options,
        )  # fmt: skip

    def run(self, *statements: str, database: str | None = None) -> None:
        with self.connect(database, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def missing() -> str | None:
    """Why no server can run here, if so."""
    if server_program() is None or shutil.which("mariadb-install-db") is None:
        return "mariadb-server is not installed: make system-packages"
    return None


def server_program() -> str | None:
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def mariadb() -> Iterator[MariaDb]:
    """A server with empty data, killed and removed at the end."""
    with scratch() as folder:
        account = ["--user=root"] if os.geteuid() == 0 else []
        data = f"--datadir={folder / 'data'}"
        init = folder / "init.sql"
        init.write_text(
            f"CREATE USER hub@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO hub@'%' WITH GRANT OPTION;\n"
        )
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", data, "--auth-root-authentication-method=normal",
             "--skip-test-db", "--skip-name-resolve", *account],
            check=True, capture_output=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        (port,) = free_ports(1)
        server = MariaDb(port, folder / "mariadb.sock")
        options = {
            "port": port, "bind-address": "127.0.0.1", "socket": server.socket, "pid-file": folder / "pid",
            "tmpdir": folder, "init-file": init, "character-set-server": "utf8mb4",
            "innodb-flush-log-at-trx-commit": 0, "innodb-buffer-pool-size": "64M", "max-connections": 200,
            "skip-name-resolve": 1, "performance-schema": "OFF",
        }  # fmt: skip
        command = [str(server_program()), "--no-defaults", data, *account]
        command += [f"--{name}={value}" for name, value in options.items()]
        with running(command, folder, lambda: _answers(server)):
            yield server


def _answers(server: MariaDb) -> bool:
    import pymysql

    try:
        server.connect().close()
    except pymysql.err.OperationalError:
        return False
    return True
