"""An installation of the hub that holds the county: in a folder that is kept, or in one that is thrown away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from benchmarks.rules import county
from hub.core.settings import CONTENT_ROOT, Settings
from hub.pipeline import Hub, open_hub
from hub.pipeline.supervise import refresh_reference
from warehouse import server
from warehouse.migrate import migrate


@contextmanager
def installation(
    cases: int, kept: Path | None, folder: Path | None = None
) -> Iterator[tuple[Hub, dict[str, str]]]:
    """A hub whose warehouse holds that many cases, and the versions that a run of supervision asks for.

    `kept`: an installation that may hold the county already, and whose server goes on running; without it everything
    lies in a new folder below `folder` and is deleted at the end.
    """
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        kept.chmod(0o755)  # the server's account must reach it
        yield _filled(kept, cases)
        return
    with tempfile.TemporaryDirectory(prefix="hub-bench-", dir=folder) as made:
        home = Path(made)
        home.chmod(0o755)
        try:
            yield _filled(home, cases)
        finally:
            server.discard(_settings(home))


def _settings(home: Path) -> Settings:
    return Settings(home, None, str(home / "objects"), CONTENT_ROOT / "departments")


def _filled(home: Path, cases: int) -> tuple[Hub, dict[str, str]]:
    hub = open_hub(_settings(home))
    migrate(hub.engine)
    with hub.engine.begin() as connection:
        empty = not connection.scalar(text('select exists (select from core."case")'))
        if empty:
            refresh_reference(hub, connection)
        versions = {
            str(name): str(version)
            for name, version in connection.execute(
                text("select name, version from reference.release")
            )
        }
    if empty:
        county.fill(hub.engine, cases)
    return hub, versions
