"""The connector of the access method `files`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.files.file_settings import FileSettings
from connectors.files.places import Place
from connectors.pace import Pace
from hub.core.specs import Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.diagnosis import Diagnosis
    from connectors.files.finding import Source
    from hub.core.batches import Cursor, RawBatch


class FilesConnector:
    """One department's files. `clock` gives Unix seconds."""

    def __init__(
        self,
        department: Department,
        place: Place,
        settings: dict[str, FileSettings],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.department, self.place, self.settings = department, place, settings
        self.clock = clock
        self.pace = Pace(department.spec.protection)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The department's datasets, in the order of its source.yml."""
        return tuple(self.settings)

    def read(self, dataset: str, cursor: Cursor | None) -> Iterator[RawBatch]:
        """Batches of the files that are new by content, in name order.

        Raises SourceUnavailable when the place or a file does not answer; SourceRefused, after all other files
        were yielded, for files that are not what the settings say.
        """
        yield from self._batches(dataset, self.source(dataset), cursor)

    def read_whole(self, dataset: str) -> Iterator[RawBatch]:
        """Every row of the files that are there now. Raises SourceUnavailable if one of them is not complete."""
        yield from self._batches(dataset, replace(self.source(dataset), whole=True), None)

    def _batches(self, dataset: str, source: Source, cursor: Cursor | None) -> Iterator[RawBatch]:
        from connectors.files.finding import new_files
        from connectors.files.slices import Position, batches

        position = Position.of(cursor)
        files = new_files(source, position)
        try:
            with closing(files):
                yield from batches(dataset, files, position, lambda: self.pace.chunk_rows)
        finally:
            self.place.close()

    def source(self, dataset: str) -> Source:
        """Where the files of a dataset come from."""
        from connectors.files.finding import Source

        return Source(self.place, self.settings[dataset], self.pace, self.clock)

    def acknowledge(self, dataset: str, table: pa.Table, fates: pl.DataFrame) -> None:
        """Nothing: files have no flag."""

    def diagnose(self) -> Iterator[Diagnosis]:
        """The place, and for each dataset its files, their age, and what the first of them holds."""
        from connectors.files.examination import examine

        try:
            for dataset in self.settings:
                yield from examine(dataset, self.source(dataset))
        finally:
            self.place.close()
