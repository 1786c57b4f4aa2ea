"""Access method `inbox`: a department sends of its own accord, by `POST /push/...` or by a drop folder.

Connection URL: file:///folder, the spool; several departments may share one. What lies in the spool's `new/` decides
what is read, never the cursor. A push that was landed but not acknowledged is read again, found unchanged, and
acknowledged then. Both ways in are `connectors.inbox.spool`; the web application is `hub.push`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from connectors.inbox.settings import InboxSettings
from connectors.pace import Pace
from hub.core.specs import SLUG, Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.diagnosis import Diagnosis
    from connectors.inbox.spool import Spool
    from hub.core.batches import Cursor, RawBatch


def check(department: Department) -> None:
    """Validate the settings of all datasets. Raises SpecError."""
    _settings(department)


def connect(department: Department, url: str) -> InboxConnector:
    """The connector of a department on a file:/// URL. Does no I/O. Raises SpecError."""
    settings = _settings(department)
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path:
        raise department.source.error(
            f"connection '{department.spec.connection}' is no folder URL", ("connection",),
            remedy="its URL must look like file:///path/to/inbox",
        )  # fmt: skip
    return InboxConnector(department, Path(unquote(parts.path)), settings)


def _settings(department: Department) -> dict[str, InboxSettings]:
    for dataset in department.spec.datasets:
        if not SLUG.match(dataset):
            raise department.source.error(
                f"datasets: '{dataset}' cannot stand in a URL", ("datasets", dataset),
                remedy=f"use {SLUG.pattern}",
            )  # fmt: skip
    return {
        dataset: department.source.parse(InboxSettings, ("datasets", dataset))
        for dataset in department.spec.datasets
    }


class InboxConnector:
    """What one department has sent."""

    changes_when_read = True
    """Pushes that were read are put away, and files of the drop folder are taken: a dry run may not do so."""

    def __init__(
        self, department: Department, root: Path, settings: dict[str, InboxSettings]
    ) -> None:
        self.department, self.root, self.settings = department, root, settings
        self.pace = Pace(department.spec.protection)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The department's datasets, in the order of its source.yml."""
        return tuple(self.settings)

    def spool(self, dataset: str) -> Spool:
        """Where the pushes of a dataset lie."""
        from connectors.inbox.spool import Spool

        return Spool(self.root, self.department.slug, dataset, self.settings[dataset])

    def read(self, dataset: str, cursor: Cursor | None) -> Iterator[RawBatch]:
        """The rows of all pushes that wait, in the order of their arrival; `_file` is the receipt's id.

        Files in the drop folder are taken first. The cursor tells people the last row, nothing else. Raises
        SourceUnavailable when the spool does not answer; SourceRefused, after everything else was yielded, for
        payloads and dropped files that cannot be read.
        """
        from connectors.inbox import drop, waiting

        spool = self.spool(dataset)
        with waiting.answering(spool):
            spool.prepare()
            now = datetime.now(UTC)
            spool.prune(now)
            refused = drop.take(spool, now)
            yield from waiting.batches(spool, self.pace, refused)
        if refused:
            raise waiting.all_of(refused)

    def acknowledge(self, dataset: str, table: pa.Table, fates: pl.DataFrame) -> None:
        """Write the fates of rows into their receipts; put the payloads away of which every row has one."""
        from connectors.inbox import waiting

        with waiting.answering(self.spool(dataset)):
            waiting.acknowledge(self.spool(dataset), table, fates)

    def diagnose(self) -> Iterator[Diagnosis]:
        """Whether the spool can be written, how much room there is, and what waits since when."""
        from connectors.inbox import diagnosing

        for dataset in self.settings:
            yield from diagnosing.diagnose(self.spool(dataset))
