"""Whole requests with arbitrary headers and bodies: never a 5xx, and what was counted is what waits on disk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.inbox import InboxConnector, tokens
from hub.core.settings import Settings
from hub.push.app import create_app
from hub.push.inboxes import Inboxes
from tests.fuzz.test_push_fuzz import bodies_of_bytes

SOURCE = """\
title: {zh: 测试局, en: Test Bureau}
body: 36012100CS
owner: {name: 测试, contact: cs@example.invalid}
connector: inbox
connection: inbox
datasets:
  cases: {accepts: {json: {}, csv: {}, xml: {rows: //Case, fields: {no: No}}}, max_bytes: 2000, max_rows: 20}
"""
MEDIA = ["application/json", "text/csv", "application/xml", "text/xml; charset=gb18030"]
header = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)  # fmt: skip
media = st.sampled_from(MEDIA) | st.builds("{}{}".format, st.sampled_from(MEDIA), header) | header
charset = st.builds("{}; charset={}".format, st.sampled_from(MEDIA), header | st.sampled_from(["idna", "hex", "zlib", "utf-16", "utf-7", "punycode", "undefined", "unicode_escape", "mbcs", "rot13"]))  # fmt: skip


@pytest.fixture
def installation(
    hub_home: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[TestClient, InboxConnector]:
    folder = hub_home / "departments" / "bureau"
    folder.mkdir(parents=True)
    (folder / "source.yml").write_text(SOURCE, "utf-8")
    monkeypatch.setenv("HUB_DEPARTMENTS", str(folder.parent))
    monkeypatch.setenv("HUB_CONNECTION_INBOX", (hub_home / "inbox").as_uri())
    opened = Settings.load()
    token = tokens.issue(opened, "bureau")
    inbox = Inboxes(opened).connector("bureau")
    assert inbox is not None
    app = create_app(opened, per_minute=10**9)
    return TestClient(app, headers={"Authorization": f"Bearer {token}"}), inbox


def test_any_request_is_answered(installation: tuple[TestClient, InboxConnector]) -> None:
    client, inbox = installation
    spool = inbox.spool("cases")

    @given(
        data=bodies_of_bytes(),
        kind=media | charset,
        more=st.dictionaries(
            st.sampled_from(["Idempotency-Key", "Content-Encoding", "Accept", "Expect"]), header, max_size=2
        ),
    )  # fmt: skip
    @settings(
        max_examples=300, deadline=timedelta(seconds=5),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    def check(data: bytes, kind: str, more: dict[str, str]) -> None:
        headers = {"Content-Type": kind} | more
        coded = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = client.post("/push/bureau/cases", content=data, headers=coded)
        assert answer.status_code < 500, answer.text
        if answer.status_code == 202:
            given = answer.json()
            receipt = spool.receipt(given["receipt"])
            assert receipt is not None
            assert receipt.rows == given["rows"]
            if receipt.state == "received":
                assert spool.payload_path(receipt).read_bytes() == data
        else:
            assert answer.json()["error"]

    check()
    counted = sum(
        receipt.rows
        for path in spool.waiting()
        if (receipt := spool.receipt(path.stem)) is not None
    )
    assert sum(batch.table.num_rows for batch in inbox.read("cases", None)) == counted


@pytest.mark.parametrize("authorization", [b"Bearer \xff", b"Bearer", b"", b"bearer  x y", b"\x00"])
def test_any_authorization_is_answered(
    installation: tuple[TestClient, InboxConnector], authorization: bytes
) -> None:
    client, _ = installation
    answer = client.post("/push/bureau/cases", headers={"Authorization": authorization}, json=[])
    assert answer.status_code == 401


@given(path=st.text(max_size=30))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_any_receipt_id_is_answered(
    installation: tuple[TestClient, InboxConnector], path: str
) -> None:
    from urllib.parse import quote

    answer = installation[0].get(
        f"/push/receipts/{quote(path.encode('utf-8', 'replace'), safe='')}"
    )
    assert 400 <= answer.status_code < 500
