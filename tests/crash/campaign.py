"""One source, one warehouse, and runs that are killed again and again while the source changes."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.core.batches import CHUNK_ROWS
from hub.core.privacy import Keys
from hub.core.settings import Settings
from hub.pipeline import Hub
from tests.crash import proof, sources
from tests.crash.forking import Ended, Forker
from tests.crash.sources import DEPARTMENT, Exchange, Files, Keyset, Push, Source
from warehouse.access import create_database, create_engine_without_pool
from warehouse.objects import FolderStore
from warehouse.sealing import Seal

KINDS = ("files", "exchange", "database", "push")
AT_RANDOM = "at random"
PATH = (
    "mid_raw_put", "after_raw_put", "after_extract", "after_map", "before_landing", "mid_copy", "after_staging",
    "after_merge", "before_commit", "after_commit", "before_acknowledge", "after_acknowledge",
)  # fmt: skip
"""The points that every run passes; `mid_copy` is the forking server's own."""
SENDING = ("push_before_accept", "push_after_accept")
PAUSE = 0.05
"""Seconds between two changes at the source while a run is at work."""


class Campaign:
    """Kills until `target`, then an undisturbed run to the end, then the verdict."""

    def __init__(self, kind: str, folder: Path, server: Settings, base: str, seed: int) -> None:
        self.kind, self.folder, self.base = kind, folder, base
        self.rng = random.Random(f"{kind} {seed}")
        self.kills: Counter[str] = Counter()
        self.runs = self.completed = 0
        self.unexpected: list[str] = []
        self.seconds = 0.5
        (folder / "source").mkdir(parents=True)
        self.source = self._open_source(folder / "source", server, seed)
        self.source.declare(folder / "departments")
        self.url = create_database(base, f"crash_{kind}", "crash_template")
        self.forker, self.sender = Forker(folder), None

    def _open_source(self, folder: Path, server: Settings, seed: int) -> Source:
        if self.kind in ("exchange", "database"):
            made = {"exchange": Exchange, "database": Keyset}[self.kind]
            return made(folder, seed, server)
        source = Files(folder, seed) if self.kind == "files" else Push(folder, seed)
        if isinstance(source, Push):
            source.send = self._send
        return source

    def close(self) -> None:
        """End the forking servers."""
        for forker in (self.forker, self.sender):
            if forker is not None:
                forker.close()

    def environment(self, url: str, home: str) -> dict[str, str]:
        """What a child's environment is to hold."""
        return {
            "HUB_HOME": str(self.folder / home), "HUB_OBJECTS": str(self.folder / home / "objects"),
            "HUB_WAREHOUSE_URL": url, "HUB_DEPARTMENTS": str(self.folder / "departments"),
            "HUB_RAW_ENCRYPTION": "on" if self.kind == "push" else "off",
            f"HUB_CONNECTION_{sources.CONNECTION}": self.source.url,
        }  # fmt: skip

    def disturb(self, target: int, deadline: float) -> None:
        """Runs with kills, until there are so many or the time is over."""
        plan = self._plan()
        for _ in range(3):  # a whole run, for the instants to be drawn from its length
            self.source.say()
        self.settle()
        while sum(self.kills.values()) < target and time.monotonic() < deadline:
            self.source.say()
            self._one_run(next(plan))

    def settle(self) -> None:
        """Run without a disturbance until a run has read everything."""
        ended = None
        while ended is None or ended.code != 0:
            ended = self._run({}, "home", self.url)
            self._judge(ended)

    def verdict(self) -> proof.Verdict:
        """The warehouse against the truth, and against a fresh one that one undisturbed run filled."""
        url = create_database(self.base, f"crash_{self.kind}_undisturbed", "crash_template")
        self.source.forget_reading()
        ended = self._run({}, "undisturbed", url)
        assert ended.code == 0, ended.said
        engines = [create_engine_without_pool(each) for each in (self.url, url)]
        keys = Keys.load(self.folder / "home")
        store = FolderStore(self.folder / "home" / "objects", Seal(key=keys.raw))
        settings = Settings(self.folder / "home", self.url, "", self.folder / "departments")
        hub = Hub(settings, engines[0], store, keys)
        return proof.verdict(hub, self.source.truth.last, engines[1])

    def _plan(self) -> Iterator[str]:
        """Every point in turn, in the first to third batch; each second kill comes at a random instant."""
        own = (*PATH, "push_before_put_away") if self.kind == "push" else PATH
        while True:
            for point in self.rng.sample(own, len(own)):
                yield f"{point}:{self.rng.randint(1, 3)}"
                yield AT_RANDOM

    def _one_run(self, where: str) -> None:
        disturbance = {} if where == AT_RANDOM else {"HUB_CRASH_AT": where}
        with self._writing():
            if where == AT_RANDOM:
                ended = self._run({}, "home", self.url, after=self.rng.uniform(0, self.seconds))
            else:
                ended = self._run(disturbance, "home", self.url)
        if ended.killed:
            self.kills[where.partition(":")[0]] += 1
        else:
            self._judge(ended)

    def _judge(self, ended: Ended) -> None:
        if ended.code == 0:
            self.completed += 1
        elif ended.code != 3:
            self.unexpected.append(ended.said)
            assert len(self.unexpected) < 5, "\n".join(self.unexpected)

    def _run(self, more: dict[str, str], home: str, url: str, after: float | None = None) -> Ended:
        self.runs += 1
        started = time.monotonic()
        job: dict[str, Any] = {"call": "run", "department": DEPARTMENT}
        if home != "home":
            job["chunk"] = CHUNK_ROWS
        self.forker.start(job | {"env": self.environment(url, home) | more})
        ended = self.forker.wait(after)
        if ended is None:
            self.forker.kill()
            ended = self.forker.wait()
        assert ended is not None
        if ended.code == 0 and home == "home":
            self.seconds = time.monotonic() - started
        return ended

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The source changes while the block runs."""
        over = threading.Event()

        def write() -> None:
            for _ in range(3):
                if not over.wait(PAUSE):
                    self.source.say()

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _send(self, key: str, rows: list[dict[str, str]]) -> None:
        """Push, and push again under the same key when the sender was killed: it cannot know how far it came."""
        self.sender = self.sender or Forker(self.folder / "source")
        job: dict[str, Any] = {"call": "push", "department": DEPARTMENT, "key": key, "rows": rows}
        crash = {"HUB_CRASH_AT": self.rng.choice(SENDING)} if self.rng.random() < 0.1 else {}
        while True:
            self.sender.start(job | {"env": self.environment(self.url, "home") | crash})
            ended = self.sender.wait()
            assert ended is not None
            if ended.code == 0:
                return
            assert ended.killed, ended.said
            self.kills[crash["HUB_CRASH_AT"]] += 1
            crash = {}
