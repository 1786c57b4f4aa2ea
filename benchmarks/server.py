"""The PostgreSQL server of the measurement: the hub's embedded one, durable, on disk, with source and targets in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg

from hub.core.settings import Settings
from warehouse import access, server

DEPARTMENTS = Path(__file__).parent / "departments"
CONNECTION = "benchmark"
HOST = "127.0.0.1"
"""connectorx and dlt know no unix sockets; whatever goes over the socket has no advantage that matters here."""


@dataclass(frozen=True, slots=True)
class Bench:
    """An installation of the hub in a folder of its own, and its server."""

    settings: Settings

    @classmethod
    def at(cls, folder: Path) -> Bench:
        """The installation in that folder, its server running and listening on the loopback interface too."""
        settings = Settings(folder, None, str(folder / "objects"), DEPARTMENTS)
        url = server.ensure(settings)
        with psycopg.connect(plain(url), autocommit=True) as connection:
            listens = connection.execute("show listen_addresses").fetchone()
            connection.execute(f"alter system set listen_addresses = '{HOST}'")
        if listens == ("",):
            server.stop(settings)
            server.ensure(settings)
        return cls(settings)

    def database(self, name: str) -> str:
        """The URL (libpq, unix socket) of a database, made if it is not there."""
        return plain(access.database_url(self.settings, name))

    def loopback(self, name: str, driver: str = "postgresql") -> str:
        """The URL of the same database over TCP."""
        with psycopg.connect(self.database(name)) as connection:
            port = connection.info.port
        return f"{driver}://{server.SUPERUSER}:unused@{HOST}:{port}/{name}"

    def fresh(self, name: str) -> None:
        """Drop a database, so that the next who asks gets an empty one."""
        access.drop_databases(self.settings, [name])

    def discard(self) -> None:
        """Stop the server and delete its data."""
        server.discard(self.settings)


def plain(url: str) -> str:
    """A SQLAlchemy URL as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
