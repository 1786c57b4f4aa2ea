"""A real server process, as `hub push serve` starts it, and clients that go on until they have their receipts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Process:
    """The server, which may be killed and started again under the same address."""

    log: Path
    port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None
    up: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *options: str, **env: str) -> None:
        """Start, and wait until it answers."""
        program = "from hub.cli import main; main()"
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-c", program, "push", "serve", "--port", str(self.port),
                 "--rate", "1000000", *options],
                cwd=ROOT, env=os.environ | env, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                self.running.wait(0.1)
                raise AssertionError(self.log.read_text())
            except subprocess.TimeoutExpired:
                pass
            try:
                httpx.get(f"{self.url}/health", timeout=5)
                self.up.set()
                return
            except httpx.TransportError:
                continue
        raise AssertionError("the server did not come up")

    def kill(self) -> None:
        """SIGKILL, at this instant."""
        assert self.running is not None
        self.up.clear()
        self.running.send_signal(signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        assert self.running is not None
        return self.running.wait(PATIENCE)


@contextmanager
def server(log: Path) -> Iterator[Process]:
    """A server that is not started yet; it ends with the block."""
    process = Process(log)
    try:
        yield process
    finally:
        if process.running is not None and process.running.poll() is None:
            process.kill()


class Sender(threading.Thread):
    """Pushes its rows one push after the other, each until it has a receipt, with one key for all attempts."""

    def __init__(
        self, process: Process, token: str, name: str, pushes: int, progress: threading.Condition
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.process, self.token, self.pushes = process, token, pushes
        self.progress = progress
        self.receipts: dict[str, str] = {}
        self.refused: list[str] = []

    def run(self) -> None:
        with httpx.Client(timeout=20, headers={"Authorization": f"Bearer {self.token}"}) as client:
            for number in range(self.pushes):
                no = f"{self.name}-{number}"
                receipt = self._push(client, no)
                with self.progress:
                    self.receipts[no] = receipt
                    self.progress.notify_all()

    def _push(self, client: httpx.Client, no: str) -> str:
        rows = [{"no": f"{no}-{part}", "name": "甲" * 50} for part in range(3)]
        while True:
            try:
                answer = client.post(
                    f"{self.process.url}/push/trade/cases",
                    json=rows,
                    headers={"Idempotency-Key": no},
                )
            except httpx.TransportError:
                self.process.up.wait(
                    PATIENCE
                )  # it was killed: nobody knows whether it took the push
                continue
            if answer.status_code != 202:
                self.refused.append(answer.text)
            return str(answer.json().get("receipt"))
