"""Core tables once more from raw objects: to the same row hashes, and written where they differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import pipeline
from hub.core.errors import DepartmentBusy, LandingError
from hub.pipeline.busy import working_alone
from hub.pipeline.rebuild import rebuild
from tests.hub.conftest import Ask
from tests.hub.raw.conftest import MAPPING, Archive

SAYS = """
select 'case', source_case_no, title, closed_at::text, deleted_at is null, row_hash from core."case"
union all
select 'event', event_no::text, step_code, started_at::text, deleted_at is null, row_hash from core.event
order by 1, 2, 6
"""
REGISTRY = "select dataset, record_key, record_hash, deleted, raw_row, arrived_at from ops.record order by 1, 2"
WAITING = "select dataset, raw_object, raw_row, reason from ops.quarantine where state = 'open' order by 1, 2, 3"


def live_through(archive: Archive, hub: pipeline.Hub) -> None:
    """A life with everything in it: updates, deletes by flag and by absence, collisions, replays, late versions."""
    archive.know_codes("A")
    archive.put(
        "cases1.csv",
        "1,0,C1,2012-03-01,one,0,",
        "2,0,C2,2012-03-01,two,0,",
        "3,0,C3,never,three,0,",
    )
    archive.put("closings1.csv", "1,C1,2012-04-01,A", "2,C2,2012-04-02,B", "4,C4,2012-04-03,A")
    pipeline.run(hub, "archive")
    # A newer version, a delete, a record that claims another's case, a bad row once more.
    archive.put(
        "cases2.csv",
        "1,2,C1,2012-03-01,uno,0,",
        "2,1,C2,2012-03-01,two,1,",
        "5,0,C1,2012-03-05,five,0,",
    )
    archive.put("cases3.csv", "1,1,C1,2012-03-01,late,0,", "6,0,C6,2012-03-06,six,0,")
    pipeline.run(hub, "archive")
    # The crosswalk is mended and the row replayed; the owner of case 1 is deleted, and the claimant is let in.
    archive.know_codes("A", "B")
    archive.put("cases4.csv", "1,3,C1,2012-03-01,uno,1,")
    pipeline.run(hub, "archive")
    pipeline.replay(hub, "archive", "unmapped_code")
    pipeline.replay(hub, "archive", "duplicate_key")
    # What is gone from the closings is landed as deleted, from its last image; then it is back.
    archive.put("closings1.csv", "2,C2,2012-04-02,B")
    pipeline.run(hub, "archive")
    archive.put("closings2.csv", "4,C4,2012-04-03,A")
    pipeline.run(hub, "archive")


def test_it_comes_to_the_same_row_hashes(archive: Archive, hub: pipeline.Hub, ask: Ask) -> None:
    live_through(archive, hub)
    kinds = dict(ask("select kind, count(*) from ops.batch where state = 'landed' group by 1"))
    assert kinds["sweep"] >= 1 and kinds["replay"] == 2, kinds
    assert ask("select count(*) from ops.quarantine where state = 'replayed'") == [(2,)]
    before = ask(SAYS), ask(REGISTRY), ask(WAITING)
    assert len({row[1] for row in before[0] if row[0] == "case"}) == 4
    found = rebuild(hub, "archive")
    assert found.same, found
    assert [entity.rebuilt for entity in found.entities] == [
        entity.core for entity in found.entities
    ]
    assert found.rows > 10
    assert (ask(SAYS), ask(REGISTRY), ask(WAITING)) == before


def test_without_a_change_of_the_mapping_every_certificate_comes_out_again(
    archive: Archive, hub: pipeline.Hub
) -> None:
    archive.know_codes("A", "B")
    archive.put("cases1.csv", "1,0,C1,2012-03-01,one,0,", "3,0,C3,never,three,0,")
    archive.put("closings1.csv", "1,C1,2012-04-01,A")
    pipeline.run(hub, "archive")
    archive.put("cases2.csv", "1,1,C1,2012-03-01,uno,0,", "3,1,C3,2012-03-01,three,1,")
    archive.put("closings1.csv")
    pipeline.run(hub, "archive")
    found = rebuild(hub, "archive")
    assert (found.same, found.uncertified) == (True, ())
    assert found.batches == 5


def test_what_was_changed_by_another_hand_is_found_and_written_back(
    archive: Archive, hub: pipeline.Hub, ask: Ask
) -> None:
    live_through(archive, hub)
    before = ask(SAYS)
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(
            "update core.\"case\" set title = 'forged', row_hash = md5('forged') where source_case_no = 'C6'"
        )
        connection.exec_driver_sql("delete from core.event where event_no = 9 and case_id = "
            "(select case_id from core.\"case\" where source_case_no = 'C2')")  # fmt: skip
    found = rebuild(hub, "archive")
    said = {
        e.entity: (e.only_rebuilt, e.only_core, e.changed, len(e.keys))
        for e in found.entities
        if not e.same
    }
    assert said == {"case": (0, 0, 1, 1), "event": (1, 0, 0, 1)}
    assert ask(SAYS) != before  # it has only looked

    written = rebuild(hub, "archive", write=True).written
    assert ask(SAYS) == before
    assert ask("select title from history.\"case\" where title = 'forged'") == [("forged",)]
    assert ask(
        "select batch_id::text, state, ledger_no = (select max(ledger_no) from ops.batch) "
        "from ops.batch where kind = 'rebuild'"
    ) == [(written, "landed", True)]
    assert ask(
        "select checksum_read = checksum_landed, c.rows_read from ops.certificate c "
        "join ops.batch using (batch_id) where kind = 'rebuild'"
    ) == [(True, 0)]
    assert rebuild(hub, "archive").same


def test_after_a_change_of_the_mapping_core_becomes_what_it_says_now(
    archive: Archive, hub: pipeline.Hub, ask: Ask
) -> None:
    """A record that the mapping now refuses goes to quarantine, one that it now lets in leaves it; nothing vanishes."""
    archive.know_codes("A")
    archive.put("cases1.csv", "1,0,C1,2012-03-01,one,0,110101199003070000")
    archive.put("closings1.csv", "1,C1,2012-04-01,A", "2,C2,2012-04-02,B")
    pipeline.run(hub, "archive")
    archive.know_codes("B")
    changed = MAPPING.replace("title: TITLE", "item_name: TITLE")
    (archive.folder / "mapping.yml").write_text(changed)
    found = rebuild(hub, "archive", write=True)
    assert not found.same and found.uncertified
    assert ask('select source_case_no, title, item_name, deleted_at is null from core."case" order by 1') == [
        ("C1", None, "one", True), ("C2", None, None, True),
    ]  # fmt: skip
    assert ask("select record_key, state from ops.quarantine order by 1") == [
        ("C1|1", "open"),
        ("C2|2", "replayed"),
    ]
    assert ask("select count(*) from restricted.quarantine_raw") == [(2,)]
    assert ask("select event_no, deleted_at is null from core.event order by 2") == [
        (9, False),
        (9, True),
    ]
    assert rebuild(hub, "archive").same
    again = pipeline.run(hub, "archive")  # nothing is read twice because of it
    assert sum(certificate.landed for certificate in again) == 0


def test_supervision_sees_what_was_written(archive: Archive, hub: pipeline.Hub, ask: Ask) -> None:
    archive.put("cases1.csv", "1,0,C1,2012-03-01,one,0,", "2,0,C2,2012-03-01,two,0,")
    pipeline.run(hub, "archive")
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(
            "update core.\"case\" set row_hash = 'x' where source_case_no = 'C2'"
        )
    rebuild(hub, "archive", write=True)
    assert ask(
        'select source_case_no from core."case" c join ops.batch using (batch_id) where ledger_no > 1'
    ) == [("C2",)]


def test_a_raw_object_that_is_missing_or_changed_ends_it(
    archive: Archive, hub: pipeline.Hub, ask: Ask
) -> None:
    archive.put("cases1.csv", "1,0,C1,2012-03-01,one,0,")
    pipeline.run(hub, "archive")
    before = ask(SAYS)
    (name,) = (str(row[0]) for row in ask("select raw_object from ops.batch"))
    path = Path(hub.settings.objects) / name
    data = path.read_bytes()
    path.write_bytes(data + b" ")
    with pytest.raises(LandingError, match="hashes to"):
        rebuild(hub, "archive", write=True)
    path.unlink()
    with pytest.raises(LandingError, match="no such object"):
        rebuild(hub, "archive", write=True)
    assert ask(SAYS) == before
    assert ask("select count(*) from pg_database where starts_with(datname, 'scratch')") == [(0,)]


def test_it_waits_for_nobody(archive: Archive, hub: pipeline.Hub) -> None:
    with working_alone(hub, "archive"), pytest.raises(DepartmentBusy):
        rebuild(hub, "archive")
