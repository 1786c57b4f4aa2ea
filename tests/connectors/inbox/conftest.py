"""An inbox department, with its spool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.inbox import InboxConnector

ACCEPTS = {
    "json": {},
    "csv": {},
    "xml": {"rows": "/Package/Case", "fields": {"no": "No", "name": "Name"}},
}
Open = Callable[..., InboxConnector]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "in box"


@pytest.fixture
def open_inbox(make_department: Callable[..., Any], root: Path) -> Open:
    """The connector of a department with the dataset `cases`."""

    def opened(protection: str = "{}", **settings: Any) -> InboxConnector:
        declared = {"cases": {"accepts": ACCEPTS} | settings}
        department = make_department(declared, connector="inbox", protection=protection)
        found = connectors.open(department, root.as_uri())
        assert isinstance(found, InboxConnector)
        return found

    return opened


@pytest.fixture
def inbox(open_inbox: Open) -> InboxConnector:
    return open_inbox()
