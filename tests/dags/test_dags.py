"""The DAG files under the real Airflow, in a process of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import json, time
import airflow.sdk
from airflow.providers.standard.operators import python
started = time.perf_counter()
from dags import ingest, supervise, quality, scores
seconds = time.perf_counter() - started
import sys
heavy = [m for m in ("polars", "pandera", "great_expectations", "pyarrow") if m in sys.modules]
dags = {k: d for k, d in vars(ingest).items() if k.startswith("ingest__")}
dags |= {k: d for k, d in vars(quality).items() if k.startswith("quality__")}
dags |= {"supervise": supervise.dag, "quality": quality.dag, "scores": scores.dag}
print("\\n" + json.dumps({
    "seconds": seconds, "heavy": heavy,
    "dags": {k: [t.task_id for t in d.topological_sort()] for k, d in dags.items()},
    "pools": {k: sorted({t.pool for t in d.tasks}) for k, d in dags.items()},
    "outlets": {k: sorted(a.uri for t in d.tasks for a in t.outlets) for k, d in dags.items()},
    "docs": {k: d.doc_md for k, d in dags.items()},
    "woken_by": {
        k: sorted(a.uri for a in d.timetable.asset_condition.objects)
        for k, d in dags.items() if k.startswith("quality__")
    },
}))
"""


def load_dags(home: Path, departments: Path) -> dict[str, Any]:
    """Import all DAG files in a fresh interpreter and describe them."""
    env = os.environ | {
        "HUB_HOME": str(home), "AIRFLOW_HOME": str(home / "airflow"), "HUB_DEPARTMENTS": str(departments),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    shown = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=home,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr[-3000:]
    described: dict[str, Any] = json.loads(shown.stdout.strip().splitlines()[-1])
    return described


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All DAGs, with one department folder broken and another intact."""
    home = tmp_path_factory.mktemp("dags")
    departments = home / "departments"
    shutil.copytree(ROOT / "departments", departments)
    broken = departments / "housing" / "source.yml"
    broken.write_text(broken.read_text("utf-8") + "\nnonsense: true\n", "utf-8")
    return load_dags(home, departments)


def test_one_dag_per_department_folder(described: dict[str, Any]) -> None:
    folders = {path.parent.name for path in (ROOT / "departments").glob("*/source.yml")}
    by_department = {f"{kind}__{slug}" for kind in ("ingest", "quality") for slug in folders}
    assert set(described["dags"]) == by_department | {"supervise", "quality", "scores"}
    for slug in folders:
        assert described["dags"][f"quality__{slug}"] == ["run_checkpoint"]
        assert described["woken_by"][f"quality__{slug}"] == [f"hub://department/{slug}"]


def test_a_broken_folder_breaks_only_its_own_dag(described: dict[str, Any]) -> None:
    assert described["dags"]["ingest__housing"] == ["mend_the_folder"]
    assert "housing/source.yml" in described["docs"]["ingest__housing"]
    whole = [k for k in described["dags"] if k.startswith("ingest__") and k != "ingest__housing"]
    assert len(whole) >= 4
    for dag in whole:
        assert described["dags"][dag] == ["extract", "map_and_gate", "land", "finish"]


def test_one_pool_per_source_and_an_asset_per_landing(described: dict[str, Any]) -> None:
    assert described["pools"]["ingest__civil_affairs"] == ["civil_affairs", "default_pool"]
    assert described["outlets"]["ingest__civil_affairs"] == ["hub://department/civil_affairs"]
    assert described["outlets"]["supervise"] == ["hub://findings/"]


def test_dag_files_import_nothing_heavy(described: dict[str, Any]) -> None:
    """Light parsing is what keeps the import of all DAG files under two seconds beyond Airflow's own."""
    assert described["heavy"] == []


RETRY_PROBE = """
from airflow.sdk.exceptions import AirflowFailException
from dags.errors import retrying_only_what_may_heal
from hub.core.errors import GateStopped, LandingError, SourceRefused, SourceUnavailable, SpecError

def outcome(error):
    try:
        with retrying_only_what_may_heal():
            raise error
    except AirflowFailException:
        return "fails"
    except Exception:
        return "retries"

print("\\n" + " ".join(outcome(e) for e in (
    SourceUnavailable("x"), OSError("x"), SpecError("x", file="f"), SourceRefused("x"), GateStopped("x"), LandingError("x"),
)))
"""


def test_only_what_may_heal_is_retried(tmp_path: Path) -> None:
    env = os.environ | {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    shown = subprocess.run(
        [sys.executable, "-c", RETRY_PROBE], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert shown.stdout.split("\n")[-2].split() == ["retries"] * 2 + ["fails"] * 4
