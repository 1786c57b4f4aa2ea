"""Rows that wait in quarantine and are read once more stay one row, which tells of the latest reading."""

from __future__ import annotations

import json

from hub import pipeline
from tests.hub.conftest import Ask, Registry

WAITING = "select record_key, state, batch_id = (select batch_id from ops.batch order by started_at desc limit 1) from ops.quarantine order by 1, quarantine_id"


def test_a_bad_row_that_is_read_again_is_one_row(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    """The file comes with one more line, so that all of it is read again; the bad line has moved."""
    registry.put("a.csv", "1,2012-03-01,one", "2,never,two")
    pipeline.run(registry_hub, "registry")
    registry.put("a.csv", "0,2012-03-01,zero", "1,2012-03-01,one", "2,never,two")
    (certificate,) = pipeline.run(registry_hub, "registry")
    assert (certificate.read, certificate.quarantined) == (3, 1)
    assert ask(WAITING) == [("2", "open", True)]
    ((place, row, sealed),) = ask(
        "select source_row, raw_row, raw_enc from ops.quarantine join restricted.quarantine_raw using (quarantine_id)"
    )
    assert (place, row) == (4, 2)
    assert json.loads(registry_hub.keys.decrypt(bytes(sealed)))["TITLE"] == "two"  # type: ignore[call-overload]


def test_other_content_other_files_and_repetitions_are_rows_of_their_own(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.put("a.csv", "2,never,two", "2,never,two")
    pipeline.run(registry_hub, "registry")
    assert len(ask(WAITING)) == 2
    registry.put("a.csv", "2,never,two", "2,never,two", "2,never,changed")
    pipeline.run(registry_hub, "registry")
    assert len(ask(WAITING)) == 3
    registry.put("b.csv", "2,never,two")
    pipeline.run(registry_hub, "registry")
    assert len(ask(WAITING)) == 4


def test_a_replay_that_fails_again_leaves_one_open_row(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    registry.put("a.csv", "2,never,two")
    pipeline.run(registry_hub, "registry")
    pipeline.replay(registry_hub, "registry")
    assert [row[:2] for row in ask(WAITING)] == [("2", "open")]
    registry.put("a.csv", "2,never,two", "3,2012-03-01,three")
    pipeline.run(registry_hub, "registry")
    assert [row[:2] for row in ask(WAITING)] == [("2", "open")]
