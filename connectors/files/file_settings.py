"""What all formats of files may declare, and the types of their settings. Light to import."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from hub.core.specs import DatasetSettings

INSIDE = "!"
"""Parts the pattern of archives from the pattern of their members."""
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _glob(pattern: str) -> str:
    archive, _, inside = pattern.partition(INSIDE)
    for part in filter(None, (archive, inside)):
        path = PurePosixPath(part)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(
                "must be a pattern inside the folder of the connection, such as 'cases_*.txt'"
            )
    return pattern


def _marker(template: str) -> str:
    try:
        names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError:
        names = set()
    if not names or names - {"name", "stem"}:
        raise ValueError("must hold {name} or {stem}, such as '{name}.ok'")
    return template


def regular_expression(pattern: str) -> str:
    """The pattern, if it is one. Raises ValueError."""
    try:
        re.compile(pattern)
    except re.error as failure:
        raise ValueError(f"is no regular expression ({failure})") from None
    return pattern


Glob = Annotated[str, Field(min_length=1), AfterValidator(_glob)]
Settle = Annotated[str, Field(pattern=r"^\d+[smh]$")]
"""How long a file must have been left alone."""
DoneMarker = Annotated[str, AfterValidator(_marker)]
"""Name of a file whose presence says that `{name}` (or `{stem}`, without its suffix) is complete."""


def seconds(settle: Settle) -> float:
    """'30s' in seconds."""
    return int(settle[:-1]) * UNITS[settle[-1]]


class FileSettings(DatasetSettings):
    """What all formats share."""

    format: str
    files: Glob
    """Which files: a glob pattern, relative to the place of the connection. `*.zip!cases_*.txt`: members of archives."""
    inside: Glob | None = None
    """Which members, where the files are ZIP archives; the same as after '!'."""
    settle: Settle | None = None
    """A file that changed less long ago waits for the next run. Default: 30s on SFTP, else none."""
    done_marker: DoneMarker | None = None

    @model_validator(mode="after")
    def _one_way_inside(self) -> FileSettings:
        if self.inside is not None and INSIDE in self.files + self.inside:
            raise ValueError("give the members' pattern once: after '!' or as 'inside'")
        if self.files.endswith(INSIDE) or self.files.startswith(INSIDE):
            raise ValueError(f"files: a pattern is missing beside '{INSIDE}'")
        return self

    @property
    def pattern(self) -> str:
        """Which files of the place."""
        return self.files.partition(INSIDE)[0]

    @property
    def members(self) -> str | None:
        """Which members of them; None where they are no archives."""
        return self.inside or self.files.partition(INSIDE)[2] or None

    @property
    def settle_seconds(self) -> float | None:
        """`settle` in seconds."""
        return None if self.settle is None else seconds(self.settle)
