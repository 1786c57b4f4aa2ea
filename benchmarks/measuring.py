"""One measurement, in a process of its own: its time as it says itself, its memory as seen from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Measured:
    """Rows moved, seconds taken, highest resident memory (MB) of the process and its children; servers not counted."""

    rows: int
    seconds: float
    peak_mb: float
    said: dict[str, Any]

    @property
    def rate(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds


def tell(rows: int, seconds: float, **more: Any) -> None:
    """What a contender says at its end."""
    sys.stdout.write(json.dumps({"rows": rows, "seconds": seconds, **more}) + "\n")


def measure(contender: str, folder: Path, *arguments: str) -> Measured:
    """Run `python -m benchmarks.<contender> <folder> <arguments>`; its last line is JSON with rows and seconds.

    Raises RuntimeError with the end of what it said when it fails.
    """
    command = [sys.executable, "-m", f"benchmarks.{contender}", str(folder), *arguments]
    output = folder / f"{contender}.out"
    environment = os.environ | {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    with output.open("w") as handle:
        process = subprocess.Popen(
            command, stdout=handle, stderr=subprocess.STDOUT, env=environment
        )
        peak = _peak_while_running(process)
    lines = output.read_text("utf-8", "replace").strip().splitlines()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n" + "\n".join(lines[-20:]))
    said = json.loads(lines[-1])
    return Measured(said["rows"], said["seconds"], peak, said)


def _peak_while_running(process: subprocess.Popen[bytes]) -> float:
    """The highest sum of resident memory until the process ends, in MB."""
    peak, done, root = 0.0, threading.Event(), psutil.Process(process.pid)

    def watch() -> None:
        nonlocal peak
        while not done.wait(_EVERY):
            peak = max(peak, _resident(root))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        process.wait()
    finally:
        done.set()
        watcher.join()
    return peak


def _resident(root: psutil.Process) -> float:
    total = 0
    try:
        for process in (root, *root.children(recursive=True)):
            if process.name() != "postgres":
                total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it has just ended
    return total / 1e6
