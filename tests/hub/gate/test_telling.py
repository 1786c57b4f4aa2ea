"""What a source is told of a batch that a steward released or rejected, and when it cannot be reached."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from connectors.inbox import tokens
from hub import pipeline
from hub.core.errors import GateStopped, SourceUnavailable
from hub.core.settings import Settings
from hub.pipeline import gate
from hub.push.app import create_app
from tests.conftest import Server
from tests.hub.conftest import Ask

MAPPING = """
datasets:
  cases:
    key: [NO]
    case_no: NO
    ignore: [SN, FLAG, REASON]
    case:
      region_code: {const: "360121"}
      power_code: {const: "36012100GS-XK-0001"}
      applied_at: APPLIED
"""
SOURCE = """
title: {{zh: 某局, en: A bureau}}
body: 36012100GS
owner: {{name: office, contact: office@example.invalid}}
connector: {connector}
connection: bureau
gate: {{stop_above: 0.4, at_least: 2}}
datasets:
  cases: {{{settings}}}
"""
EXCHANGE = 'table: cases, order: SN, flag: {column: FLAG, new: "0", done: "1", error: "2", error_column: REASON}'
TABLE = """
    create table cases ("SN" bigint generated always as identity primary key, "NO" text, "APPLIED" text,
        "FLAG" text not null default '0', "REASON" text)
"""
ROWS = [("1", "2012-03-01"), ("2", "never"), ("3", "never"), ("4", "2012-03-02")]
NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"

Told = Callable[[], list[tuple[str, ...]]]


def declare(root: Path, connector: str, settings: str) -> None:
    folder = root / "bureau"
    (folder / "sample").mkdir(parents=True)
    (folder / "mapping.yml").write_text(MAPPING)
    (folder / "powers.csv").write_text(
        "source_code,source_name,power_code,valid_from,valid_to,note\n"
    )
    (folder / "source.yml").write_text(
        SOURCE.format(connector=connector, settings=settings), "utf-8"
    )


@pytest.fixture
def hub(database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pipeline.Hub:
    monkeypatch.setenv("HUB_DEPARTMENTS", str(tmp_path / "departments"))
    return pipeline.open_hub(Settings.load())


@pytest.fixture
def exchange(
    pg_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[psycopg.Connection[tuple[str, ...]]]:
    """A middle database with two good rows and two bad ones, all of them new."""
    declare(tmp_path / "departments", "exchange", EXCHANGE)
    url = pg_server.create("gate_exchange")
    monkeypatch.setenv("HUB_CONNECTION_BUREAU", url)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(TABLE)
        insert = 'insert into cases ("NO", "APPLIED") values (%s, %s)'
        connection.cursor().executemany(insert, ROWS)
        yield connection
    pg_server.drop("gate_exchange")


@pytest.fixture
def told(exchange: psycopg.Connection[tuple[str, ...]]) -> Told:
    """Number, flag and reason of every row of the middle database."""
    return lambda: exchange.execute(
        'select "NO", "FLAG", coalesce("REASON", \'\') from cases order by "SN"'
    ).fetchall()


def stopped(hub: pipeline.Hub, ask: Ask) -> str:
    with pytest.raises(GateStopped):
        pipeline.run(hub, "bureau")
    ((batch,),) = ask("select batch_id::text from ops.batch where state = 'stopped'")
    return str(batch)


RELEASED = [("1", "1", ""), ("2", "2", "bad_date"), ("3", "2", "bad_date"), ("4", "1", "")]
REJECTED = [(no, "2", "batch_rejected") for no, _ in ROWS]


def test_a_stopped_batch_is_not_acknowledged(hub: pipeline.Hub, told: Told, ask: Ask) -> None:
    stopped(hub, ask)
    assert told() == [(no, "0", "") for no, _ in ROWS]


@pytest.mark.parametrize(("decide", "expected"), [(gate.release, RELEASED), (gate.reject, REJECTED)])  # fmt: skip
def test_the_flags_follow_the_decision(
    hub: pipeline.Hub, told: Told, ask: Ask, decide: Callable[..., gate.Decided],
    expected: list[tuple[str, ...]],
) -> None:  # fmt: skip
    assert decide(hub, stopped(hub, ask), "li", "seen").untold is None
    assert told() == expected
    assert pipeline.run(hub, "bureau") == []


@pytest.mark.parametrize(("decide", "expected"), [(gate.release, RELEASED), (gate.reject, REJECTED)])  # fmt: skip
def test_a_source_that_cannot_be_reached_is_told_by_the_next_run_before_it_is_read(
    hub: pipeline.Hub, told: Told, ask: Ask, monkeypatch: pytest.MonkeyPatch,
    decide: Callable[..., gate.Decided], expected: list[tuple[str, ...]],
) -> None:  # fmt: skip
    batch = stopped(hub, ask)
    with monkeypatch.context() as away:
        away.setenv("HUB_CONNECTION_BUREAU", NOWHERE)
        decided = decide(hub, batch, "li", "seen")
        assert decided.untold is not None
        with pytest.raises(SourceUnavailable):
            pipeline.run(hub, "bureau")
    assert ask("select decision, told_at is null from ops.batch_decision") == [
        (decided.decision.what, True)
    ]
    assert told() == [(no, "0", "") for no, _ in ROWS]
    assert pipeline.run(hub, "bureau") == []
    assert told() == expected
    assert ask("select count(*) from ops.batch") == [(1,)]


@pytest.mark.parametrize("decide", [gate.release, gate.reject])
def test_the_receipt_of_a_push_says_it_too(
    hub: pipeline.Hub, hub_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask,
    decide: Callable[..., gate.Decided],
) -> None:  # fmt: skip
    declare(tmp_path / "departments", "inbox", "accepts: {json: {}}")
    monkeypatch.setenv("HUB_CONNECTION_BUREAU", (hub_home / "inbox").as_uri())
    settings = Settings.load()
    token = tokens.issue(settings, "bureau")
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {token}"}) as client:
        body = json.dumps([{"NO": no, "APPLIED": applied} for no, applied in ROWS])
        headers = {"Content-Type": "application/json"}
        poll = client.post("/push/bureau/cases", content=body, headers=headers).json()["poll"]
        batch = stopped(hub, ask)
        assert client.get(poll).json()["state"] == "received"
        decide(hub, batch, "li", "seen")
        answer = client.get(poll).json()
    assert answer["state"] == "landed"
    fates = [(row["fate"], row["reason"]) for row in answer["outcomes"]]
    if decide is gate.reject:
        assert fates == [("rejected", "batch_rejected")] * 4
        assert (answer["fates"]["rejected"], answer["batches"][0]["rejected"]) == (4, 4)
    else:
        bad = ("quarantined", "bad_date")
        assert fates == [("landed", None), bad, bad, ("landed", None)]
    assert pipeline.run(hub, "bureau") == []
