"""What `hub doctor` looks at in a spool."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

from connectors.diagnosis import Diagnosis
from connectors.inbox import receipts, tokens
from connectors.inbox.spool import Spool
from hub.core.errors import SpecError
from hub.core.settings import Settings

LEAST_FREE = 2**30
"""Bytes: below this, an administrator should know."""


def diagnose(spool: Spool) -> Iterator[Diagnosis]:
    """reachable (the spool can be written), room, waiting. Writes nothing but the spool's own empty folders."""
    dataset = spool.dataset
    try:
        spool.prepare()
        with spool.upload() as upload:
            upload.write(b"doctor")
            upload.sync()
        free = shutil.disk_usage(spool.folder).free
        waiting = spool.waiting()
    except OSError as failure:
        yield Diagnosis(
            "reachable", "failed", f"{spool.folder} cannot be written ({failure.strerror})",
            "it must be a folder of the hub's user on a disk with room", dataset,
        )  # fmt: skip
        return
    yield Diagnosis("reachable", "ok", f"{spool.folder} can be written", dataset=dataset)
    enough = free >= max(LEAST_FREE, spool.settings.max_bytes)
    yield Diagnosis(
        "room", "ok" if enough else "warning", f"{free >> 20:,} MiB free",
        "" if enough else "make room: a push that finds none is answered 507", dataset,
    )  # fmt: skip
    yield _closed_to_others(spool)
    yield _token(spool)
    yield _waiting(spool, [path.stem for path in waiting])


def _closed_to_others(spool: Spool) -> Diagnosis:
    mode = spool.folder.stat().st_mode & 0o077
    owner = spool.folder.stat().st_uid == os.geteuid()
    if not mode and owner:
        return Diagnosis("privacy", "ok", "closed to other users", dataset=spool.dataset)
    return Diagnosis(
        "privacy", "warning", f"{spool.folder} is open to other users",
        "chmod 700: payloads hold identity data in clear", spool.dataset,
    )  # fmt: skip


def _token(spool: Spool) -> Diagnosis:
    try:
        found = spool.department in tokens.known(Settings.load())
    except SpecError as broken:
        return Diagnosis(
            "token", "failed", broken.what, broken.remedy or "correct the file", spool.dataset
        )
    if found:
        return Diagnosis("token", "ok", "the department has a token", dataset=spool.dataset)
    return Diagnosis(
        "token", "skipped", "no token: only the drop folder is open",
        f"hub push token {spool.department} makes one", spool.dataset,
    )  # fmt: skip


def _waiting(spool: Spool, ids: list[str]) -> Diagnosis:
    if not ids:
        return Diagnosis("waiting", "ok", "no push waits", dataset=spool.dataset)
    first = receipts.parse_id(ids[0])
    hours = (datetime.now(UTC) - first[2]).total_seconds() / 3600 if first else 0.0
    found = f"{len(ids)} pushes wait, the oldest for {hours:.1f} hours"
    late = hours > 24
    remedy = "hub run reads them; see its last result" if late else ""
    return Diagnosis("waiting", "warning" if late else "ok", found, remedy, spool.dataset)
