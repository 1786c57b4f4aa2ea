"""A case that several datasets tell of: the same in whatever order its parts arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from hub.core.batches import Landing
from tests.warehouse.builders import Row, case, case_row, content, day, event, landing, rows_of
from warehouse.landing import land
from warehouse.tables import CORE, HISTORY, OPS

OWNED: dict[str, dict[str, tuple[str, ...]]] = {
    "applications": {"case": ("source_case_no", "title", "power_code")},
    "acceptances": {
        "case": ("source_case_no", "accepted_at"),
        "event": ("step_code", "started_at"),
    },
    "closings": {"case": ("source_case_no", "closed_at", "result")},
}


def part(dataset: str, *rows: Row) -> Landing:
    return landing(rows, dataset=dataset, owned=OWNED[dataset])


def _applied(number: str, version: int = 0, **values: Any) -> Row:
    return Row(number, version, says={"case": [case(number, **values)]})


def _accepted(number: str, version: int, at: int | None, deleted: bool = False) -> Row:
    says = {
        "case": [case(number, accepted_at=at and day(at))],
        "event": [event(number, n) for n in range(1, version + 1)],
    }
    return Row(number, version, deleted, says)  # fmt: skip


def _closed(number: str, version: int, at: int | None, deleted: bool = False) -> Row:
    result = "granted" if at else None
    values = case(number, closed_at=at and day(at), result=result)
    return Row(f"JS-{number}", version, deleted, {"case": [values]})


# Every record comes in several versions, some are deleted in the end, and all parts share two cases.
PARTS = [
    ("applications", _applied("A", 1, title="old", power_code="P1")),
    ("applications", _applied("A", 2, title="new", power_code="P1")),
    ("applications", _applied("B", 1, title="b")),
    ("acceptances", _accepted("A", 1, 2)),
    ("acceptances", _accepted("A", 2, 3)),
    ("acceptances", _accepted("B", 1, 4)),
    ("closings", _closed("A", 1, 9)),
    ("closings", _closed("A", 2, None, deleted=True)),
    ("closings", _closed("B", 1, 5)),
]


def _living(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [row for row in rows if not row[-1]] for name, rows in content(engine).items()}


def _clear(engine: Engine) -> None:
    tables = [*CORE.values(), *HISTORY.values(), *OPS.values()]
    names = ", ".join(f'{table.schema}."{table.name}"' for table in tables)
    with engine.begin() as connection:
        connection.execute(text(f"truncate {names}"))


@pytest.fixture
def expected(database: Engine) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    for dataset, row in PARTS:
        land(database, part(dataset, row))
    yield _living(database)


@given(order=st.permutations(PARTS), together=st.integers(1, 3))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_parts_of_a_case_may_arrive_in_any_order(
    database: Engine, expected: Any, order: list[tuple[str, Row]], together: int
) -> None:
    _clear(database)
    while order:
        dataset = order[0][0]
        mine = [p for p in order if p[0] == dataset][:together]
        land(database, part(dataset, *(row for _, row in mine)))
        order = [p for p in order if not any(p is m for m in mine)]
    assert _living(database) == expected


def test_what_the_parts_add_up_to(database: Engine, expected: Any) -> None:
    query = (
        'select source_case_no, title, accepted_at, closed_at, result from core."case" order by 1'
    )
    assert rows_of(database, query) == [
        (
            "A",
            "new",
            day(3),
            None,
            None,
        ),  # its closing was deleted at the source: the case is open again
        ("B", "b", day(4), day(5), "granted"),
    ]
    withdrawn = 'select closed_at from history."case" where closed_at is not null'
    assert rows_of(database, withdrawn) == [(day(9),)]


def test_a_case_is_deleted_when_its_last_part_is(database: Engine) -> None:
    gone = 'select deleted_at is not null, title from core."case"'
    land(database, part("applications", _applied("A", 1, title="t")))
    land(database, part("closings", _closed("A", 1, 9)))
    land(database, part("closings", _closed("A", 2, 9, deleted=True)))
    assert rows_of(database, gone) == [(False, "t")]
    land(database, part("applications", Row("A", 2, True, {"case": [case("A")]})))
    assert rows_of(database, gone)[0][0] is True
    land(database, part("closings", _closed("A", 3, 9)))
    assert rows_of(database, gone)[0][0] is False


def test_a_part_that_moves_to_another_case_leaves_nothing_behind(database: Engine) -> None:
    land(database, part("applications", _applied("A", title="a")))
    land(database, part("applications", _applied("B", title="b")))
    land(database, part("closings", Row("1", 1, says={"case": [case("A", closed_at=day(3))]})))
    land(database, part("closings", Row("1", 2, says={"case": [case("B", closed_at=day(3))]})))
    found = rows_of(
        database, 'select source_case_no, closed_at, deleted_at from core."case" order by 1'
    )
    assert found == [("A", None, None), ("B", day(3), None)]


def test_the_hash_of_a_case_is_that_of_its_whole_row(database: Engine) -> None:
    """Told at once or in parts, a case that says the same has the same fingerprint."""
    land(database, part("applications", _applied("A", title="t")))
    land(database, part("closings", _closed("A", 1, 9)))
    in_parts = rows_of(database, 'select row_hash from core."case"')
    _clear(database)
    land(database, landing([case_row("A", title="t", closed_at=day(9), result="granted")]))
    assert rows_of(database, 'select row_hash from core."case"') == in_parts
