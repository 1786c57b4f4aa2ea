"""An installation with two departments that push and one that does not; a client; a real server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from connectors.inbox import InboxConnector, tokens
from connectors.inbox.spool import Spool
from hub.core.settings import CONTENT_ROOT, Settings
from hub.push.app import create_app
from hub.push.inboxes import Inboxes

SOURCE = """\
title: {zh: 测试局, en: Test Bureau}
body: 36012100GS
owner: {name: 测试, contact: cs@example.invalid}
connector: inbox
connection: inbox
datasets:
  cases:
    accepts:
      json: {}
      csv: {delimiter: "|"}
      xml: {rows: /Package/Case, fields: {no: No, name: Name}}
    max_bytes: 100000
    max_rows: 50
"""


@pytest.fixture
def settings(hub_home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """`trade` and `water` push; `trade` has the mapping of a department that sends text files."""
    departments = hub_home / "departments"
    for slug in ("trade", "water"):
        shutil.copytree(CONTENT_ROOT / "departments" / "industry_commerce", departments / slug)
        (departments / slug / "source.yml").write_text(SOURCE, "utf-8")
    shutil.copytree(CONTENT_ROOT / "departments" / "housing", departments / "housing")
    monkeypatch.setenv("HUB_DEPARTMENTS", str(departments))
    monkeypatch.setenv("HUB_CONNECTION_INBOX", (hub_home / "inbox").as_uri())
    return Settings.load()


@pytest.fixture
def inbox(settings: Settings) -> InboxConnector:
    found = Inboxes(settings).connector("trade")
    assert found is not None
    return found


@pytest.fixture
def spool(inbox: InboxConnector) -> Spool:
    return inbox.spool("cases")


@pytest.fixture
def token(settings: Settings) -> str:
    return tokens.issue(settings, "trade")


@pytest.fixture
def client(settings: Settings, token: str) -> Iterator[TestClient]:
    """In the name of `trade`; a defect raises instead of an answer 500."""
    with TestClient(create_app(settings)) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
