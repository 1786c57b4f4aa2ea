"""The ground: packages resolve here, locks name no host, the compose file is valid, nothing speaks of elsewhere."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "hub", "catalogue", "connectors", "mappings", "quality", "warehouse", "supervision", "demo", "dags",
)  # fmt: skip


@pytest.mark.parametrize("package", PACKAGES)
def test_generic_names_resolve_inside_this_repository(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT)


def test_lock_files_are_hashed_and_name_no_host() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert {lock.stem for lock in locks} >= {
        "base",
        "dev",
        "airflow",
        "quality",
        "oracle",
        "odbc",
        "s3",
    }
    for lock in locks:
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text and "index-url" not in text


def test_compose_file_fits_the_published_schema() -> None:
    checked = subprocess.run(
        [
            sys.executable, "-m", "check_jsonschema",
            "--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml"),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_modules_stay_small() -> None:
    too_long = {
        str(path.relative_to(ROOT)): lines
        for package in (*PACKAGES, "tests")
        for path in (ROOT / package).rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
        and "migrations" not in path.parts
    }
    assert not too_long


def test_wheel_carries_the_content(tmp_path: Path) -> None:
    built = subprocess.run(
        [
            sys.executable, "-c",
            "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))",
            str(tmp_path),
        ],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    import zipfile

    names = zipfile.ZipFile(tmp_path / built.stdout.split()[-1]).namelist()
    for wanted in (
        "departments/housing/mapping.yml", "mappings/codelists/reason.csv", "hub/cli/commands.py",
        "supervision/rules/timeliness/overdue_promised.sql", "warehouse/marts/department_day.sql",
        "catalogue/bodies.yml", "dags/ingest.py",
    ):  # fmt: skip
        assert wanted in names
    assert json.dumps(names).count("__pycache__") == 0


def test_engines_know_no_department_by_name() -> None:
    """Content is not engine: a slug appears in its own folder, in the demo and in tests, nowhere else."""
    slugs = {path.parent.name for path in (ROOT / "departments").glob("*/source.yml")}
    slugs -= {"housing"}  # the one that help texts use in their examples
    engines = [package for package in PACKAGES if package != "demo"]
    knowing = [
        str(path.relative_to(ROOT))
        for package in engines
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".sql") and any(slug in path.read_text("utf-8") for slug in slugs)
    ]
    assert knowing == []
