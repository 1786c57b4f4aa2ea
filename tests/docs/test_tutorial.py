"""docs/tutorial-add-a-department.md, executed as it is written: every command, every file, every line that it shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial-add-a-department.md"
_FENCE = re.compile(r"^```(?P<info>[^\n]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_DRAWN = re.compile(r"[│┃\s]+")


@dataclass(frozen=True)
class Block:
    """One fenced block: `sh` runs, `csv file=…` is written, `csv append=…` is added, `text` must have been printed."""

    kind: str
    target: str
    body: str
    line: int


def blocks() -> Iterator[Block]:
    page = PAGE.read_text("utf-8")
    for found in _FENCE.finditer(page):
        kind, _, target = found["info"].partition(" ")
        yield Block(kind, target, found["body"], page[: found.start()].count("\n") + 1)


def plain(line: str) -> str:
    """A line without the frame of a table, every blank one blank."""
    return _DRAWN.sub(" ", line).strip()


class Reader:
    """Somebody who does what the page says, in a folder that looks like a checkout."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env, self.printed = folder, env, ""
        shutil.copytree(ROOT / "departments", folder / "departments")
        for name in ("docs", ".venv"):
            (folder / name).symlink_to(ROOT / name)

    def follow(self, block: Block) -> None:
        getattr(self, f"_{block.kind}")(block)

    def _sh(self, block: Block) -> None:
        kept = self.folder / "environment"
        script = f"set -e\n{block.body}\nexport -p > {kept}\n"
        before = f". {kept}\n" if kept.exists() else ""
        done = subprocess.run(
            ["bash", "-c", before + script], cwd=self.folder, env=self.env, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, f"{PAGE.name}:{block.line}\n{done.stdout}\n{done.stderr}"
        self.printed = done.stdout

    def _csv(self, block: Block) -> None:
        how, _, name = block.target.partition("=")
        path = self.folder / "tutorial-home" / "departments" / name
        assert path.exists(), f"{PAGE.name}:{block.line} {path}"
        path.write_text(
            block.body if how == "file" else path.read_text("utf-8") + block.body, "utf-8"
        )

    def _text(self, block: Block) -> None:
        printed = [plain(line) for line in self.printed.splitlines()]
        for line in block.body.splitlines():
            assert any(plain(line) in one for one in printed), (
                f"{PAGE.name}:{block.line}: {line}\n{self.printed}"
            )


@pytest.fixture
def reader(tmp_path: Path, database_url: str) -> Reader:
    """Warehouse: the test's own database, so that nothing is left when a step fails."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    env |= {"HUB_WAREHOUSE_URL": database_url}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # a dozen commands would each compile everything anew
    folder = tmp_path / "checkout"
    folder.mkdir()
    return Reader(folder, env)


def test_the_tutorial_does_what_it_says(reader: Reader, ask: Any) -> None:
    steps = list(blocks())
    assert {block.kind for block in steps} == {"sh", "csv", "text"}
    for block in steps:
        reader.follow(block)
    assert ask("select count(*) from core.\"case\" where department = 'social_relief'") == [(292,)]
    assert ask("select count(*) from ops.quarantine where state = 'open'") == [(7,)]


@pytest.fixture
def ask(database_url: str) -> Any:
    """Rows of a query on the test's warehouse."""
    from warehouse.access import connect

    engine = connect(database_url)

    def rows(query: str) -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    yield rows
    engine.dispose()
