"""From a push to the warehouse, and what its receipt says then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from connectors.inbox import tokens
from hub import pipeline
from hub.core.errors import DepartmentBusy
from hub.core.settings import CONTENT_ROOT, Settings
from hub.push.app import create_app
from hub.push.ingest import Ingest

SAMPLE = CONTENT_ROOT / "departments" / "industry_commerce" / "sample" / "GSBJ_20120309.txt"
HEADERS = {"Content-Type": "text/csv; charset=gb18030"}
URL = "/push/trade/cases"


@pytest.fixture
def sample() -> bytes:
    """Rows of the department's own export; the last one has a date that no calendar has."""
    header, row = SAMPLE.read_bytes().decode("gb18030").splitlines()
    columns = header.split("|")
    rows = [row.split("|") for _ in range(4)]
    for number, fields in enumerate(rows):
        fields[columns.index("业务编号")] = f"GS-{number}"
    rows[-1][columns.index("申请时间")] = "2012-02-31 09:00"
    return "\n".join([header, *("|".join(fields) for fields in rows), ""]).encode("gb18030")


@pytest.fixture
def client(settings: Settings, token: str, database):
    """With a warehouse behind it."""
    settings = Settings.load()
    pipeline.prepare_warehouse(pipeline.open_hub(settings))
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def land() -> list:
    return pipeline.run(pipeline.open_hub(), "trade")


def test_the_receipt_says_what_became_of_each_row(client, sample):
    given = client.post(URL, content=sample, headers=HEADERS).json()
    waiting = client.get(given["poll"]).json()
    assert (waiting["state"], waiting["outcomes"], waiting["batches"]) == ("received", [], [])
    certificate = land()[0]
    found = client.get(given["poll"]).json()
    rows = given["rows"]
    assert (found["state"], found["rows"]) == ("landed", rows)
    assert found["fates"] == {
        "landed": rows - 1, "unchanged": 0, "superseded": 0, "quarantined": 1, "rejected": 0
    }  # fmt: skip
    batch = found["batches"][0]
    assert (batch["batch_id"], batch["read"]) == (certificate.batch_id, certificate.read)
    assert [row["row"] for row in found["outcomes"]] == list(range(1, rows + 1))
    bad = found["outcomes"][-1]
    assert (bad["fate"], bad["reason"], bad["quarantine"]) == ("quarantined", "bad_date", "open")
    assert "申请时间" in bad["column"]
    assert bad["message"]


def test_outcomes_come_page_by_page(client, sample):
    given = client.post(URL, content=sample, headers=HEADERS).json()
    land()
    seen, after = [], 0
    while after is not None:
        page = client.get(given["poll"], params={"after": after, "limit": 2}).json()
        seen += [row["row"] for row in page["outcomes"]]
        after = page["next_after"]
    assert seen == list(range(1, given["rows"] + 1))
    only = client.get(given["poll"], params={"fate": "quarantined"}).json()["outcomes"]
    assert [row["row"] for row in only] == [given["rows"]]


def test_killed_between_landing_and_receipt(client, sample, database):
    given = client.post(URL, content=sample, headers=HEADERS).json()
    killed = subprocess.run(
        [sys.executable, "-c", "from hub.cli import main; main()", "run", "trade"],
        cwd=CONTENT_ROOT, env=os.environ | {"HUB_CRASH_AT": "before_acknowledge"},
        capture_output=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert client.get(given["poll"]).json()["state"] == "received"
    land()
    found = client.get(given["poll"]).json()
    assert found["state"] == "landed"
    assert found["fates"]["unchanged"] == given["rows"] - 1
    assert len(found["batches"]) == 2
    with database.connect() as connection:
        cases = connection.scalar(text('select count(*) from core."case"'))
    assert cases == given["rows"] - 1


def test_without_the_warehouse_pushes_are_received_and_receipts_told(client, sample, monkeypatch):
    given = client.post(URL, content=sample, headers=HEADERS).json()
    land()
    monkeypatch.setenv("HUB_WAREHOUSE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    headers = dict(client.headers)
    with TestClient(create_app(Settings.load()), headers=headers) as cut_off:
        found = cut_off.get(given["poll"]).json()
        assert cut_off.post(URL, content=sample + b"\n", headers=HEADERS).status_code == 202
    assert (found["state"], found["batches"]) == ("landed", [])
    assert "warehouse does not answer" in found["note"]
    assert found["outcomes"][-1]["reason"] == "bad_date"


def test_receipts_of_others_are_closed(client, settings):
    given = client.post(URL, json=[]).json()
    others = {"Authorization": f"Bearer {tokens.issue(settings, 'water')}"}
    assert client.get(given["poll"], headers=others).status_code == 403
    assert client.get(given["poll"], headers={"Authorization": ""}).status_code == 401
    unknown = given["poll"][:-1] + "x"
    assert client.get(unknown).status_code == client.get("/push/receipts/..%2f").status_code == 404


def test_a_push_wakes_the_ingest(client, sample, settings, token):
    done = threading.Event()

    def run(slug: str) -> None:
        pipeline.run(pipeline.open_hub(), slug)
        done.set()

    ingest = Ingest(run)
    ingest.start()
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_app(settings, received=ingest.wake), headers=headers) as waking:
        given = waking.post(URL, content=sample, headers=HEADERS).json()
        assert done.wait(60)
        ingest.stop()
        assert waking.get(given["poll"]).json()["state"] == "landed"


def test_the_ingest_runs_one_department_at_a_time_and_forgets_none() -> None:
    order: list[str] = []
    first, go, last = threading.Event(), threading.Event(), threading.Event()

    def run(slug: str) -> None:
        order.append(slug)
        if slug == "a" and len(order) == 1:
            first.set()
            assert go.wait(60)
        if len(order) == 4:
            last.set()
        if slug == "b" and order.count("b") == 1:
            raise DepartmentBusy("another run is at work")

    ingest = Ingest(run, retry_seconds=0.01)
    ingest.start()
    ingest.wake("a")
    assert first.wait(60)
    for slug in ("a", "b", "a", "a"):
        ingest.wake(slug)
    go.set()
    assert last.wait(60)
    ingest.stop()
    assert order == ["a", "a", "b", "b"]


def test_serve_says_what_is_wrong_with_the_tokens(settings: Settings, hub_home: Path) -> None:
    (hub_home / "push_tokens.yml").write_text("trade: [x]\n")
    ended = subprocess.run(
        [sys.executable, "-c", "from hub.cli import main; main()", "push", "serve", "--port", "0"],
        cwd=CONTENT_ROOT, env=dict(os.environ), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "push_tokens.yml" in ended.stderr
