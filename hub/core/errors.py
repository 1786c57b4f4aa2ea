"""Errors named by what the caller should do.

Each message says what happened, where (file, dataset, row key) and what to do next. None of them may carry an
identity or phone number: callers pass keys and row numbers, never field values.
"""

from __future__ import annotations

from pathlib import Path

EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_CONFIGURATION = 2
EXIT_SOURCE_UNAVAILABLE = 3


class HubError(Exception):
    """Base of all errors that a person can act on. `exit_code` is what the command line returns."""

    exit_code = EXIT_FINDINGS

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        parts = [f"{where}: {what}" if where else what, f"→ {remedy}" if remedy else ""]
        super().__init__(" ".join(part for part in parts if part))


class SpecError(HubError):
    """A file of ours (YAML, CSV, SQL) is wrong: fix the file. Carries the file and the line."""

    exit_code = EXIT_CONFIGURATION

    def __init__(
        self, what: str, *, file: Path | str, line: int | None = None, remedy: str = ""
    ) -> None:
        self.file, self.line = Path(file), line
        super().__init__(what, where=f"{file}:{line}" if line else str(file), remedy=remedy)


class SourceUnavailable(HubError):
    """The department's system does not answer now: try again later."""

    exit_code = EXIT_SOURCE_UNAVAILABLE


class SourceClosed(SourceUnavailable):
    """The source may not be read now: outside its agreed windows, or reading is paused. What was read so far counts."""


class DepartmentBusy(SourceUnavailable):
    """Another run of this department is at work: try again when it is over."""


class SourceRefused(HubError):
    """The department's system answers no (credentials, permission, charset): retrying does not help."""

    exit_code = EXIT_CONFIGURATION


class GateStopped(HubError):
    """Too much of a batch is unfit: a human looks before anything lands."""


class LandingError(HubError):
    """The warehouse transaction did not prove that what was read is what landed; nothing was committed."""


class RuleError(HubError):
    """A supervision rule failed to run: its result is unknown, never 'no violation'."""
