"""What commits late is missed by a plain cursor, not with a lag, and found by a sweep where the lag is too short."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.conformance.late_commits import LONGEST, WRITERS, schedule, simulate
from tests.conftest import Server


def test_fifty_writers_with_transactions_of_up_to_a_minute(
    pg_server: Server, tmp_path: Path
) -> None:
    url = pg_server.create("late_commits").replace("+psycopg", "")
    counted = simulate(url, tmp_path)
    pg_server.drop("late_commits")
    assert counted.late_writers == 50 and counted.rows > 300
    assert counted.missed_by_plain_cursor > counted.missed_by_short_lag > 0
    assert counted.missed == 0
    assert counted.missed_after_sweep == 0


def test_the_schedule_is_one_of_overlapping_transactions() -> None:
    events = schedule(seed=2012)
    inserted = {event.ident: event for event in events if event.what == "insert"}
    committed = {event.ident: event for event in events if event.what == "commit"}
    late_by = [committed[ident].at - inserted[ident].at for ident in inserted]
    assert set(inserted) == set(committed)
    assert min(late_by) >= 0 and LONGEST / 2 < max(late_by) <= LONGEST
    assert len({event.writer for event in events}) == WRITERS
    open_now: Counter[str] = Counter()
    most = 0
    for event in events:
        open_now[event.what] += 1
        most = max(most, open_now["insert"] - open_now["commit"])
    assert most > WRITERS / 3
