"""Writing so that it is still there after the power fails: a file is whole under its name, or not there at all."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def make_folder(folder: Path) -> None:
    """A folder for nobody but the hub's user, and those above it that are missing."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def write(path: Path, data: bytes) -> None:
    """Replace a file as a whole. The caller syncs the folder, once for many files."""
    scratch = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
