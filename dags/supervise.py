"""Supervision: woken by any department's landing, and once a day in any case, because the clock ticks without data.

The event only wakes it. What changed is pulled from the ledger, so a lost or doubled event changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, AssetAny, AssetOrTimeSchedule, CronTriggerTimetable, Param, task

from dags.errors import retrying_only_what_may_heal
from hub.core.settings import TIME_ZONE, Settings
from hub.core.specs import department_slugs

LANDED = [
    Asset(f"hub://department/{slug}") for slug in department_slugs(Settings.load().departments)
]

with DAG(
    "supervise",
    description="监察规则 supervision rules",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("30 6 * * *", timezone=TIME_ZONE), assets=AssetAny(*LANDED)
    ),
    start_date=datetime(2012, 1, 1, tzinfo=ZoneInfo(TIME_ZONE)),
    catchup=False,
    max_active_runs=1,
    params={
        "as_of": Param(
            None, type=["null", "string"], description="local time, such as 2012-12-31T23:59:59"
        ),
        "full": Param(
            False, type="boolean", description="evaluate every case, not only what changed"
        ),
    },
    tags=["supervision"],
) as dag:

    @task(outlets=[Asset("hub://findings")])
    def evaluate_rules(params: dict[str, Any] | None = None) -> str:
        from hub import pipeline

        asked = params or {}
        as_of = datetime.fromisoformat(asked["as_of"]) if asked.get("as_of") else None
        with retrying_only_what_may_heal():
            run = pipeline.supervise(pipeline.open_hub(), as_of, bool(asked.get("full")))
        return run.run_id

    evaluate_rules()
