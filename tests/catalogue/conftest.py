"""A catalogue folder of the test's own, in which it may break things."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalogue.codes import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of our catalogue's content."""
    root = tmp_path / "catalogue"
    root.mkdir()
    for name in (
        "schemes.yml",
        "steps.yml",
        "bodies.yml",
        "regions.csv",
        "crosswalk.csv",
        "basic_catalogue.csv",
    ):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "items", root / "items")
    return root
