"""Access method `files`: a folder into which a department drops files. Connection URL: file:///folder.

Each file is read once per content: the cursor holds name → SHA-256, so a file that comes again with other
content is read again, and one that only got a new date is not. Files that are still being written wait for the
next run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import unquote, urlsplit

from connectors.files import listing
from connectors.files.settings import FORMATS, FileSettings
from connectors.pace import Pace
from hub.core.errors import HubError
from hub.core.specs import Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.diagnosis import Diagnosis
    from connectors.files.slices import FoundFile, Slice
    from hub.core.batches import Cursor, RawBatch

log = logging.getLogger(__name__)


class Format(Protocol):
    """What the module of a format offers."""

    def read(self, path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
        """All rows of a file, in order, in slices of at most CHUNK_ROWS rows; at least one slice."""


def check(department: Department) -> None:
    """Validate the settings of all datasets. Raises SpecError."""
    _settings(department)


def connect(department: Department, url: str) -> FilesConnector:
    """The connector of a department on a file:/// URL. Does no I/O. Raises SpecError."""
    settings = _settings(department)
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path:
        raise department.source.error(
            f"connection '{department.spec.connection}' is no folder URL", ("connection",),
            remedy="its URL must look like file:///path/to/folder",
        )  # fmt: skip
    return FilesConnector(department, Path(unquote(parts.path)), settings)


def _settings(department: Department) -> dict[str, FileSettings]:
    parsed = {}
    for dataset, raw in department.spec.datasets.items():
        at = ("datasets", dataset, "format")
        model = FORMATS.get(str(raw.get("format")))
        if model is None:
            raise department.source.error(
                f"{'.'.join(at)}: there is no format '{raw.get('format')}'", at,
                remedy=f"known: {', '.join(FORMATS)}",
            )  # fmt: skip
        parsed[dataset] = department.source.parse(model, at[:2])
    return parsed


class FilesConnector:
    """One department's folder."""

    def __init__(
        self, department: Department, folder: Path, settings: dict[str, FileSettings]
    ) -> None:
        self.department, self.folder, self.settings = department, folder, settings
        self.pace = Pace(department.spec.protection)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The department's datasets, in the order of its source.yml."""
        return tuple(self.settings)

    def read(self, dataset: str, cursor: Cursor | None) -> Iterator[RawBatch]:
        """Batches of the files that are new by content, in name order.

        Raises SourceUnavailable when the folder or a file does not answer; SourceRefused, after all other files
        were yielded, for files that are not what the settings say.
        """
        from connectors.files.slices import batches

        for batch in batches(dataset, self._new_files(dataset, cursor), cursor):
            self.pace.wait()
            yield batch
            self.pace.took(batch.table.num_rows, batch.table.nbytes)

    def read_whole(self, dataset: str) -> Iterator[RawBatch]:
        """Every row of every file that is there now, for a sweep."""
        return self.read(dataset, None)

    def acknowledge(self, dataset: str, table: pa.Table, fates: pl.DataFrame) -> None:
        """Nothing: files have no flag."""

    def diagnose(self) -> Iterator[Diagnosis]:
        """Whether the folder answers, and how many finished files each dataset would read."""
        from connectors.diagnosis import Diagnosis

        for dataset, settings in self.settings.items():
            try:
                found = len(listing.listing(self.folder, settings.files))
            except HubError as failure:
                yield Diagnosis("reachable", "failed", failure.what, failure.remedy)
                return
            yield Diagnosis(
                "files", "ok" if found else "warning", f"{found} files", dataset=dataset
            )

    def _new_files(self, dataset: str, cursor: Cursor | None) -> Iterator[FoundFile]:
        from connectors.files.slices import FoundFile

        settings = self.settings[dataset]
        known = (cursor or {}).get("files", {})
        reader = cast(Format, import_module(f"connectors.files.{settings.format}"))
        for path in listing.listing(self.folder, settings.files):
            name = path.relative_to(self.folder).as_posix()
            try:
                before = listing.stamp(path)
                sha256, size = listing.content(path)
            except HubError as failure:
                yield FoundFile(name, "", 0, partial(_fail, failure), bool)
                continue
            if size == 0:
                log.info("%s is empty: left for the next run", name)
            elif known.get(name) != sha256:
                yield FoundFile(
                    name, sha256, size,
                    read=partial(_read, reader, path, name, settings),
                    same=partial(_same, path, before),
                )  # fmt: skip


def _read(reader: Format, path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
    with listing.answering(path):
        yield from reader.read(path, name, settings)


def _same(path: Path, before: listing.Stamp) -> bool:
    return listing.stamp(path) == before


def _fail(failure: HubError) -> Iterator[Slice]:
    raise failure
