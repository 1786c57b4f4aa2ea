"""One DAG per department folder: extract, map and gate, land, and finish (sweeps, and what was refused). A broken folder breaks its own DAG only."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, task

from dags.errors import retrying_only_what_may_heal
from hub.core.errors import SpecError
from hub.core.settings import TIME_ZONE, Settings
from hub.core.specs import DepartmentSpec, department_slugs, read_department

DEPARTMENTS = Settings.load().departments
EPOCH = datetime(2012, 1, 1, tzinfo=ZoneInfo(TIME_ZONE))
RETRIES = {"retries": 5, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": 2.0}


def ingest_dag(slug: str, spec: DepartmentSpec) -> DAG:
    """The four tasks of one department. Its pool, of one slot per agreed session, protects the source."""
    with DAG(
        f"ingest__{slug}",
        description=f"{spec.title.zh} {spec.title.en}",
        schedule=spec.schedule,
        start_date=EPOCH,
        catchup=False,
        max_active_runs=1,
        default_args=RETRIES,
        tags=["ingest", slug],
    ) as dag:

        @task(pool=slug)
        def extract() -> list[str]:
            from hub import pipeline

            with retrying_only_what_may_heal():
                return pipeline.extract(pipeline.open_hub(), slug)

        @task
        def map_and_gate(batch_ids: list[str]) -> list[str]:
            from hub import pipeline

            with retrying_only_what_may_heal():
                return pipeline.map_and_gate(pipeline.open_hub(), slug, batch_ids)

        @task(pool=slug, outlets=[Asset(f"hub://department/{slug}")])
        def land(batch_ids: list[str]) -> list[str]:
            from hub import pipeline

            with retrying_only_what_may_heal():
                certificates = pipeline.land(pipeline.open_hub(), slug, batch_ids)
            return [certificate.batch_id for certificate in certificates]

        @task(pool=slug)
        def finish() -> None:
            from hub import pipeline

            with retrying_only_what_may_heal():
                pipeline.finish(pipeline.open_hub(), slug)

        # An XComArg stands for its value until the task runs.
        land(map_and_gate(extract())) >> finish()  # type: ignore[arg-type]
    return dag


def broken_dag(slug: str, problem: SpecError) -> DAG:
    """A DAG that says what is wrong with its folder."""
    message = str(problem)
    with DAG(
        f"ingest__{slug}", schedule=None, start_date=EPOCH, tags=["ingest", slug, "broken"], doc_md=message
    ) as dag:  # fmt: skip

        @task
        def mend_the_folder() -> None:
            with retrying_only_what_may_heal():
                raise problem

        mend_the_folder()
    return dag


for _slug in department_slugs(DEPARTMENTS):
    try:
        _dag = ingest_dag(_slug, read_department(DEPARTMENTS, _slug).spec)
    except SpecError as _problem:
        _dag = broken_dag(_slug, _problem)
    globals()[_dag.dag_id] = _dag
