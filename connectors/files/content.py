"""What a file holds: its parts, their hash, and the stamp that changes with them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from connectors.files.places import Entry

TABLE_SUFFIX, MEMO_SUFFIXES = ".dbf", (".fpt", ".dbt")

Memos = Mapping[str, Sequence[Entry]]
"""Name of a DBF table without its suffix → the memo files that lie beside it."""


def bare(path: PurePosixPath) -> str:
    """A table's name without suffix; its memo file has the same, but for the case."""
    return str(path.parent / path.stem.lower())


def is_memo(path: PurePosixPath) -> bool:
    """Whether a name is one of a memo file."""
    return path.suffix.lower() in MEMO_SUFFIXES


def memos(entries: Iterable[Entry]) -> Memos:
    """The memo files among these."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        path = PurePosixPath(entry.name)
        if is_memo(path):
            found[bare(path)].append(entry)
    return found


def parts(entry: Entry, beside: Memos) -> tuple[Entry, ...]:
    """A file and what belongs to it. A memo that is edited in place leaves its table byte for byte the same."""
    path = PurePosixPath(entry.name)
    if path.suffix.lower() != TABLE_SUFFIX:
        return (entry,)
    return (entry, *sorted(beside.get(bare(path), ()), key=lambda memo: memo.name))


def stamp(entries: Iterable[Entry]) -> str:
    """The stamps of a file's parts."""
    return "+".join(entry.stamp for entry in entries)


def content(paths: Iterable[Path]) -> tuple[str, int]:
    """SHA-256 and size in bytes of the parts of a file."""
    digest, size = hashlib.sha256(), 0
    for path in paths:
        with path.open("rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
                size += len(block)
    return digest.hexdigest(), size
