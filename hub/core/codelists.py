"""Canonical code lists: `mappings/codelists/<name>.csv` with columns code,zh,en."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hub.core.settings import CONTENT_ROOT
from hub.core.specs import read_csv

FOLDER = CONTENT_ROOT / "mappings" / "codelists"


@cache
def codelists(folder: Path = FOLDER) -> dict[str, dict[str, tuple[str, str]]]:
    """List name → code → (Chinese, English)."""
    return {
        path.stem: {
            row["code"]: (row["zh"], row["en"]) for row in read_csv(path, ("code", "zh", "en"))
        }
        for path in sorted(folder.glob("*.csv"))
    }
