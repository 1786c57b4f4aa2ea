"""Servers of tests: free ports, and processes that end with the test run."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on, low enough that a derived one (+10000) would still be a port.

    From a random one on: workers that start servers at the same time must not meet.
    """
    sockets: list[socket.socket] = []
    for port in range(21000 + secrets.randbelow(11000), 50000):
        candidate = socket.socket()
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            candidate.close()
            continue
        sockets.append(candidate)
        if len(sockets) == count:
            break
    ports = [int(candidate.getsockname()[1]) for candidate in sockets]
    for candidate in sockets:
        candidate.close()
    return ports


def listens(port: int) -> bool:
    """Whether somebody takes connections on that port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: list[str], folder: Path, answers: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process once `answers`; killed at the end, since nothing of it needs to survive."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            said = log.read_text("utf-8", "replace")[-2000:]
            assert process.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is room, else on disk; removed at the end."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(
        prefix="hub-service-", dir=where, ignore_cleanup_errors=True
    ) as name:
        Path(name).chmod(0o755)
        yield Path(name)
