"""A small flawless warehouse for the checkpoints, made once, and copied for whoever spoils it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hub import pipeline
from hub.core.settings import Settings
from hub.pipeline.supervise import refresh_reference

_numbers = itertools.count(1)
Open = Callable[..., pipeline.Hub]


@pytest.fixture(scope="session")
def county(pg_server: Any, database_template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of the database of a flawless county."""
    from supervision.preparation import run_script

    name, home = "quality_county", tmp_path_factory.mktemp("county")
    url = pg_server.create(name, database_template)
    hub = pipeline.open_hub(Settings(home, url, str(home / "objects"), home / "none"))
    with hub.engine.begin() as connection:
        refresh_reference(hub, connection)
        run_script(connection, Path(__file__).with_name("county.sql").read_text("utf-8"))
    with hub.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))
    hub.engine.dispose()
    return name


@pytest.fixture(scope="module")
def open_county(
    pg_server: Any, county: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    """Opens a hub on a copy of the flawless county, with a folder of departments of its own; dropped at the end."""
    opened: list[tuple[pipeline.Hub, str]] = []

    def open_copy(departments: Path | None = None) -> pipeline.Hub:
        name, home = f"quality_copy_{next(_numbers)}", tmp_path_factory.mktemp("home")
        url = pg_server.create(name, county)
        hub = pipeline.open_hub(
            Settings(home, url, str(home / "objects"), departments or home / "none")
        )
        opened.append((hub, name))
        return hub

    yield open_copy
    for hub, name in opened:
        hub.engine.dispose()
        pg_server.drop(name)
