"""One batch into the warehouse: what lands, what is kept, what is proved."""

from __future__ import annotations

import threading
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, text

from hub.core.batches import SRC, Drift, Landing
from hub.core.errors import LandingError
from tests.warehouse.builders import (
    DEPARTMENT,
    Bad,
    Row,
    case_id,
    case_row,
    content,
    day,
    event,
    landing,
    rows_of,
    started,
)
from warehouse import ledger
from warehouse.landing import land


def _fates(certificate: Any) -> list[str]:
    return certificate.fates.sort(SRC)["fate"].to_list()  # type: ignore[no-any-return]


def test_a_batch_lands_with_lineage_ledger_cursor_and_certificate(database: Engine) -> None:
    batch = landing(
        [
            case_row("A1", title="低保 😀", accepted_at=day(1), events=[event("A1", 1), event("A1", 2)]),
            Bad(key="A2"),
            case_row("A3", version=7),
        ],
        cursor={"files": {"a.dbf": "ab12"}},
    )  # fmt: skip
    certificate = land(database, started(database, batch))

    assert _fates(certificate) == ["landed", "quarantined", "landed"]
    assert (certificate.read, certificate.landed, certificate.quarantined) == (3, 2, 1)
    assert certificate.checksum_read == certificate.checksum_landed
    assert certificate.checksum_read.startswith("4:")  # two cases, two events
    core = rows_of(
        database,
        'select source_case_no, title, accepted_at, department, dataset, record_key, source_version, '
        'batch_id::text, raw_row, length(row_hash), deleted_at from core."case" order by source_case_no',
    )  # fmt: skip
    common = (DEPARTMENT, "cases")
    assert core == [
        ("A1", "低保 😀", day(1), *common, "A1", 0, batch.header.batch_id, 0, 32, None),
        ("A3", None, None, *common, "A3", 7, batch.header.batch_id, 2, 32, None),
    ]
    assert rows_of(database, "select state, ledger_no, rows_read, landed, quarantined, cursor_to from ops.batch") == [
        ("landed", 1, 3, 2, 1, {"files": {"a.dbf": "ab12"}})
    ]  # fmt: skip
    with database.connect() as connection:
        cursor = ledger.read_cursor(connection, DEPARTMENT, "cases")
        stored = ledger.certificate(connection, batch.header.batch_id)
    assert cursor == {"files": {"a.dbf": "ab12"}}
    assert stored is not None
    assert stored.checksum_landed == certificate.checksum_landed


def test_landing_a_landed_batch_again_writes_nothing(database: Engine) -> None:
    batch = landing([case_row("A1", events=[event("A1", 1)])])
    first = land(database, batch)
    before = content(database, lineage=True)
    again = land(database, batch)
    assert again.fates is None
    assert (again.landed, again.checksum_landed) == (first.landed, first.checksum_landed)
    assert content(database, lineage=True) == before
    assert rows_of(database, "select count(*) from ops.batch") == [(1,)]


def test_the_same_rows_in_a_new_batch_are_unchanged(database: Engine) -> None:
    rows = [case_row("A1", events=[event("A1", 1)]), case_row("A2")]
    land(database, landing(rows))
    before = content(database, lineage=True)
    certificate = land(database, landing(rows))
    assert _fates(certificate) == ["unchanged", "unchanged"]
    assert content(database, lineage=True) == before
    assert rows_of(database, 'select count(*) from history."case"') == [(0,)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([case_row("A", version=1), case_row("A", version=2, title="x")], ["superseded", "landed"], id="higher version wins"),
        pytest.param([case_row("A", version=2), case_row("A", version=1, title="x")], ["landed", "superseded"], id="whatever the order"),
        pytest.param([case_row("A", title="x"), case_row("A")], ["superseded", "landed"], id="same version: the later row wins"),
        pytest.param([case_row("A"), case_row("A")], ["unchanged", "landed"], id="a repeated row"),
        pytest.param([case_row("A", version=1), case_row("A", version=2)], ["unchanged", "landed"], id="a repeated row, new version"),
        pytest.param([case_row("A"), Bad(key="A")], ["landed", "quarantined"], id="a rejected row does not compete"),
        pytest.param([case_row("A", deleted=True)], ["landed"], id="deleted before we knew it"),
    ],
)  # fmt: skip
def test_fates_within_one_batch(
    database: Engine, rows: list[Row | Bad], expected: list[str]
) -> None:
    assert _fates(land(database, landing(rows))) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param(case_row("A"), case_row("A"), "unchanged", id="same content"),
        pytest.param(case_row("A"), case_row("A", version=3), "unchanged", id="same content, higher version"),
        pytest.param(case_row("A", version=3), case_row("A"), "superseded", id="same content, lower version"),
        pytest.param(case_row("A"), case_row("A", title="x"), "landed", id="changed without a version"),
        pytest.param(case_row("A", version=3), case_row("A", version=2, title="x"), "superseded", id="older version"),
        pytest.param(case_row("A"), case_row("A", deleted=True), "landed", id="deleted"),
        pytest.param(case_row("A", deleted=True), case_row("A", deleted=True), "unchanged", id="still deleted"),
        pytest.param(case_row("A", deleted=True), case_row("A"), "landed", id="restored"),
    ],
)  # fmt: skip
def test_fates_against_what_has_landed(
    database: Engine, first: Row, second: Row, expected: str
) -> None:
    land(database, landing([first]))
    assert _fates(land(database, landing([second]))) == [expected]


def test_an_unchanged_row_lifts_the_registered_version(database: Engine) -> None:
    land(database, landing([case_row("A")]))
    land(database, landing([case_row("A", version=5)]))
    certificate = land(database, landing([case_row("A", version=4, title="x")]))
    assert _fates(certificate) == ["superseded"]


def test_a_deleted_row_keeps_its_last_image_and_comes_back(database: Engine) -> None:
    query = 'select title, deleted_at is not null from core."case"'
    land(database, landing([case_row("A", title="x", events=[event("A", 1)])]))
    land(database, landing([case_row("A", deleted=True)]))  # the source names the key only
    assert rows_of(database, query) == [("x", True)]
    assert rows_of(database, "select deleted_at is not null from core.event") == [(True,)]
    land(database, landing([case_row("A", title="y", events=[event("A", 1)])]))
    assert rows_of(database, query) == [("y", False)]
    assert rows_of(database, "select deleted_at is not null from core.event") == [(False,)]


def test_children_that_a_record_no_longer_reports_are_marked_deleted(database: Engine) -> None:
    land(database, landing([case_row("A", events=[event("A", 1), event("A", 2)]), case_row("B", events=[event("B", 1)])]))  # fmt: skip
    land(database, landing([case_row("A", events=[event("A", 2)])]))
    state = "select record_key, event_no, deleted_at is not null from core.event order by 1, 2"
    assert rows_of(database, state) == [("A", 1, True), ("A", 2, False), ("B", 1, False)]
    assert rows_of(database, "select event_no from history.event") == [(1,)]


def test_a_record_that_changes_its_case_number_leaves_the_old_case_deleted(
    database: Engine,
) -> None:
    land(database, landing([case_row("A", key="1", events=[event("A", 1)])]))
    land(database, landing([case_row("B", key="1", events=[event("B", 1)])]))
    state = 'select source_case_no, deleted_at is not null from core."case" order by 1'
    assert rows_of(database, state) == [("A", True), ("B", False)]
    events = "select case_id::text, deleted_at is not null from core.event"
    assert set(rows_of(database, events)) == {(case_id("A"), True), (case_id("B"), False)}


def test_every_earlier_version_is_kept(database: Engine) -> None:
    """Invariant 9: a department that edits history leaves a trace."""
    batches = [
        landing([case_row("A", version=n, title=f"t{n}", accepted_at=day(n))]) for n in (1, 2, 3)
    ]
    for batch in batches:
        land(database, batch)
    kept = rows_of(
        database,
        "select title, accepted_at, source_version, batch_id::text, changed_by_batch::text, row_hash "
        'from history."case" order by source_version',
    )
    assert [row[:5] for row in kept] == [
        ("t1", day(1), 1, batches[0].header.batch_id, batches[1].header.batch_id),
        ("t2", day(2), 2, batches[1].header.batch_id, batches[2].header.batch_id),
    ]
    now = rows_of(database, 'select title, row_hash from core."case"')
    assert now[0][0] == "t3"
    assert len({now[0][1], *(row[5] for row in kept)}) == 3


def test_only_rows_that_differ_are_written(database: Engine) -> None:
    first = landing([case_row("A", events=[event("A", 1), event("A", 2)])])
    second = landing(
        [case_row("A", version=1, events=[event("A", 1), event("A", 2, opinion="同意")])]
    )
    land(database, first)
    land(database, second)
    written = rows_of(database, "select event_no, batch_id::text from core.event order by 1")
    assert written == [(1, first.header.batch_id), (2, second.header.batch_id)]


def _spoil(engine: Engine, entity: str, change: str) -> None:
    """From now on the warehouse stores something else than what it is given."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"create function spoil() returns trigger language plpgsql as $$ begin {change}; return new; end $$;"
            f'create trigger spoil before insert or update on core."{entity}" for each row execute function spoil()'
        )


@pytest.mark.parametrize(
    "change",
    [
        "new.title := new.title || ' '",
        "new.accepted_at := new.accepted_at + interval '1 microsecond'",
        "if new.source_case_no = 'A2' then return null; end if",
    ],
)
def test_a_row_that_is_not_stored_as_read_stops_the_batch(database: Engine, change: str) -> None:
    """Invariant 1: checksums on both sides; a mismatch fails the batch and nothing is committed."""
    _spoil(database, "case", change)
    batch = started(
        database, landing([case_row("A1", title="t", accepted_at=day(1)), case_row("A2"), Bad()])
    )
    with pytest.raises(LandingError, match="sums to"):
        land(database, batch)
    empty = content(database)
    assert not any(empty.values())
    for table in (
        "ops.record",
        "ops.cursor",
        "ops.certificate",
        "ops.quarantine",
        "restricted.quarantine_raw",
    ):
        assert rows_of(database, f"select count(*) from {table}") == [(0,)], table  # noqa: S608
    assert rows_of(database, "select state, ledger_no from ops.batch") == [("failed", None)]


def test_a_core_row_that_another_hand_changed_is_noticed_when_it_is_read_again(
    database: Engine,
) -> None:
    land(database, landing([case_row("A", accepted_at=day(1))]))
    with database.begin() as connection:
        connection.execute(
            text("update core.\"case\" set accepted_at = accepted_at - interval '3 days'")
        )
    with pytest.raises(LandingError, match="sums to"):
        land(database, landing([case_row("A", accepted_at=day(1))]))


@pytest.mark.parametrize("rows_read", [1, 3])
def test_rows_that_a_stage_lost_or_invented_stop_the_batch(
    database: Engine, rows_read: int
) -> None:
    with pytest.raises(LandingError, match="accounted for"):
        land(database, landing([case_row("A"), Bad()], rows_read=rows_read))
    assert rows_of(database, 'select count(*) from core."case"') == [(0,)]


def _broken(batch: Landing, **frames: pl.DataFrame) -> Landing:
    values = {name: getattr(batch, name) for name in Landing.__dataclass_fields__}
    return Landing(**(values | frames))


def test_frames_that_contradict_each_other_are_refused(database: Engine) -> None:
    batch = landing([case_row("A"), case_row("B")])
    orphan = _broken(batch, records=batch.records.head(1))
    with pytest.raises(LandingError, match="rows of no record"):
        land(database, orphan)
    double = _broken(batch, records=pl.concat([batch.records, batch.records.head(1)]))
    with pytest.raises(LandingError, match="several records"):
        land(database, double)


def test_a_value_that_the_warehouse_refuses_is_named_without_the_row(database: Engine) -> None:
    batch = landing([case_row("A", events=[event("A", 1, started_at=None, opinion="13812345678")])])
    with pytest.raises(LandingError, match="started_at") as refused:
        land(database, batch)
    assert "13812345678" not in str(refused.value)
    assert refused.value.__suppress_context__
    assert rows_of(database, 'select count(*) from core."case"') == [(0,)]


def test_parties_are_inserted_once_and_never_cleared(database: Engine) -> None:
    land(database, landing([case_row("A")], parties=[("t1", "person", b"id", b"phone", b"name")]))
    land(database, landing([case_row("B")], parties=[("t1", "person", None, None, None), ("t2", None, b"i2", None, None), ("t2", None, None, None, None)]))  # fmt: skip
    found = rows_of(database, "select applicant_token, identity_enc, phone_enc, name_enc from restricted.party order by 1")  # fmt: skip
    assert found == [("t1", b"id", b"phone", b"name"), ("t2", b"i2", None, None)]


def test_quarantine_keeps_the_row_and_where_it_came_from(database: Engine) -> None:
    batch = landing([Bad("unmapped_power", key="A"), case_row("B"), Bad("illegal_bytes")])
    land(database, batch)
    kept = rows_of(
        database,
        'select reason, record_key, raw_row, source_file, source_row, "column", state, raw_object, versions, raw_enc '
        "from ops.quarantine join restricted.quarantine_raw using (quarantine_id) order by raw_row",
    )
    raw, versions = batch.header.raw_object, {"mapping": "m1"}
    assert kept == [
        ("unmapped_power", "A", 0, "a.dbf", 1, "SLRQ", "open", raw, versions, b"sealed"),
        ("illegal_bytes", None, 2, "a.dbf", 3, "SLRQ", "open", raw, versions, b"sealed"),
    ]
    with database.connect() as connection:
        some = ledger.open_quarantine(connection, department=DEPARTMENT, reason="illegal_bytes")
    assert some.select("raw_row", "batch_id").rows() == [(2, batch.header.batch_id)]


def test_unmapped_codes_add_up_and_drift_is_noted(database: Engine) -> None:
    drift = (Drift("XZ", "new", "neither used nor ignored"),)
    codes = [("powers", "99", "某事项", 2), ("powers", None, "无码事项", 1)]
    for number in ("A", "B"):
        land(database, landing([case_row(number)], unmapped=codes, drift=drift))
    query = "select codelist, source_code, source_name, rows from ops.unmapped_code order by 2"
    assert rows_of(database, query) == [
        ("powers", "", "无码事项", 2),
        ("powers", "99", "某事项", 4),
    ]
    assert rows_of(database, 'select "column", change from ops.drift') == [("XZ", "new")] * 2


def test_batches_of_a_dataset_land_in_reading_order(database: Engine) -> None:
    """The cursor must not pass over rows that have not landed."""
    first = started(database, landing([case_row("A")], cursor={"to": 1}))
    second = started(database, landing([case_row("B")], cursor={"to": 2}))
    other = started(database, landing([case_row("C")], dataset="others"))
    with pytest.raises(LandingError, match="has not landed"):
        land(database, second)
    land(database, other)
    land(database, first)
    land(database, second)
    with database.connect() as connection:
        assert ledger.read_cursor(connection, DEPARTMENT, "cases") == {"to": 2}
        order = ledger.batches(connection, after=1)["batch_id"].to_list()
    assert order == [first.header.batch_id, second.header.batch_id]


def test_an_abandoned_batch_never_lands(database: Engine) -> None:
    batch = started(database, landing([case_row("A")]))
    with database.begin() as connection:
        assert ledger.abandon_open(connection, DEPARTMENT) == 1
        assert ledger.abandon_open(connection, DEPARTMENT) == 0
    with pytest.raises(LandingError, match="reads these rows again"):
        land(database, batch)
    assert rows_of(database, 'select count(*) from core."case"') == [(0,)]
    assert rows_of(database, "select state from ops.batch") == [("abandoned",)]


def test_landings_at_the_same_time_double_nothing(database: Engine) -> None:
    rows = [case_row(f"A{n}", events=[event(f"A{n}", 1)]) for n in range(200)]
    batches = [landing(rows, dataset="cases") for _ in range(4)]
    certificates: list[Any] = []
    threads = [
        threading.Thread(target=lambda b=batch: certificates.append(land(database, b)))
        for batch in batches
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(c.landed for c in certificates) == [0, 0, 0, 200]
    assert sorted(c.unchanged for c in certificates) == [0, 200, 200, 200]
    assert rows_of(database, "select ledger_no from ops.batch order by 1") == [
        (1,),
        (2,),
        (3,),
        (4,),
    ]
    assert rows_of(database, "select count(*) from core.event") == [(200,)]


def test_an_empty_batch_moves_the_cursor(database: Engine) -> None:
    certificate = land(database, landing([], cursor={"files": {}}))
    assert (certificate.read, certificate.checksum_read) == (0, "0:" + "0" * 32)
    with database.connect() as connection:
        assert ledger.read_cursor(connection, DEPARTMENT, "cases") == {"files": {}}


def test_disclosures_are_keyed_by_department(database: Engine) -> None:
    owned = {"disclosure": ("item_code", "title", "published_at")}
    row = Row("D1", says={"disclosure": [{"source_no": "D1", "item_code": "X", "title": "公告"}]})
    for department in ("civil_affairs", "land_resources", "civil_affairs"):
        land(database, landing([row], owned=owned, department=department))
    found = rows_of(database, "select department, source_no, title from core.disclosure order by 1")
    assert found == [("civil_affairs", "D1", "公告"), ("land_resources", "D1", "公告")]
