"""What places on other machines share: copies that live only while a file is read."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from connectors.files.places import Entry
from hub.core.errors import SourceUnavailable

SETTLE = 30.0
"""A file on another machine is taken for complete when it has not changed for so many seconds."""


@contextmanager
def copies(entries: Sequence[Entry], fetch: Callable[[Entry, Path], None]) -> Iterator[Path]:
    """Fetch files into a folder that only we may enter, and remove it. Raises SourceUnavailable for half a copy."""
    with tempfile.TemporaryDirectory(prefix="hub-files-") as folder:
        targets = []
        for entry in entries:
            target = Path(folder) / PurePosixPath(entry.name).name
            fetch(entry, target)
            if target.stat().st_size != entry.size:
                raise SourceUnavailable(
                    f"{target.stat().st_size} of {entry.size} bytes arrived", where=entry.name,
                    remedy="it may still be written: the next run tries again",
                )  # fmt: skip
            targets.append(target)
        yield targets[0]
