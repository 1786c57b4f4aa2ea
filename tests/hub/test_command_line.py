"""Every command says what it does, with an example, and stands in the README; errors become exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer

from hub.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]
SILENT = {
    "stop", "migrate", "pause", "resume", "marts", "rules docs", "push serve", "push token", "catalogue export",
    "catalogue publish", "findings notice", "findings export",
}  # fmt: skip
"""Commands that act or write a file, and have nothing to report."""


def commands() -> Iterator[tuple[str, click.Command]]:
    """All commands with their full names."""
    top = typer.main.get_command(app)
    for name, command in top.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            for inner, leaf in command.commands.items():
                yield f"{name} {inner}", leaf
        else:
            yield name, command


def hub(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `hub` as its users do."""
    return subprocess.run(
        [sys.executable, "-c", "from hub.cli import main; main()", *arguments],
        cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_help_with_an_example(name: str) -> None:
    help_text = dict(commands())[name].help or ""
    assert "Example:" in help_text
    assert f"hub {name}" in help_text


@pytest.mark.parametrize("name", [name for name, _ in commands() if name not in SILENT])
def test_reporting_commands_take_json(name: str) -> None:
    options = {option for p in dict(commands())[name].params for option in p.opts}
    assert "--json" in options


def test_readme_knows_the_commands() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in ("status", "run", "quarantine list", "quarantine show", "quarantine replay", "supervise",
                 "rules list", "rules test", "check", "certificate"):  # fmt: skip
        assert f"hub {name}" in readme


def test_help_imports_no_engine() -> None:
    """The reason why `hub --help` is fast: nothing heavy is imported for it."""
    probe = (
        "import sys\nfrom hub.cli.commands import app\n"
        "print([m for m in ('polars','sqlalchemy','pandera','pyarrow','airflow','great_expectations') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
    assert "quarantine" in hub("--help").stdout


def test_a_broken_folder_is_named_by_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "departments" / "lost_office"
    folder.mkdir(parents=True)
    (folder / "source.yml").write_text(
        "title: {zh: 某局, en: Office}\nbody: 36012100GT\ncolour: red\n"
    )
    shown = hub("check", "lost_office", "--json", HUB_DEPARTMENTS=str(folder.parent))
    assert shown.returncode == 2
    problems = json.loads(shown.stdout)["problems"]
    assert problems and problems[0]["file"].endswith("lost_office/source.yml")
    assert problems[0]["line"]


def test_unknown_department_is_a_configuration_error(tmp_path: Path) -> None:
    shown = hub("check", "nobody", HUB_DEPARTMENTS=str(tmp_path))
    assert shown.returncode == 2
    assert "no department 'nobody'" in shown.stdout + shown.stderr


def test_check_finds_our_own_content_sound() -> None:
    shown = hub("check")
    assert shown.returncode == 0, shown.stdout + shown.stderr
