"""The gate: each reason, nothing lost, nothing unjudged."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandera.config import config_context
from polars.testing import assert_frame_equal

from hub.core.batches import (
    PARTIES_SCHEMA,
    RECORDS_SCHEMA,
    REJECTS_SCHEMA,
    SRC,
    UNMAPPED_SCHEMA,
    Mapped,
)
from hub.core.codelists import codelists
from hub.core.entities import ENTITIES
from hub.core.errors import GateStopped, SpecError
from quality import gate, schemas

CODES = codelists()
NOON = datetime(2012, 3, 5, 4, tzinfo=UTC)

Rows = list[dict[str, Any]]


def records(*keys: str | None, version: int = 0) -> pl.DataFrame:
    rows = [
        {SRC: n, "record_key": key, "source_version": version, "deleted": False}
        for n, key in enumerate(keys)
    ]
    return pl.DataFrame(rows, schema=RECORDS_SCHEMA)


def entity(name: str, rows: Rows, owned: tuple[str, ...] | None = None) -> pl.DataFrame:
    types = ENTITIES[name].polars_schema
    columns = owned or tuple(types)
    return pl.DataFrame(
        rows, schema={SRC: pl.Int64(), **{column: types[column] for column in columns}}
    )


def mapped(
    found: pl.DataFrame, entities: dict[str, pl.DataFrame], rejects: Rows | None = None
) -> Mapped:
    return Mapped(
        records=found,
        entities=entities,
        owned={name: tuple(c for c in frame.columns if c != SRC) for name, frame in entities.items()},
        parties=pl.DataFrame(
            [{SRC: row, "applicant_token": f"t{row}", "kind": "person"} for row in found[SRC]],
            schema=PARTIES_SCHEMA,
        ),
        rejects=pl.DataFrame(rejects or [], schema=REJECTS_SCHEMA),
        unmapped=pl.DataFrame(schema=UNMAPPED_SCHEMA),
    )  # fmt: skip


def case(row: int, number: str | None = None, **values: Any) -> dict[str, Any]:
    number = number or f"{row:012}"
    return {
        SRC: row,
        "case_id": f"id-{number}",
        "source_case_no": number,
        "result": "granted",
    } | values


def event(row: int, number: int, **values: Any) -> dict[str, Any]:
    return {
        SRC: row, "case_id": f"id-{row:012}", "event_no": number, "step_code": "accept", "started_at": NOON,
    } | values  # fmt: skip


def reasons(result: gate.GateResult) -> list[tuple[int, str, str | None]]:
    return list(result.rejects.select(SRC, "reason", "column").iter_rows())


def judged(*entities: tuple[str, Rows], keys: int = 2) -> gate.GateResult:
    frames = {name: entity(name, rows) for name, rows in entities}
    return gate.inspect(mapped(records(*(f"k{n}" for n in range(keys))), frames), CODES)


def test_a_sound_batch_passes_unchanged() -> None:
    given_batch = mapped(
        records("k0", "k1"),
        {
            "case": entity("case", [case(0), case(1)]),
            "event": entity("event", [event(0, 1), event(0, 2), event(1, 1)]),
        },
    )
    result = gate.inspect(given_batch, CODES)
    assert result.rejects.is_empty()
    assert result.rejects.schema == pl.Schema(REJECTS_SCHEMA)
    for name, frame in given_batch.entities.items():
        assert_frame_equal(result.clean.entities[name], frame)
    assert_frame_equal(result.clean.records, given_batch.records)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("source_case_no", None, "required_missing"),
        ("source_case_no", "", "required_missing"),
        ("result", "批准", "not_in_codelist"),
        ("applicant_kind", "alien", "not_in_codelist"),
        ("accepted_at", datetime(1949, 9, 30, 15, 59, 59, tzinfo=UTC), "implausible_time"),
        ("accepted_at", datetime(2101, 1, 1, tzinfo=UTC), "implausible_time"),
        ("title", "补\x00正", "illegal_bytes"),
    ],
)
def test_each_reason_on_a_case(column: str, value: Any, reason: str) -> None:
    result = judged(("case", [case(0), case(1, **{column: value})]))
    assert reasons(result) == [(1, reason, f"case.{column}")]
    assert result.clean.records[SRC].to_list() == [0]
    assert result.clean.entities["case"][SRC].to_list() == [0]
    assert result.clean.parties[SRC].to_list() == [0]


def test_the_first_and_last_plausible_instants_pass() -> None:
    first, last = (
        datetime(1949, 9, 30, 16, tzinfo=UTC),
        datetime(2100, 12, 31, 15, 59, 59, tzinfo=UTC),
    )
    assert judged(
        ("case", [case(0, accepted_at=first), case(1, accepted_at=last)])
    ).rejects.is_empty()


def test_a_negative_amount_rejects_the_source_row_with_all_its_entities() -> None:
    fee = {SRC: 1, "case_id": "id-1", "fee_no": 1, "amount": Decimal("-0.01")}
    free = {SRC: 0, "case_id": "id-0", "fee_no": 1, "amount": Decimal("0.00")}
    result = judged(("case", [case(0), case(1)]), ("fee", [free, fee]))
    assert reasons(result) == [(1, "negative_amount", "fee.amount")]
    assert result.clean.entities["case"][SRC].to_list() == [0]
    assert result.clean.entities["fee"][SRC].to_list() == [0]


def test_five_bad_events_of_one_row_give_one_reject() -> None:
    bad = [event(0, n, action="shrug") for n in range(5)]
    assert reasons(judged(("event", [*bad, event(1, 1)]))) == [
        (0, "not_in_codelist", "event.action")
    ]


def test_a_record_without_key_is_rejected() -> None:
    given_batch = mapped(
        records("k0", None, ""), {"case": entity("case", [case(0), case(1), case(2)])}
    )
    assert reasons(gate.inspect(given_batch, CODES)) == [
        (1, "missing_key", "record.record_key"),
        (2, "missing_key", "record.record_key"),
    ]


def test_the_same_key_in_another_record_rejects_the_later_one() -> None:
    same = [case(0, "A"), case(1, "B"), case(2, "A")]
    assert reasons(judged(("case", same), keys=3)) == [(2, "duplicate_key", "case.case_id")]


def test_the_later_record_is_the_one_further_down_whatever_the_order_of_the_frame() -> None:
    same = [case(2, "A"), case(1, "B"), case(0, "A")]
    assert reasons(judged(("case", same), keys=3)) == [(2, "duplicate_key", "case.case_id")]


def test_repeated_and_resent_records_are_no_duplicates() -> None:
    given_batch = mapped(
        records("k", "k", "k"),
        {
            "case": entity("case", [case(n, "A") for n in range(3)]),
            "event": entity("event", [event(n, 1, case_id="id-A") for n in range(3)]),
        },
    )
    assert gate.inspect(given_batch, CODES).rejects.is_empty()


def test_one_source_row_cannot_give_the_same_key_twice() -> None:
    result = judged(("event", [event(0, 1), event(0, 1), event(1, 1)]))
    assert reasons(result) == [(0, "duplicate_key", "event.event_no")]


def test_a_rejected_row_holds_no_key_against_a_sound_one() -> None:
    result = judged(("case", [case(0, "A", result="nonsense"), case(1, "A")]))
    assert reasons(result) == [(0, "not_in_codelist", "case.result")]
    assert result.clean.entities["case"][SRC].to_list() == [1]


def test_a_record_deleted_at_the_source_holds_no_key_against_a_living_one() -> None:
    found = records("k0", "k1").with_columns(deleted=pl.Series([True, False]))
    batch = mapped(found, {"case": entity("case", [case(0, "A"), case(1, "A")])})
    assert gate.inspect(batch, CODES).rejects.is_empty()


def test_a_row_that_the_mapping_refused_is_not_also_blamed_for_its_missing_key() -> None:
    damaged = [{SRC: 0, "reason": "damaged_row", "column": None, "message": "m"}]
    result = gate.inspect(mapped(records(None, "k1"), {}, damaged), CODES)
    assert reasons(result) == [(0, "damaged_row", None)]
    assert result.clean.records[SRC].to_list() == [1]


def test_only_owned_columns_are_demanded_but_an_owned_one_may_not_be_empty() -> None:
    owned = ("case_id", "closed_at")
    frame = entity("case", [{SRC: 0, "case_id": "id-0", "closed_at": NOON}], owned)
    assert gate.inspect(mapped(records("k0"), {"case": frame}), CODES).rejects.is_empty()
    owned = ("case_id", "event_no", "step_code")
    rows = [{SRC: 0, "case_id": "id-0", "event_no": 1, "step_code": None}]
    result = gate.inspect(mapped(records("k0"), {"event": entity("event", rows, owned)}), CODES)
    assert reasons(result) == [(0, "required_missing", "event.step_code")]


def test_the_mappings_rejects_come_first_and_none_is_doubled() -> None:
    earlier = [
        {SRC: 1, "reason": "unmapped_power", "column": "SXDM", "message": "no crosswalk row"},
        {SRC: 0, "reason": "bad_date", "column": "SLRQ", "message": "no date"},
        {SRC: 0, "reason": "bad_date", "column": "SLRQ", "message": "no date"},
    ]
    events = entity("event", [event(0, 1, started_at=None), event(1, 1)])
    result = gate.inspect(mapped(records("k0", "k1"), {"event": events}, earlier), CODES)
    assert reasons(result) == [
        (0, "bad_date", "SLRQ"),
        (0, "required_missing", "event.started_at"),
        (1, "unmapped_power", "SXDM"),
    ]
    assert result.clean.records.is_empty()
    assert result.clean.rejects.is_empty()


def test_an_entity_row_without_a_record_does_not_slip_through() -> None:
    result = judged(("event", [event(0, 1), event(7, 1)]), keys=1)
    assert reasons(result) == [(7, "missing_key", "record.record_key")]
    assert result.clean.entities["event"][SRC].to_list() == [0]


def test_every_check_says_on_how_many_rows_it_judged() -> None:
    rows = [case(0, accepted_at=NOON), case(1), case(2, result="nonsense")]
    result = judged(("case", rows), keys=3)
    checks = {(check.reason, check.column): (check.rows, check.failures) for check in result.checks}
    assert checks["required_missing", "case_id"] == (3, 0)
    assert checks["implausible_time", "accepted_at"] == (1, 0)
    assert checks["not_in_codelist", "result"] == (3, 1)
    assert checks["not_in_codelist", "channel"] == (0, 0)
    assert checks["duplicate_key", "case_id"] == (2, 0)
    states = {(check.reason, check.column): check.state for check in result.checks}
    assert states["not_in_codelist", "channel"] == "no_values"
    assert {state for check, state in states.items() if checks[check][0]} == {"evaluated"}


def test_a_row_with_several_reasons_counts_once_under_its_first() -> None:
    early = [
        {SRC: 0, "reason": "bad_date", "column": "SLRQ", "message": "m"},
        {SRC: 0, "reason": "unmapped_power", "column": None, "message": "m"},
        {SRC: 1, "reason": "unmapped_power", "column": None, "message": "m"},
    ]
    events = entity("event", [event(0, n, action="shrug") for n in range(5)])
    result = gate.inspect(mapped(records("k0", "k1", "k2"), {"event": events}, early), CODES)
    told = {
        (c.entity, c.column, c.reason): (c.rows, c.failures, c.decisive, c.examples)
        for c in result.checks
        if c.failures
    }
    assert told == {
        ("source", "SLRQ", "bad_date"): (3, 1, 1, (0,)),
        ("source", "", "unmapped_power"): (3, 2, 1, (0, 1)),
        ("event", "action", "not_in_codelist"): (5, 5, 0, (0,)),
    }


def test_the_messages_carry_no_value() -> None:
    secret = "360121198001011234"
    result = judged(("case", [case(0, result=secret, title=secret + "\x00"), case(1)]))
    assert result.rejects.height == 2
    assert not result.rejects["message"].str.contains(secret).any()


def test_a_check_that_raises_stops_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = schemas.Rule("implausible_time", "case_id", pl.col("case_id").dt.year() > 0, "broken")
    monkeypatch.setattr(gate, "entity_rules", lambda *_: [broken])
    with pytest.raises(gate.NotJudged, match="implausible_time") as stopped:
        judged(("case", [case(0)]), keys=1)
    states = {(c.entity, c.reason): c.state for c in stopped.value.checks}
    assert states["case", "implausible_time"] == "not_evaluated"
    assert states["record", "missing_key"] == "evaluated"


def test_a_check_that_pandera_skips_stops_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(name: str, types: Any, rules: Any, ran: Any) -> Any:
        return schemas.schema(name, types, list(rules)[1:], ran)

    monkeypatch.setattr(gate, "schema", forgetful)
    with pytest.raises(gate.NotJudged, match="did not run") as stopped:
        judged(("case", [case(0)]), keys=1)
    left = {(c.entity, c.reason) for c in stopped.value.checks if c.state == "not_evaluated"}
    assert ("case", "duplicate_key") in left  # uniqueness is judged among the rows that would land
    assert all(c.rows == 0 for c in stopped.value.checks if c.state == "not_evaluated")


@pytest.mark.parametrize(
    "setting",
    [{"validation_enabled": False}, {"validation_depth": "SCHEMA_ONLY"}, {"validation_depth": "DATA_ONLY"}],
)  # fmt: skip
def test_no_setting_of_pandera_opens_the_gate(setting: dict[str, Any]) -> None:
    wrong_type = pl.DataFrame({SRC: [0], "case_id": ["id"], "event_no": ["one"]})
    with config_context(**setting):
        assert reasons(judged(("case", [case(0), case(1, result="x")]))) == [
            (1, "not_in_codelist", "case.result")
        ]
        with pytest.raises(GateStopped):
            gate.inspect(mapped(records("k0"), {"event": wrong_type}), CODES)


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({SRC: [0], "case_id": ["id"], "event_no": ["one"]}),  # type
        pl.DataFrame({SRC: [0], "case_id": ["id"]}),  # key is missing
        pl.DataFrame(
            {SRC: [0], "case_id": ["id"], "event_no": [1], "sfzh": ["x"]}
        ),  # unknown column
    ],
)
def test_what_cannot_be_judged_stops_the_batch(frame: pl.DataFrame) -> None:
    given_batch = mapped(records("k0"), {"event": frame})
    with pytest.raises(gate.NotJudged, match="event") as stopped:
        gate.inspect(given_batch, CODES)
    states = {c.state for c in stopped.value.checks if c.entity == "event"}
    assert "not_evaluated" in states


def test_a_source_row_with_two_records_stops_the_batch() -> None:
    twice = pl.concat([records("k0"), records("k1")])
    with pytest.raises(GateStopped, match="two records"):
        gate.inspect(mapped(twice, {}), CODES)


def test_a_missing_code_list_is_an_error_of_ours() -> None:
    known = {name: codes for name, codes in CODES.items() if name != "result"}
    with pytest.raises(SpecError, match="result"):
        gate.inspect(mapped(records("k0"), {"case": entity("case", [case(0)])}), known)


def test_the_schema_version_follows_the_code_lists() -> None:
    more = CODES | {"result": CODES["result"] | {"postponed": ("延期", "postponed")}}
    assert gate.schema_version(CODES) == gate.schema_version()
    assert gate.schema_version(more) != gate.schema_version(CODES)
    assert len(gate.schema_version()) == 12


CASES = st.lists(
    st.tuples(
        st.sampled_from(["k0", "k1", "k2", None]),
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from(["granted", "denied", None, "nonsense"]),
        st.sampled_from([NOON, None, datetime(1900, 1, 1, tzinfo=UTC)]),
        st.booleans(),
    ),
    max_size=8,
)


@given(CASES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_is_lost_nothing_bad_passes_nothing_good_is_refused(rows: list[Any]) -> None:
    cases = [case(n, row[1], result=row[2], accepted_at=row[3]) for n, row in enumerate(rows)]
    early: Rows = [
        {SRC: n, "reason": "bad_date", "column": "X", "message": "m"}
        for n, row in enumerate(rows)
        if row[4]
    ]
    batch = mapped(records(*(row[0] for row in rows)), {"case": entity("case", cases)}, early)
    result = gate.inspect(batch, CODES)

    clean, rejected = set(result.clean.records[SRC]), set(result.rejects[SRC])
    assert clean | rejected == set(range(len(rows)))
    assert not clean & rejected
    assert set(result.clean.entities["case"][SRC]) == clean == set(result.clean.parties[SRC])
    assert sum(check.decisive for check in result.checks) == len(rejected)
    assert all(check.failures >= check.decisive for check in result.checks)

    holder: dict[str, str] = {}
    expected = set()
    for n, (key, number, outcome, accepted, refused) in enumerate(rows):
        sound = key and not refused and outcome != "nonsense" and accepted in (NOON, None)
        if sound and holder.setdefault(number, key) == key:
            expected.add(n)
    assert clean == expected
