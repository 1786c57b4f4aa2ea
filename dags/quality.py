"""The Great Expectations checkpoint over the warehouse, and its Data Docs."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, task

from dags.errors import retrying_only_what_may_heal
from hub.core.settings import TIME_ZONE

with DAG(
    "quality",
    description="数据质量 data quality",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 7 * * *", timezone=TIME_ZONE),
        assets=[Asset("hub://findings")],
    ),
    start_date=datetime(2012, 1, 1, tzinfo=ZoneInfo(TIME_ZONE)),
    catchup=False,
    max_active_runs=1,
    tags=["quality"],
) as dag:

    @task
    def run_checkpoint() -> str:
        from hub import pipeline

        with retrying_only_what_may_heal():
            return str(pipeline.inspect_warehouse(pipeline.open_hub())["data_docs"])

    run_checkpoint()
