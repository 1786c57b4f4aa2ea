"""Finding files and what they hold: names, content hashes, and errors that say what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.core.errors import SourceRefused, SourceUnavailable

UNFINISHED = (".tmp", ".part")
MEMO_SUFFIXES = (".fpt", ".dbt")


@contextmanager
def answering(where: Path) -> Iterator[None]:
    """Turn the operating system's errors into ours: no permission is refused, the rest may heal."""
    try:
        yield
    except PermissionError:
        raise SourceRefused(
            "may not be read", where=str(where), remedy="give the hub's user read permission"
        ) from None
    except OSError as failure:
        raise SourceUnavailable(
            f"cannot be read ({failure.strerror or failure})", where=str(where),
            remedy="check that the share is mounted",
        ) from None  # fmt: skip


def listing(folder: Path, pattern: str) -> list[Path]:
    """The finished files that match, in name order.

    Names beginning with '.' or ending in .tmp or .part are still being written. Raises SourceUnavailable when the
    folder is not there.
    """
    with answering(folder):
        if not folder.is_dir():
            raise FileNotFoundError(2, "there is no such folder")
        found = [path for path in folder.glob(pattern) if _finished(path)]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _finished(path: Path) -> bool:
    unfinished = path.name.startswith(".") or path.suffix.lower() in UNFINISHED
    return not unfinished and path.is_file()


def memo_files(table: Path) -> list[Path]:
    """Memo files that belong to a DBF table: same name and .fpt or .dbt, in any case."""
    return sorted(
        path
        for path in table.parent.iterdir()
        if path.suffix.lower() in MEMO_SUFFIXES and path.stem.lower() == table.stem.lower()
    )


def _parts(path: Path) -> list[Path]:
    # A memo that is edited in place leaves its table byte for byte the same: both are the content.
    return [path, *memo_files(path)] if path.suffix.lower() == ".dbf" else [path]


def content(path: Path) -> tuple[str, int]:
    """SHA-256 and size in bytes of a file, of a DBF table with its memo file."""
    digest, size = hashlib.sha256(), 0
    with answering(path):
        for part in _parts(path):
            with part.open("rb") as handle:
                while block := handle.read(1 << 20):
                    digest.update(block)
                    size += len(block)
    return digest.hexdigest(), size


Stamp = tuple[tuple[int, int], ...]


def stamp(path: Path) -> Stamp:
    """Size and time of change of a file and its companions: it changes when somebody writes."""
    with answering(path):
        return tuple((state.st_size, state.st_mtime_ns) for state in map(Path.stat, _parts(path)))
