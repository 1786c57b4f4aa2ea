"""The rules on a real permit log: order, skips and throughput equal figures worked out here from the file alone.

The flow in the catalogue is made by hand from the log's most frequent ways: the main line, which half of all cases take
step by step, and two detours from it (the confirmation is adjusted; the request is found to need no permit).
"""

from __future__ import annotations

import csv
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import polars as pl
import pytest
from sqlalchemy import Connection, text

from hub.core.settings import CONTENT_ROOT
from supervision import calendar_frame, evaluate, load_rules, preparation
from warehouse.copying import copy_frame
from warehouse.reference import replace_calendar

LOG = CONTENT_ROOT.parent / "shared" / "data" / "wabo_permits" / "receipt.csv"
HERE = ZoneInfo("Asia/Shanghai")
AS_OF = datetime(2012, 2, 1, 12, 0)  # noqa: DTZ001 (local time, as everywhere in supervision)
POWER = "99999900HB-XK-0001"
PROMISED, STATUTORY = 40, 56
"""Limits in working days and in calendar days."""
MAIN_LINE = ("Confirmation", "T02", "T04", "T05", "T06", "T10")
ORDER = ("Confirmation", "T02", "T03", "T04", "T05", "T06", "T10", "T11", "T12", "T14", "T15")
KINDS = {"Confirmation": "acceptance", "T10": "decision", "T15": "issue"}
FLOW = (*pairwise(MAIN_LINE), *pairwise(("T02", "T03", "T04")), *pairwise(ORDER[6:]))
RULES = {
    "procedure.step_out_of_order", "procedure.step_skipped", "timeliness.overdue_promised",
    "timeliness.overdue_statutory",
}  # fmt: skip

pytestmark = pytest.mark.skipif(not LOG.exists(), reason=f"the permit log is not at {LOG}")


@dataclass
class Case:
    """A case as the file tells it: its way step by step, and its first and last moment."""

    way: list[str]
    times: list[datetime]
    started: datetime
    ended: datetime | None

    @property
    def days(self) -> range:
        """Local dates after the first, up to the last, as ordinals."""
        last = self.ended or AS_OF.replace(tzinfo=HERE)
        first = self.started.astimezone(HERE).date().toordinal() + 1
        return range(first, last.astimezone(HERE).date().toordinal() + 1)

    @property
    def steps(self) -> list[str]:
        """The way with repeats in a row taken together."""
        return [step for before, step in pairwise([None, *self.way]) if step != before and step]


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    with LOG.open(encoding="utf-8", newline="") as handle:
        lines = list(csv.DictReader(handle))
    lines.sort(key=lambda line: datetime.fromisoformat(line["time:timestamp"]))
    found: dict[str, Case] = {}
    for line in lines:
        ended = line["case:enddate"]
        case = found.setdefault(
            line["case:concept:name"],
            Case([], [], datetime.fromisoformat(line["case:startdate"]), datetime.fromisoformat(ended) if ended else None),
        )  # fmt: skip
        case.way.append(line["concept:name"].split()[0])
        case.times.append(datetime.fromisoformat(line["time:timestamp"]))
    return found


@pytest.fixture(scope="module")
def connection(
    pg_server: Any, database_template: str, cases: dict[str, Case]
) -> Iterator[Connection]:
    """A warehouse with the log in core and the flow in the catalogue, inside one transaction."""
    from warehouse.access import connect

    engine = connect(pg_server.create("wabo_rules", database_template))
    with engine.connect() as opened:
        replace_calendar(opened, calendar_frame())
        _put_catalogue(opened)
        _put_cases(opened, cases)
        opened.exec_driver_sql('analyze core."case", core.event, reference.calendar_day')
        yield opened
        opened.rollback()
    engine.dispose()
    pg_server.drop("wabo_rules")


def _put_catalogue(connection: Connection) -> None:
    power = {"power_code": [POWER], "version": [1]}
    pieces = {
        "power": power | {
            "effective_from": [date(2010, 1, 1)], "name": ["x"], "type": ["XK"], "body_code": ["x"],
            "charges": [False], "on_platform": [True], "promised_value": [PROMISED],
            "promised_unit": ["working_day"], "statutory_value": [STATUTORY], "statutory_unit": ["calendar_day"],
        },
        "step": {
            "step_code": list(ORDER), "step_order": list(range(len(ORDER))), "name": list(ORDER),
            "kind": [KINDS.get(step, "work") for step in ORDER],
            "mandatory": [step in MAIN_LINE for step in ORDER], "special": [False] * len(ORDER),
        },
        "transition": {"from_step": [a for a, _ in FLOW], "to_step": [b for _, b in FLOW]},
    }  # fmt: skip
    for table, columns in pieces.items():
        frame = pl.DataFrame(columns)
        for name, (value,) in power.items():
            frame = frame.with_columns(pl.lit(value).alias(name))
        copy_frame(connection, f"catalogue.{table}", frame)


def _put_cases(connection: Connection, cases: dict[str, Case]) -> None:
    numbers = {name: str(uuid.uuid5(uuid.NAMESPACE_OID, name)) for name in cases}
    landed = {
        "department": "wabo", "dataset": "log", "record_key": "x", "source_version": 0, "raw_row": 0, "row_hash": "x",
        "batch_id": str(uuid.UUID(int=1)), "landed_at": datetime(2012, 2, 1, tzinfo=HERE),
    }  # fmt: skip
    rows = [
        landed | {
            "case_id": numbers[name], "source_case_no": name, "power_code": POWER, "accepted_at": case.started,
            "decided_at": case.ended, "closed_at": case.ended, "result": "granted" if case.ended else None,
        }
        for name, case in cases.items()
    ]  # fmt: skip
    steps = [
        landed | {
            "case_id": numbers[name], "event_no": number, "step_code": step,
            "started_at": at,
        }
        for name, case in cases.items()
        for number, (step, at) in enumerate(zip(case.way, case.times, strict=True))
    ]  # fmt: skip
    moment = pl.Datetime("us", "UTC")
    times = dict.fromkeys(("landed_at", "accepted_at", "decided_at", "closed_at"), moment)
    copy_frame(connection, "core.case", pl.DataFrame(rows, schema_overrides=times))
    copy_frame(
        connection,
        "core.event",
        pl.DataFrame(steps, schema_overrides={"landed_at": moment, "started_at": moment}),
    )


@pytest.fixture(scope="module")
def found(connection: Connection) -> dict[str, dict[str, Any]]:
    """Rule → case → facts of its finding, after one run over the log."""
    rules = [rule for rule in load_rules() if rule.id in RULES]
    run = evaluate(connection, rules, AS_OF, True, {"catalogue": "c", "calendar": "k"}, ())
    assert (run.state, run.cases_in_scope) == ("complete", 1_434)
    findings: dict[str, dict[str, Any]] = defaultdict(dict)
    for rule_id, facts, elapsed in connection.execute(
        text("select rule_id, facts, elapsed from supervision.finding")
    ):
        findings[rule_id][facts["source_case_no"]] = facts | {"elapsed": elapsed}
    return findings


def test_the_flow_is_that_of_the_most_frequent_way(cases: dict[str, Case]) -> None:
    ways = Counter(tuple(case.way) for case in cases.values())
    assert ways.most_common(1) == [(MAIN_LINE, 713)]


def test_steps_out_of_order_are_those_that_go_back_in_the_main_line(
    cases: dict[str, Case], found: dict[str, dict[str, Any]]
) -> None:
    place = {step: number for number, step in enumerate(ORDER)}
    expected = {
        name: [f"{a}→{b}" for a, b in pairwise(case.steps) if place[a] > place[b]]
        for name, case in cases.items()
        if set(case.way) <= set(ORDER)
    }
    expected = {name: wrong for name, wrong in expected.items() if wrong}
    said = found["procedure.step_out_of_order"]
    assert {name: facts["wrong_transitions"] for name, facts in said.items()} == expected
    assert {name: facts["path"] for name, facts in said.items()} == {
        name: cases[name].steps for name in expected
    }
    assert len(expected) > 400


def test_skipped_steps_are_those_that_the_main_line_has_and_the_way_has_not(
    cases: dict[str, Case], found: dict[str, dict[str, Any]]
) -> None:
    expected = {
        name: [step for step in MAIN_LINE if step not in case.way]
        for name, case in cases.items()
        if case.ended and not set(MAIN_LINE) <= set(case.way)
    }
    said = found["procedure.step_skipped"]
    assert {name: facts["missing_steps"] for name, facts in said.items()} == expected
    assert 100 < len(expected) < 1_434


def test_throughput_counts_working_and_calendar_days_of_every_case(
    connection: Connection, cases: dict[str, Case]
) -> None:
    """Of all cases, late or not: elapsed of the promised limit in working days, of the statutory in calendar days."""
    preparation.begin(connection, AS_OF)
    preparation.take_all(connection)
    preparation.gather(connection)
    said = connection.execute(
        text("select source_case_no, promised_elapsed, statutory_elapsed, is_open from clock")
    )
    assert {row[0]: tuple(row[1:]) for row in said} == {
        name: (_working_days(case.days), len(case.days), case.ended is None)
        for name, case in cases.items()
    }


def test_late_cases_are_those_over_the_limit(
    cases: dict[str, Case], found: dict[str, dict[str, Any]]
) -> None:
    working = {name: _working_days(case.days) for name, case in cases.items()}
    calendar = {name: len(case.days) for name, case in cases.items()}
    for rule_id, days, limit in (
        ("timeliness.overdue_promised", working, PROMISED),
        ("timeliness.overdue_statutory", calendar, STATUTORY),
    ):
        late = {name: elapsed for name, elapsed in days.items() if elapsed > limit}
        assert {name: facts["elapsed"] for name, facts in found[rule_id].items()} == late
        assert 10 < len(late) < 1_434


def _working_days(days: range) -> int:
    return sum(chinese_calendar.is_workday(date.fromordinal(day)) for day in days)
