"""What all check classes share: the source of the test, and the skip of what it declares to lack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.kit import Source

SetChunks = Callable[[int], None]


def needs(*capabilities: str) -> Callable[[Any], Any]:
    """The check is for sources that have these capabilities."""
    return pytest.mark.needs(*capabilities)


class Checks:
    """Base of the check classes. `supplied` is what `conformance` was given."""

    supplied: type[Source]

    @pytest.fixture
    def source(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
        """The source, with what its server fixture gives; skips what the source declares to lack."""
        for marker in request.node.iter_markers("needs"):
            for capability in marker.args:
                if why := self.supplied.lacks.get(capability):
                    pytest.skip(f"{capability}: {why}")
        server = request.getfixturevalue(self.supplied.server) if self.supplied.server else None
        source = self.supplied(server, tmp_path)
        yield source
        source.stop()

    @pytest.fixture
    def chunks(self, monkeypatch: pytest.MonkeyPatch) -> SetChunks:
        """Bound the batches of this test to so many rows."""

        def bound(rows: int) -> None:
            for name in self.supplied.chunk_constants:
                module, _, constant = name.rpartition(".")
                monkeypatch.setattr(import_module(module), constant, rows)

        return bound
