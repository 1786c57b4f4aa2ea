"""A folder, local or mounted. Connection URL: file:///folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import SplitResult, unquote

from connectors.files.places import Entry, reaches
from hub.core.errors import SourceRefused, SourceUnavailable


def place(url: SplitResult) -> Folder:
    """The folder of a URL. Raises ValueError if it names another machine."""
    if url.netloc not in ("", "localhost") or not url.path:
        raise ValueError("is no URL of a local folder")
    return Folder(Path(unquote(url.path)))


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


class Folder:
    """The files below a folder, where they lie."""

    settle = 0.0
    """A file that grows is noticed by its stamp while it is read; most are renamed when they are complete."""

    def __init__(self, root: Path) -> None:
        self.root, self.title = root, str(root)

    def entries(self, pattern: str) -> list[Entry]:
        if not self.root.is_dir():
            with answering(self.root):
                raise FileNotFoundError(2, "there is no such folder")
        return list(self._walk("", pattern))

    def _walk(self, below: str, pattern: str) -> Iterator[Entry]:
        folders = []
        with answering(self.root / below), os.scandir(self.root / below) as found:
            for one in found:
                name = f"{below}{one.name}"
                if one.is_dir():
                    folders.append(f"{name}/")
                elif one.is_file():
                    with suppress(FileNotFoundError):  # renamed just now, as finished files are
                        yield _entry(name, one.stat())
        for name in folders:
            # A link to a folder above would lead round and round.
            if reaches(name, pattern) and not ("**" in pattern and (self.root / name).is_symlink()):
                yield from self._walk(name, pattern)

    def entry(self, name: str) -> Entry:
        with answering(self.root / name):
            return _entry(name, (self.root / name).stat())

    @contextmanager
    def local(self, entries: Sequence[Entry]) -> Iterator[Path]:
        yield self.root / entries[0].name

    def close(self) -> None:
        """Nothing is held."""


def _entry(name: str, state: os.stat_result) -> Entry:
    return Entry(name, state.st_size, state.st_mtime, f"{state.st_size}@{state.st_mtime_ns}")
