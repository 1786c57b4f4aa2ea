"""Monthly scores against sums made by hand."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hub.core.errors import HubError
from supervision import scores
from supervision.lifecycle import Actor, act
from supervision.selection import Selection
from tests.supervision.active import LIMITS

OFFICE = Actor("王科长", "supervision")
MARCH = date(2012, 3, 1)
FORMULA = (scores.FORMULAS / "county_2012.yml").read_text("utf-8")


def by_place(
    world: Any, month: date = MARCH, folder: Path = scores.FORMULAS
) -> dict[str, scores.Score]:
    found = scores.compute(world.connection, month, folder)
    return {score.power_code: score for score in found if score.department == "land"}


def lines(score: scores.Score) -> dict[str, tuple[int, float]]:
    return {line["what"]: (line["count"], line["points"]) for line in score.inputs["lines"]}


def finding(
    world: Any, number: int, level: str, day: str | None, state: str = "open", **values: Any
) -> None:
    """A finding as a run would leave it; the rules of this test are the scores', not the engine's."""
    world.put(
        "supervision.finding", finding_id=f"00000000-0000-8000-a000-{number:012}", rule_id=f"x.{level}",
        rule_version="v", subject=f"s{number}", department="land", level=level, state=state, judged="violation",
        facts="{}", digest=b"", due_on=day, last_seen="2012-12-31 23:59:59+08",
        first_run=str(number).rjust(32, "0"), last_run=str(number).rjust(32, "0"), **{"power_code": "P", "first_seen": "2012-12-31 23:59:59+08", **values},
    )  # fmt: skip


def test_the_gravest_finding_of_a_case_counts_once(world: Any) -> None:
    """A: 18 working days, yellow. B: 26, yellow on the 22nd and red on the 29th of March: red only. 100 - 5 - 10."""
    world.land_overdue("A")
    world.land_overdue("B", decided="2012-04-10 09:00")
    world.land(
        "case",
        case_id="F",
        power_code="FREE",
        accepted_at="2012-03-01 09:00",
        decided_at="2012-03-12 09:00",
    )
    world.supervise(rules=LIMITS)
    march = by_place(world)
    assert {place: score.score for place, score in march.items()} == {
        "": Decimal(80), "P": Decimal(85), "FREE": Decimal(95),
    }  # fmt: skip
    assert lines(march["P"]) == {"yellow": (1, -5), "red": (1, -10), "warnings_in_a_row": (0, 0)}
    assert (march[""].inputs["cases"], march[""].inputs["cards"]) == (3, {"red": 1, "yellow": 2})
    april = by_place(world, date(2012, 4, 1))
    assert (april["P"].score, april["P"].inputs["cases"]) == (100, 1)


def test_withdrawn_and_dismissed_findings_do_not_count_upheld_ones_do(world: Any) -> None:
    for name in "ABC":
        world.land_overdue(name)
    world.supervise(rules=LIMITS)
    ids = world.connection.scalars(
        text("select finding_id::text from supervision.finding order by 1")
    ).all()
    act(world.connection, "notify", OFFICE, Selection(ids=tuple(ids[1:])))
    act(
        world.connection,
        "appeal",
        Actor("李", "land"),
        Selection(ids=tuple(ids[1:])),
        statement="x",
    )
    act(world.connection, "withdraw", OFFICE, Selection(ids=(ids[0],)), reason="x")
    act(world.connection, "dismiss", OFFICE, Selection(ids=(ids[1],)), reason="x")
    act(world.connection, "uphold", OFFICE, Selection(ids=(ids[2],)), reason="x")
    score = by_place(world)[""]
    assert (score.score, score.inputs["findings"]) == (95, {"yellow": [ids[2]]})


def test_a_finding_belongs_to_the_day_it_was_due_else_to_the_end_of_its_case_else_to_when_it_was_seen(
    world: Any,
) -> None:
    world.supervise(rules=LIMITS)
    world.land(
        "case",
        case_id="A",
        power_code="P",
        accepted_at="2012-01-05 09:00",
        decided_at="2012-03-31 23:30+08",
    )
    case_id = world.connection.scalar(text('select case_id::text from core."case"'))
    finding(world, 1, "yellow", "2012-02-10", case_id=case_id)
    finding(world, 2, "red", None, case_id=case_id)
    finding(world, 3, "red", "2013-01-20", first_seen="2012-12-30 09:00+08")
    finding(world, 4, "yellow", None)
    months = {
        month: by_place(world, date(2012, month, 1))[""].inputs["cards"] for month in (2, 3, 12)
    }
    assert months == {2: {"yellow": 1}, 3: {"red": 1}, 12: {"red": 1, "yellow": 1}}


def test_each_three_warnings_that_stood_one_after_the_other_cost_three_points(world: Any) -> None:
    """Days 1 to 8: six stand, broken after the second and fifth by one that was heeded: rows of 2, 3 and 1."""
    world.supervise(rules=LIMITS)
    states = ["open", "open", "withdrawn", "notified", "open", "open", "withdrawn", "open"]
    for number, state in enumerate(states, 1):
        finding(world, number, "warning", f"2012-03-{number:02}", state)
    score = by_place(world)[""]
    assert (score.score, score.inputs["warnings"]) == (97, 6)
    assert lines(score)["warnings_in_a_row"] == (1, -3)


@pytest.mark.parametrize(("open_rows", "points"), [(0, 0), (1, 0), (2, -1), (5, -2), (40, -5)])
def test_data_not_reported_costs_a_point_per_cent_up_to_five(
    world: Any, open_rows: int, points: int
) -> None:
    """200 rows in March: 1 open row is half a per cent, 2 are one, 5 are two and a half, 40 are twenty."""
    batch = world.batch()
    world.connection.execute(
        text(
            "update ops.batch set started_at = '2012-03-31 23:59+08', rows_read = 200 where batch_id = :id"
        ),
        {"id": batch},
    )
    for number in range(open_rows + 1):
        world.put("ops.quarantine", department="land", dataset="d", batch_id=batch, raw_object="x", raw_row=number,
                  reason="bad_date", message="x", versions="{}", state="open" if number else "replayed",
                  created_at="2012-04-02")  # fmt: skip
    world.land("case", case_id="A", power_code="P", accepted_at="2012-03-30 09:00")
    world.supervise("2012-03-31 09:00", rules=LIMITS)
    score = by_place(world)[""]
    assert (score.score, lines(score)["unreported"][1]) == (100 + points, points)
    assert "unreported" not in lines(by_place(world)["P"])
    assert score.inputs["rows_read"] == 200


@pytest.mark.parametrize(
    ("state", "rejected", "quarantined", "points"),
    [
        ("landed", 0, None, 0),
        ("landed", 0, "rejected", -2),
        ("stopped", None, None, -5),
        ("rejected", 40, None, -5),
    ],
)
def test_what_is_stopped_or_rejected_was_not_reported(
    world: Any, state: str, rejected: int | None, quarantined: str | None, points: int
) -> None:
    """One row of 40 is two and a half per cent; a batch of 40 that does not land is all of them."""
    batch = world.batch()
    world.connection.execute(
        text(
            "update ops.batch set started_at = '2012-03-30 09:00+08', rows_read = 40, state = :state, "
            "rejected = :rejected where batch_id = :id"
        ),
        {"id": batch, "state": state, "rejected": rejected},
    )
    if quarantined:
        world.put("ops.quarantine", department="land", dataset="d", batch_id=batch, raw_object="x", raw_row=1,
                  reason="bad_date", message="x", versions="{}", state=quarantined, created_at="2012-04-02")  # fmt: skip
    world.land("case", case_id="A", power_code="P", accepted_at="2012-03-30 09:00")
    world.supervise("2012-03-31 09:00", rules=LIMITS)
    assert lines(by_place(world)[""])["unreported"][1] == points


def test_never_below_the_floor_but_the_sum_is_kept(world: Any) -> None:
    world.supervise(rules=LIMITS)
    for number in range(1, 13):
        finding(world, number, "red", "2012-03-31")
    finding(world, 13, "red", "2012-04-01")
    finding(world, 14, "red", "2012-02-29")
    score = by_place(world)[""]
    assert (score.score, score.inputs["before_floor"]) == (0, -20)


def test_a_formula_per_hundred_cases(world: Any, tmp_path: Path) -> None:
    """Three red cards: 30 points where there are few cases, 12 where there are 250."""
    world.supervise(rules=LIMITS)
    (tmp_path / "f.yml").write_text(
        FORMULA.replace("per: absolute", "per: per_hundred_cases"), "utf-8"
    )
    for number in range(3):
        finding(world, number + 1, "red", "2012-03-31")
    assert by_place(world, folder=tmp_path)[""].score == 70
    batch = world.batch()
    for number in range(250):
        world.land("case", batch_id=batch, case_id=f"N{number}", power_code="P", accepted_at="2012-03-01 09:00",
                   decided_at="2012-03-02 09:00")  # fmt: skip
    assert by_place(world, folder=tmp_path)[""].score == 88


def test_the_same_data_give_the_same_and_the_formula_of_the_month_is_named(
    world: Any, tmp_path: Path
) -> None:
    world.supervise(rules=LIMITS)
    (tmp_path / "a.yml").write_text(FORMULA, "utf-8")
    (tmp_path / "b.yml").write_text(
        FORMULA.replace("2012-01-01", "2012-04-01").replace("red: 10", "red: 20"), "utf-8"
    )
    finding(world, 1, "red", "2012-03-31")
    finding(world, 2, "red", "2012-04-02")
    first, again = by_place(world, folder=tmp_path), by_place(world, folder=tmp_path)
    assert first == again
    april = by_place(world, date(2012, 4, 1), tmp_path)
    assert (first[""].score, april[""].score) == (90, 80)
    assert first[""].formula_version != april[""].formula_version
    stored = world.connection.execute(
        text(
            "select month, score, inputs, formula_version from supervision.score where power_code = '' order by 1"
        )
    ).all()
    assert [(row.score, row.formula_version) for row in stored] == [
        (90, first[""].formula_version), (80, april[""].formula_version),
    ]  # fmt: skip
    assert json.loads(json.dumps(stored[0].inputs)) == first[""].inputs


def test_what_cannot_be_computed_is_said(world: Any) -> None:
    with pytest.raises(HubError, match="no run of the rules has looked at 2012-03"):
        scores.compute(world.connection, MARCH)
    world.supervise("2012-02-29 12:00", rules=LIMITS)
    with pytest.raises(HubError, match="no run of the rules has looked at 2012-03"):
        scores.compute(world.connection, MARCH)
    with pytest.raises(HubError, match="no formula is in force in 2011-12"):
        scores.compute(world.connection, date(2011, 12, 1))
    assert scores.last_month(world.connection) == date(2012, 2, 1)
    assert by_place(world, date(2012, 2, 1))[""].inputs["month_complete"] is False
