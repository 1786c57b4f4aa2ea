"""Self-checks."""

from __future__ import annotations

from catalogue.loading import Content
from hub.core.errors import SpecError


def run(content: Content) -> list[SpecError]:
    """Every error of the content."""
    return list(content.errors)
