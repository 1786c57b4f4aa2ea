"""The scores of the month that has ended, on the second day of the next: what happened on its last day has landed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronTriggerTimetable, Param, task

from dags.errors import retrying_only_what_may_heal
from hub.core.settings import TIME_ZONE

with DAG(
    "scores",
    description="月度考评 monthly scores",
    schedule=CronTriggerTimetable("0 8 2 * *", timezone=TIME_ZONE),
    start_date=datetime(2012, 1, 1, tzinfo=ZoneInfo(TIME_ZONE)),
    catchup=False,
    max_active_runs=1,
    params={
        "month": Param(
            None, type=["null", "string"], description="such as 2012-11; the last month"
        ),
    },
    tags=["supervision"],
) as dag:

    @task
    def compute_scores(params: dict[str, Any] | None = None) -> int:
        from hub import pipeline
        from hub.pipeline import findings

        asked = (params or {}).get("month")
        today = datetime.now(ZoneInfo(TIME_ZONE)).date()
        month = date.fromisoformat(f"{asked}-01") if asked else last_month(today)
        with retrying_only_what_may_heal():
            return len(findings.month_scores(pipeline.open_hub(), month))

    compute_scores()


def last_month(today: date) -> date:
    """The first day of the month before."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
