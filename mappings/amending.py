"""Adding a line to `powers.csv` or `codes.csv` as a careful person would: in its place, and nothing else changes.

Order, quoting, encoding mark and line ends of the file stay as they are. The new line is checked by reading the whole
mapping with it before the file is replaced.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from hub.core.errors import SpecError
from hub.core.specs import Department
from mappings.crosswalks import CODES_HEADER, POWERS_HEADER
from mappings.mapping import check
from mappings.spec import POWERS

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class NewLine:
    """One line of a crosswalk. Without `source_code` items are known by `source_name` (powers only)."""

    codelist: str
    source_code: str
    source_name: str
    code: str
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        dates = (str(self.valid_from or ""), str(self.valid_to or ""))
        own = (self.source_code, self.source_name, self.code, *dates, self.note)
        return own if self.codelist == POWERS else (self.codelist, *own)


def add(department: Department, line: NewLine) -> tuple[Path, int]:
    """Write the line; returns the file and the line's number.

    Raises SpecError at the line when the mapping would have a problem that it has not now (the code is valid on the same
    days already, the target is on no list, …), or when the file cannot be written; then nothing has changed.
    """
    name, header = (
        ("powers.csv", POWERS_HEADER) if line.codelist == POWERS else ("codes.csv", CODES_HEADER)
    )
    path = department.folder / name
    text = _text(path) if path.exists() else ",".join(header) + "\n"
    written, number = _with_line(text, line)
    _check(department, path, written)
    _replace(path, written)
    return path, number


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise SpecError("is not UTF-8", file=path, remedy="save it as UTF-8") from None


def _with_line(text: str, line: NewLine) -> tuple[str, int]:
    """The file's text with the line after the last one of its source code, else of its code list, else at the end."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [*io.StringIO(text, newline="")]
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += end
    at = _after(text.removeprefix(_MARK), line) or len(lines)
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=end).writerow(line.cells)
    return "".join([*lines[:at], buffer.getvalue(), *lines[at:]]), at + 1


def _after(text: str, line: NewLine) -> int | None:
    """The number of the last line that the new one belongs to, or None."""
    reader = csv.reader(io.StringIO(text, newline=""))
    same_code = same_list = None
    next(reader, None)
    for row in reader:
        cells = [cell.strip() for cell in row]
        codelist, code, name = (POWERS, *cells[:2]) if line.codelist == POWERS else cells[:3]
        if codelist != line.codelist:
            continue
        same_list = reader.line_num
        if code == line.source_code and (code or name == line.source_name):
            same_code = reader.line_num
    return same_code or (None if line.codelist == POWERS else same_list)


def _check(department: Department, path: Path, written: str) -> None:
    """Read the mapping in a copy of the folder. Problems that were there before do not stand in the way."""
    before = {problem.what for problem in check(department)}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("mapping.yml", "source.yml", "powers.csv", "codes.csv"):
            if (department.folder / name).exists():
                shutil.copy2(department.folder / name, copy)
        (copy / path.name).write_bytes(written.encode())
        for problem in check(replace(department, folder=copy)):
            if problem.what not in before:
                raise SpecError(
                    problem.what,
                    file=department.folder / problem.file.name,
                    line=problem.line,
                    remedy=problem.remedy,
                )


def _replace(path: Path, text: str) -> None:
    """All of the new file or all of the old one, whatever happens meanwhile."""
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        else:
            Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as failure:
        raise SpecError(f"cannot be written ({failure.strerror})", file=path) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
