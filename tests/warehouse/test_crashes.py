"""Invariant 2: killing the process at any point of a landing loses nothing and doubles nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from hub.core.settings import CONTENT_ROOT
from tests.conftest import Server
from tests.warehouse.builders import content, rows_of
from tests.warehouse.crashing import BATCH, SOURCE, read_and_land
from warehouse.access import create_engine_without_pool

POINTS = ("before_landing", "after_staging", "after_merge", "before_commit", "after_commit")

SAYS = {
    "history": 'select source_case_no, title, deleted_at is null from history."case" order by 1, source_version',
    "events": "select event_no, record_key, deleted_at is null from history.event order by 2, 1",
    "registry": "select record_key, source_version, record_hash, deleted, raw_row from ops.record order by 1",
    "quarantine": "select raw_object, raw_row, record_key, reason, state from ops.quarantine order by 1, 2",
    "restricted": "select count(*) from restricted.quarantine_raw",
    "parties": "select applicant_token, identity_enc from restricted.party",
    "unmapped": "select source_code, rows from ops.unmapped_code",
    "cursor": "select position from ops.cursor",
    "certificates": "select raw_object, c.rows_read, c.landed, c.unchanged, c.superseded, c.quarantined, c.rejected, "
    "checksum_read, checksum_landed from ops.certificate c join ops.batch using (batch_id) order by 1",
    "ledger": "select raw_object from ops.batch where state = 'landed' order by ledger_no",
}  # fmt: skip


def _everything(engine: Engine) -> dict[str, Any]:
    return content(engine, lineage=True) | {
        name: rows_of(engine, query) for name, query in SAYS.items()
    }


@pytest.fixture(scope="module")
def engines(pg_server: Server, database_template: str) -> Iterator[dict[str, Engine]]:
    """A warehouse for each crash point, and one for the undisturbed run; the first batch has landed in each."""
    names = {point: f"crash_{point}" for point in (*POINTS, "undisturbed")}
    opened = {
        point: create_engine_without_pool(pg_server.create(name, database_template))
        for point, name in names.items()
    }
    for engine in opened.values():
        assert read_and_land(engine, batches=1) == 1
    yield opened
    for name in names.values():
        pg_server.drop(name)


@pytest.fixture(scope="module")
def killed(engines: dict[str, Engine]) -> dict[str, subprocess.CompletedProcess[bytes]]:
    """One process per crash point, all at the same time, each killing itself there while it lands the second batch."""
    running = {
        point: subprocess.Popen(
            [sys.executable, "-m", "tests.warehouse.crashing", engines[point].url.render_as_string(False)],
            env=os.environ | {"HUB_CRASH_AT": point}, cwd=CONTENT_ROOT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for point in POINTS
    }  # fmt: skip
    ended = {}
    for point, process in running.items():
        out, err = process.communicate(timeout=60)
        ended[point] = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    return ended


@pytest.fixture(scope="module")
def undisturbed(engines: dict[str, Engine]) -> dict[str, Any]:
    read_and_land(engines["undisturbed"])
    return _everything(engines["undisturbed"])


def test_the_undisturbed_run_is_what_the_source_says(undisturbed: dict[str, Any]) -> None:
    assert undisturbed["cursor"] == [({"position": len(SOURCE)},)]
    assert len(undisturbed["ledger"]) == -(-len(SOURCE) // BATCH)
    assert [row[:4] for row in undisturbed["registry"]] == [
        (key, version, row_hash, deleted)
        for (key, version, deleted), row_hash in zip(
            [("A", 1, False), ("B", 1, True), ("C", 0, False), ("D", 1, False)],
            [row[2] for row in undisturbed["registry"]],
            strict=True,
        )
    ]
    assert undisturbed["unmapped"] == [("99", 3)]


@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_was_killed_ends_like_the_undisturbed_one(
    engines: dict[str, Engine], killed: Any, undisturbed: dict[str, Any], point: str
) -> None:
    assert killed[point].returncode == -signal.SIGKILL, killed[point].stderr.decode()[-2000:]
    committed = 2 if point == "after_commit" else 1
    engine = engines[point]
    before = rows_of(engine, "select position from ops.cursor")
    assert before == [({"position": committed * BATCH},)]
    assert rows_of(engine, "select count(*) from ops.certificate") == [(committed,)]

    assert read_and_land(engine) == 3 - committed
    assert _everything(engine) == undisturbed
    states = rows_of(engine, "select state, count(*) from ops.batch group by 1 order by 1")
    abandoned = [("abandoned", 1)] if committed == 1 else []
    assert states == [*abandoned, ("landed", 3)]
