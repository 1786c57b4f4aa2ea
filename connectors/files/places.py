"""Places that files are dropped at: a folder, an SFTP server, an S3 bucket. One small interface for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Protocol, cast
from urllib.parse import urlsplit

from hub.core.specs import Department

SCHEMES = {
    "file": ("folder", "file:///path/to/folder"),
    "sftp": ("sftp", "sftp://user:password@host/path?hostkey=SHA256:…"),
    "s3": ("s3", "s3://key:secret@bucket/prefix?endpoint=https://host"),
}
"""Scheme of a connection URL → module, and what such a URL looks like."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file at a place. `changed`: Unix seconds by the place's clock. `stamp` changes when somebody writes."""

    name: str
    """Relative to the place, parted by slashes."""
    size: int
    changed: float
    stamp: str


class Place(Protocol):
    """What every kind of place offers. Its errors are SourceUnavailable and SourceRefused."""

    title: str
    """How a person would find it; without credentials."""
    settle: float
    """Seconds that a file must lie unchanged, where the settings do not say."""

    def entries(self, pattern: str) -> list[Entry]:
        """All files of the folders that the pattern reaches, whether or not they match it."""

    def entry(self, name: str) -> Entry:
        """One file as it is now."""

    def local(self, entries: Sequence[Entry]) -> AbstractContextManager[Path]:
        """The first file as a local path, the others beside it; copies are removed at the end."""

    def close(self) -> None:
        """End the session, if there is one; the next call begins another."""


def open_place(department: Department, url: str) -> Place:
    """The place of a connection URL. No I/O. Raises SpecError, which never shows the URL."""
    parts = urlsplit(url)
    module, _ = SCHEMES.get(parts.scheme, ("", ""))
    why = "is no URL of a place where files are dropped"
    if module:
        try:
            return cast(Place, import_module(f"connectors.files.{module}").place(parts))
        except ValueError as failure:
            why = str(failure)
    raise department.source.error(
        f"connection '{department.spec.connection}' {why}", ("connection",),
        remedy=f"its URL must look like {' or '.join(shape for _, shape in SCHEMES.values())}",
    )  # fmt: skip


def matches(name: str, pattern: str) -> bool:
    """Whether a name matches a glob pattern; `*` stays within a folder, `**` is any number of folders."""
    return _match(PurePosixPath(name).parts, PurePosixPath(pattern).parts, whole=True)


def reaches(folder: str, pattern: str) -> bool:
    """Whether a folder may hold, at any depth, names that match the pattern."""
    return _match(PurePosixPath(folder).parts, PurePosixPath(pattern).parts, whole=False)


def _match(names: Sequence[str], parts: Sequence[str], *, whole: bool) -> bool:
    if not names:
        return not parts if whole else bool(parts)
    if not parts:
        return False
    if parts[0] == "**":
        return _match(names, parts[1:], whole=whole) or _match(names[1:], parts, whole=whole)
    return fnmatchcase(names[0], parts[0]) and _match(names[1:], parts[1:], whole=whole)
