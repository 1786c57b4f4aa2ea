"""Headless Chromium as people's browser: what a page fetches, complains of, and how wide it is on a screen.

Spoken to over its debugging pipe (JSON, each message ended by a zero byte): no port, no driver.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip


def program() -> str | None:
    """The path of Chromium, if the machine has one."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


def missing() -> str:
    """Why there is no browser; empty if there is one."""
    return "" if program() else "Chromium is not installed (scripts/system-packages.sh installs it)"


@dataclass
class Seen:
    """What became of one page. `fetched`: every address asked for beside the page itself; `width`: of its content."""

    width: int
    height: int
    text: str
    fetched: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Browser:
    """One running browser; one page at a time."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = os.fdopen(commands, "wb", buffering=0)
        self._answers = os.fdopen(answers, "rb")
        self._number, self._events, self._rest = 0, [], b""
        target = self._say("Target.createTarget", url="about:blank")["targetId"]
        attached = self._say("Target.attachToTarget", targetId=target, flatten=True)
        self._session: str | None = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._say(f"{domain}.enable")

    def look(self, page: Path | str, width: int, picture: Path | None = None) -> Seen:
        """Open the page in a window of that width; `picture`: where to put a PNG of the whole page."""
        url = page if isinstance(page, str) else page.resolve().as_uri()
        self._events = []
        self._say(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )  # fmt: skip
        self._say("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._events.append(self._message())
        measured = json.loads(self._evaluate(
            "JSON.stringify([document.documentElement.scrollWidth, document.documentElement.scrollHeight,"
            " document.body.innerText])"
        ))  # fmt: skip
        if picture is not None:
            shot = self._say("Page.captureScreenshot", captureBeyondViewport=True, clip={
                "x": 0, "y": 0, "width": width, "height": min(measured[1], 12_000), "scale": 1,
            })  # fmt: skip
            picture.write_bytes(base64.b64decode(shot["data"]))
        return Seen(*measured, fetched=self._fetched(url), complaints=self._complaints())

    def _fetched(self, page: str) -> list[str]:
        asked = [
            event["params"]["request"]["url"]
            for event in self._events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in asked if url != page and not url.startswith("data:")]

    def _complaints(self) -> list[str]:
        said = []
        for event in self._events:
            told = event.get("params", {})
            if event["method"] == "Log.entryAdded":
                said.append(told["entry"]["text"])
            elif event["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
                said.append(json.dumps(told))
        return said

    def _evaluate(self, script: str) -> str:
        return str(self._say("Runtime.evaluate", expression=script)["result"]["value"])

    def _say(self, method: str, **params: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + b"\0")
        while (answer := self._message()).get("id") != self._number:
            self._events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._answers.fileno(), 65_536)
            if not more:
                raise RuntimeError("the browser has gone")
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a new profile, ended with the block."""
    told_read, told_write = os.pipe()
    said_read, said_write = os.pipe()
    profile = tempfile.mkdtemp(prefix="browser-")

    def as_three_and_four() -> None:
        os.dup2(told_read, 103)
        os.dup2(said_write, 104)
        os.dup2(103, 3)
        os.dup2(104, 4)

    process = subprocess.Popen(
        [str(program()), *_FLAGS, f"--user-data-dir={profile}"], preexec_fn=as_three_and_four,  # noqa: PLW1509
        close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(told_read)
    os.close(said_write)
    try:
        yield Browser(told_write, said_read)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(profile, ignore_errors=True)
