"""Quality checkpoints: one DAG per department, woken by its landing, and one a day for the whole warehouse.

The event only wakes a department's checkpoint; whether something has landed since the last one, the ledger says. An
event that was lost is made up for by the daily checkpoint.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, CronTriggerTimetable, task

from dags.errors import retrying_only_what_may_heal
from hub.core.settings import TIME_ZONE, Settings
from hub.core.specs import department_slugs

EPOCH = datetime(2012, 1, 1, tzinfo=ZoneInfo(TIME_ZONE))


def department_dag(slug: str) -> DAG:
    """The checkpoint of one department: its rows, judged by its thresholds."""
    with DAG(
        f"quality__{slug}",
        description="部门数据质量 a department's data quality",
        schedule=[Asset(f"hub://department/{slug}")],
        start_date=EPOCH,
        catchup=False,
        max_active_runs=1,
        tags=["quality", slug],
    ) as dag:

        @task
        def run_checkpoint() -> str | None:
            from hub import pipeline
            from hub.pipeline import quality

            with retrying_only_what_may_heal():
                found = quality.inspect_landed(pipeline.open_hub(), slug)
            return str(found["run_id"]) if found else None

        run_checkpoint()
    return dag


with DAG(
    "quality",
    description="数据质量 data quality",
    schedule=CronTriggerTimetable("0 7 * * *", timezone=TIME_ZONE),
    start_date=EPOCH,
    catchup=False,
    max_active_runs=1,
    tags=["quality"],
) as dag:

    @task
    def run_checkpoint() -> str:
        from hub import pipeline
        from hub.pipeline import quality

        with retrying_only_what_may_heal():
            return str(quality.inspect(pipeline.open_hub())["run_id"])

    run_checkpoint()

for _slug in department_slugs(Settings.load().departments):
    globals()[f"quality__{_slug}"] = department_dag(_slug)
