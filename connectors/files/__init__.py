"""Access method `files`: a place where a department drops files: a folder, an SFTP server, or an S3 bucket.

Each file is read once per content: the cursor holds name → SHA-256, so a file that comes again with other
content is read again, and one that only got a new date is not. Files that are still being written wait for the
next run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.files.places import open_place
from connectors.files.settings import FORMATS
from hub.core.specs import Department

if TYPE_CHECKING:
    from connectors.files.connector import FilesConnector
    from connectors.files.file_settings import FileSettings


def check(department: Department) -> None:
    """Validate the settings of all datasets. Raises SpecError."""
    _settings(department)


def connect(department: Department, url: str) -> FilesConnector:
    """The connector of a department on a file, sftp or s3 URL. Does no I/O. Raises SpecError."""
    from connectors.files.connector import FilesConnector

    settings = _settings(department)
    return FilesConnector(department, open_place(department, url), settings)


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
