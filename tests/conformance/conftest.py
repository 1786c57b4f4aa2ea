"""Servers for the sources of the conformance kit, and one line of JSON at the end of the run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conformance.killing import Runs
from tests.conftest import Server

for _module in ("types", "reading", "failures", "keys"):
    pytest.register_assert_rewrite(f"tests.conformance.checks_{_module}")

_counts: Counter[str] = Counter()
_connectors: set[str] = set()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*capabilities): a check of the conformance kit")


@pytest.fixture(scope="session")
def locked_server(pg_server: Server) -> Iterator[Server]:
    """The worker's PostgreSQL with a role, locked_reader, that must give a password."""
    url = pg_server.url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        (found,) = connection.execute("SHOW hba_file").fetchone() or ("",)
        rules = Path(found)
        before = rules.read_text()
        connection.execute("CREATE ROLE locked_reader LOGIN PASSWORD 'right'")
        rules.write_text("local all locked_reader scram-sha-256\n" + before)
        connection.execute("SELECT pg_reload_conf()")
        _wait_until_locked(url.replace("//postgres@", "//locked_reader@"))
        yield pg_server
        rules.write_text(before)
        connection.execute("DROP ROLE locked_reader")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def killed_runs() -> Iterator[Runs]:
    """One process per worker that forks the runs which are to be killed."""
    runs = Runs()
    yield runs
    runs.close()


def _wait_until_locked(url: str) -> None:
    for _ in range(2000):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return
    raise AssertionError("the server does not read its rules")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    ours = report.nodeid.startswith("tests/conformance/")
    if ours and (report.when == "call" or report.outcome != "passed"):
        _counts[report.outcome] += 1
        where = report.nodeid.split("::")
        if len(where) == 3 and report.outcome != "skipped":
            _connectors.add("::".join(where[:2]))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _counts["failed"] += 1


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of `make conformance`: what was run, on how many connectors."""
    if hasattr(config, "workerinput") or not _counts:
        return
    line: dict[str, Any] = {
        "connectors": len(_connectors), "checks": _counts["passed"] + _counts["failed"],
        "failed": _counts["failed"], "skipped": _counts["skipped"],
    }  # fmt: skip
    print(json.dumps(line))  # noqa: T201
