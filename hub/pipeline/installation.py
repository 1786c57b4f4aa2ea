"""One opened installation: its settings, warehouse, object store and keys."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

import warehouse
from hub.core.privacy import Keys
from hub.core.settings import Settings
from warehouse.objects import ObjectStore, open_store


@dataclass(frozen=True, slots=True)
class Hub:
    """What every stage needs. Open it once per process; it holds a connection pool, not a connection."""

    settings: Settings
    engine: Engine
    store: ObjectStore
    keys: Keys


def open_hub(settings: Settings | None = None) -> Hub:
    """Open the installation that the environment describes, starting the embedded server if there is no URL."""
    settings = settings or Settings.load()
    keys = Keys.load(settings.home)
    return Hub(settings, warehouse.open_engine(settings), open_store(settings, keys), keys)
