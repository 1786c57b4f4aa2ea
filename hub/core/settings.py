"""Where this installation keeps things. Every setting comes from the environment, with an embedded default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import yaml

from hub.core.errors import SpecError

CONTENT_ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds `departments/`, `catalogue/`, `supervision/`: the checkout, or site-packages."""

TIME_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation.

    `warehouse_url` is None when the embedded PostgreSQL is used; `objects` is a folder or `s3://bucket/prefix`.
    """

    home: Path
    warehouse_url: str | None
    objects: str
    departments: Path

    @classmethod
    def load(cls) -> Settings:
        """Read HUB_HOME, HUB_WAREHOUSE_URL, HUB_OBJECTS and HUB_DEPARTMENTS."""
        env = os.environ
        home = Path(env.get("HUB_HOME") or CONTENT_ROOT / ".hub").expanduser().resolve()
        return cls(
            home=home,
            warehouse_url=env.get("HUB_WAREHOUSE_URL") or None,
            objects=env.get("HUB_OBJECTS") or str(home / "objects"),
            departments=Path(env.get("HUB_DEPARTMENTS") or CONTENT_ROOT / "departments").resolve(),
        )

    @property
    def connections_file(self) -> Path:
        """`HUB_HOME/connections.yml`: connection id → URL. Secrets live here or in the environment."""
        return self.home / "connections.yml"

    def connection_url(self, connection: str) -> str:
        """The URL of a connection: `HUB_CONNECTION_<ID>` if set, else the line in `connections.yml`.

        Raises SpecError when neither knows the id.
        """
        from_env = os.environ.get(f"HUB_CONNECTION_{connection.upper()}")
        if from_env:
            return from_env
        known: dict[str, str] = {}
        if self.connections_file.exists():
            known = yaml.safe_load(self.connections_file.read_text("utf-8")) or {}
        if connection not in known:
            raise SpecError(
                f"connection '{connection}' is not known",
                file=self.connections_file,
                remedy=f"add a line '{connection}: <url>' or set HUB_CONNECTION_{connection.upper()}",
            )
        return known[connection]
