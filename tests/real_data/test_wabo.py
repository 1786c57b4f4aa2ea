"""A real permit log goes the whole way: what stands in the warehouse is what stands in the file, read by other code."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hub import pipeline
from hub.core.batches import Certificate
from hub.core.settings import CONTENT_ROOT, Settings
from hub.pipeline import Hub
from warehouse import ledger

LOG = CONTENT_ROOT.parent / "shared" / "data" / "wabo_permits"
SLUG = "wabo_permits"
HERE = "at time zone 'Europe/Amsterdam'"

pytestmark = pytest.mark.skipif(
    not (LOG / "receipt.csv").exists(), reason=f"the permit log is not at {LOG}"
)


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    """The log as Python's own csv module reads it."""
    with (LOG / "receipt.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@dataclass
class Loaded:
    """An installation after one run of the department, and the certificates of that run."""

    hub: Hub
    certificates: list[Certificate]

    def rows(self, query: str) -> list[Any]:
        with self.hub.engine.connect() as connection:
            return list(connection.execute(text(query)))

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]


@pytest.fixture(scope="module")
def loaded(
    pg_server: Any, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loaded]:
    """The department of these tests, run once in a warehouse of its own."""
    home = tmp_path_factory.mktemp("wabo")
    url = pg_server.create("wabo", database_template)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_CONNECTION_WABO_PERMITS_FILES", LOG.as_uri())
        departments = Path(__file__).parent / "department"
        hub = pipeline.open_hub(Settings(home, url, str(home / "objects"), departments))
        try:
            yield Loaded(hub, list(pipeline.run(hub, SLUG)))
        finally:
            hub.engine.dispose()
            pg_server.drop("wabo")


def test_every_line_has_a_fate_and_none_is_quarantined(
    loaded: Loaded, lines: list[dict[str, str]]
) -> None:
    cases = len({line["case:concept:name"] for line in lines})
    assert (len(lines), cases) == (8_577, 1_434)
    assert loaded.rows("select reason, count(*) from ops.quarantine group by 1") == []
    fates: dict[str, Counter[str]] = defaultdict(Counter)
    for one in loaded.certificates:
        assert one.checksum_read == one.checksum_landed
        assert (
            one.read == one.landed + one.unchanged + one.superseded + one.quarantined + one.rejected
        )
        fates[one.dataset].update(
            read=one.read, landed=one.landed, again=one.unchanged + one.superseded
        )
    assert fates == {
        "cases": {"read": len(lines), "landed": cases, "again": len(lines) - cases},
        "steps": {"read": len(lines), "landed": len(lines), "again": 0},
    }


def test_counts_match_the_log(loaded: Loaded, lines: list[dict[str, str]]) -> None:
    assert loaded.value("select count(*) from core.event") == len(lines) == 8_577
    assert loaded.value('select count(*) from core."case"') == 1_434
    steps = {line["concept:name"] for line in lines}
    assert {row[0] for row in loaded.rows("select distinct step_name from core.event")} == steps
    assert loaded.value("select count(distinct step_code) from core.event") == len(steps) == 27
    ends = {line["case:concept:name"]: line["case:enddate"] for line in lines}
    still_open = sum(1 for end in ends.values() if not end)
    assert loaded.value('select count(*) from core."case" where closed_at is null') == still_open
    assert still_open == 105
    assert loaded.value('select count(*) from core."case" where promised_at is null') == 0


def test_step_sequences_match_the_log(loaded: Loaded, lines: list[dict[str, str]]) -> None:
    found = loaded.rows(
        """
        select steps, count(*) from (
            select array_agg(step_name order by started_at) as steps from core.event group by case_id
        ) as flow group by steps
        """
    )
    ways: dict[str, list[str]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: datetime.fromisoformat(line["time:timestamp"])):
        ways[line["case:concept:name"]].append(line["concept:name"])
    expected = Counter(map(tuple, ways.values()))
    assert {tuple(steps): cases for steps, cases in found} == expected
    assert [count for _, count in expected.most_common(2)] == [713, 123]
    assert expected[("Confirmation of receipt",)] == 116
    assert sum(1 for way in ways.values() if len(way) == 1) == 116


def test_every_time_is_the_instant_of_the_file(loaded: Loaded, lines: list[dict[str, str]]) -> None:
    """The log changes between +01:00 and +02:00; an instant does not."""
    instants = {
        (line["case:concept:name"], line["concept:instance"]): datetime.fromisoformat(
            line["time:timestamp"]
        )
        for line in lines
    }
    landed = loaded.rows("select record_key, started_at from core.event where dataset = 'steps'")
    assert {tuple(key.split("|")): at for key, at in landed} == instants
    dates = {
        "applied_at": "case:startdate",
        "promised_at": "case:deadline",
        "closed_at": "case:enddate",
    }
    for column, field in dates.items():
        given = {
            line["case:concept:name"]: datetime.fromisoformat(line[field]) if line[field] else None
            for line in lines
        }
        cases = loaded.rows(f'select source_case_no, {column} from core."case"')  # noqa: S608
        assert {row[0]: row[1] for row in cases} == given


def test_deadlines_are_judged_by_local_date(loaded: Loaded, lines: list[dict[str, str]]) -> None:
    """By the clock 68 cases more would be late: they ended on the last day itself."""
    ended = {
        line["case:concept:name"]: (
            datetime.fromisoformat(line["case:enddate"]), datetime.fromisoformat(line["case:deadline"])
        )
        for line in lines
        if line["case:enddate"]
    }  # fmt: skip
    by_date = sum(1 for end, due in ended.values() if end.date() > due.date())
    by_clock = sum(1 for end, due in ended.values() if end > due)
    assert (by_date, by_clock) == (309, 377)
    late = f"(closed_at {HERE})::date > (promised_at {HERE})::date"
    assert loaded.value(f'select count(*) from core."case" where {late}') == by_date  # noqa: S608
    clock = 'select count(*) from core."case" where closed_at > promised_at'
    assert loaded.value(clock) == by_clock


def test_a_second_run_reads_nothing_again(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_CONNECTION_WABO_PERMITS_FILES", LOG.as_uri())
    assert list(pipeline.run(loaded.hub, SLUG)) == []
    with loaded.hub.engine.connect() as connection:
        assert ledger.read_cursor(connection, SLUG, "steps") is not None
