"""The registry with applicants and a threshold."""

from __future__ import annotations

import pytest

from tests.hub.conftest import Registry
from tests.hub.gate.office import (
    LINE,
    MAPPING,
    POWERS,
)


@pytest.fixture
def office(registry: Registry) -> Registry:
    """The registry, with applicants and a crosswalk that knows item A; four rejected rows of ten may pass."""
    (registry.folder / "mapping.yml").write_text(MAPPING, "utf-8")
    (registry.folder / "powers.csv").write_text(POWERS + LINE.format("A"))
    registry.declare("charset: utf-8, gate: {stop_above: 0.4, at_least: 2}")
    return registry
