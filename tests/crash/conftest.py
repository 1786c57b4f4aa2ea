"""The department of tests/hub, and small batches, so that a run has several."""

from __future__ import annotations

import pytest

from tests.hub.conftest import ask, registry, registry_hub

__all__ = ["ask", "registry", "registry_hub", "small_batches"]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of at most ten rows."""
    import connectors.files.slices
    import connectors.pace

    for module in (connectors.pace, connectors.files.slices):
        monkeypatch.setattr(module, "CHUNK_ROWS", 10)
