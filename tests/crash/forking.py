"""A warm parent that has imported everything and opened nothing; each job runs in a child that it forks.

Reads jobs as lines of JSON: `env` (what the child's environment is to hold), `call` (run or push) and what that needs.
Answers each with two lines: the child's process id at once, and how it ended. An import of everything costs seconds,
a fork milliseconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 20
"""Rows per batch in the children, so that a run has several batches; a job may say otherwise."""
CHUNK_CONSTANTS = (
    "connectors.pace", "connectors.files.slices", "connectors.inbox.bodies",
    "connectors.inbox.json_rows",
)  # fmt: skip
FAILED = 70


@dataclass(frozen=True)
class Ended:
    """How a child ended: exit code (negative: the signal that killed it), and the error that it met."""

    code: int
    said: str

    @property
    def killed(self) -> bool:
        return self.code < 0


class Forker:
    """The driver's side. One job at a time; `start`, then maybe `kill`, then `wait`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forking", str(folder / "child.log")], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.pid = 0
        self._over = threading.Event()
        self._ended = Ended(0, "")

    def start(self, job: dict[str, Any]) -> None:
        """Fork a child for the job."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        self.pid = int(self._line()["pid"])
        self._over.clear()
        threading.Thread(target=self._await, daemon=True).start()

    def wait(self, seconds: float | None = None) -> Ended | None:
        """How the child ended, or None if it has not after so many seconds."""
        return self._ended if self._over.wait(seconds) else None

    def kill(self) -> None:
        """Kill the child, unless it has ended."""
        self.process.poll()
        if not self._over.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the parent."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _await(self) -> None:
        ended = self._line()
        self._ended = Ended(ended["code"], ended["said"])
        self._over.set()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the forking server ended"
        found: dict[str, Any] = json.loads(line)
        return found


def _warm() -> None:
    """Import what a run needs; in particular nothing that starts threads, which a fork would not copy."""
    from importlib import import_module

    for name in (
        "adbc_driver_postgresql.dbapi", "connectors.database.reading", "connectors.exchange.reading",
        "connectors.files.connector", "connectors.files.text", "connectors.inbox.drop", "connectors.inbox.spool",
        "connectors.inbox.waiting", "connectors.sql.postgres", "hub.pipeline", "hub.push.receiving", "psycopg",
        "warehouse.landing",
    ):  # fmt: skip
        import_module(name)
    _make_copy_a_point()


def _make_copy_a_point() -> None:
    """`mid_copy`: between two parts of a COPY, a point that our own code does not see."""
    import psycopg

    from hub.core.crash import crash_point

    write = psycopg.Copy.write

    def writing(self: Any, buffer: Any) -> None:
        write(self, buffer)
        crash_point("mid_copy")

    psycopg.Copy.write = writing  # type: ignore[method-assign]


def _child(job: dict[str, Any], log: str) -> int:
    from hub.core.errors import HubError

    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.environ.update(job["env"])
    for name in CHUNK_CONSTANTS:
        sys.modules[name].CHUNK_ROWS = job.get("chunk", CHUNK)  # type: ignore[attr-defined]
    try:
        {"run": _run, "push": _push}[job["call"]](job)
    except HubError as error:
        os.write(2, f"{type(error).__name__}: {error}".encode())
        return error.exit_code
    except BaseException:
        os.write(2, traceback.format_exc().encode())
        return FAILED
    return 0


def _run(job: dict[str, Any]) -> None:
    from hub import pipeline

    hub = pipeline.open_hub()
    pipeline.run(hub, job["department"])
    pipeline.raise_refusals(hub, job["department"])


def _push(job: dict[str, Any]) -> None:
    import connectors
    from connectors.inbox import InboxConnector
    from hub.core.settings import Settings
    from hub.core.specs import read_department
    from tests.connectors.inbox.sending import push

    settings = Settings.load()
    department = read_department(settings.departments, job["department"])
    connector = connectors.open(department, settings.connection_url(department.spec.connection))
    assert isinstance(connector, InboxConnector)
    push(connector.spool("cases"), job["rows"], key=job["key"])


def main(log: str) -> None:
    _warm()
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os._exit(_child(job, log))
        print(json.dumps({"pid": pid}), flush=True)  # noqa: T201
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said = Path(log).read_text("utf-8", "replace")[-3000:] if code > 0 else ""
        print(json.dumps({"code": code, "said": said}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
