"""What `hub doctor` looks at in the files of a dataset, without taking data."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from shutil import which

import pyarrow.compute as pc

from connectors.diagnosis import Diagnosis
from connectors.files.file_settings import FileSettings
from connectors.files.finding import Source, complete, one_file
from connectors.files.folder import answering
from connectors.files.places import Entry, matches
from connectors.files.slices import Slice
from hub.core.batches import BYTES, DEFECT, RESERVED, ROW
from hub.core.errors import HubError

PROGRAMS = {"access": ("mdb-export", "mdbtools")}
TEXTS = ("text", "fixed", "jsonl")
ILLEGAL, DAMAGED = "illegal_bytes", "damaged_row"
FIRST_SLICES = 2
"""The first slice of a text may hold nothing but the header."""
SAMPLE_BYTES = 4
"""Enough to tell a charset by, too few to tell a person by."""
AGE_UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))


def examine(dataset: str, source: Source) -> Iterator[Diagnosis]:
    """The checks of one dataset: program, reachable, files, charset, header. Raises nothing that the source causes."""
    yield from _program(dataset, source.settings.format)
    try:
        entries = source.place.entries(source.settings.pattern)
    except HubError as failure:
        yield Diagnosis("reachable", "failed", failure.what, failure.remedy, dataset)
        return
    yield Diagnosis("reachable", "ok", f"{source.place.title} answers", dataset=dataset)
    finished = list(complete(entries, source))
    yield _files(dataset, source, entries, finished)
    if finished:
        yield from _content(dataset, source, finished[0], entries)


def _program(dataset: str, file_format: str) -> Iterator[Diagnosis]:
    if file_format in PROGRAMS:
        program, package = PROGRAMS[file_format]
        if which(program) is None:
            yield Diagnosis(
                "version", "failed", f"the program {program} is not installed",
                f"install the package {package}", dataset,
            )  # fmt: skip
        else:
            yield Diagnosis("version", "ok", f"{program} is installed", dataset=dataset)


def _files(dataset: str, source: Source, entries: list[Entry], finished: list[Entry]) -> Diagnosis:
    matching = sum(matches(entry.name, source.settings.pattern) for entry in entries)
    waiting = f", {matching - len(finished)} not complete" if matching > len(finished) else ""
    if not finished:
        return Diagnosis(
            "files", "warning", f"no complete file matches {source.settings.pattern}{waiting}",
            "correct 'files', 'settle' or 'done_marker' in source.yml, or ask when files come", dataset,
        )  # fmt: skip
    now = source.clock()
    ages = [_age(now - entry.changed) for entry in sorted(finished, key=lambda one: one.changed)]
    found = f"{len(finished)} files{waiting}; the oldest is {ages[0]} old, the newest {ages[-1]}"
    if any(entry.changed > now for entry in finished):
        return Diagnosis(
            "clock_skew", "warning", f"{found}; the newest has a date in the future",
            "have the clocks of the department's machine and of this one set", dataset,
        )  # fmt: skip
    return Diagnosis("files", "ok", found, dataset=dataset)


def _age(seconds: float) -> str:
    size, unit = next((one for one in AGE_UNITS if seconds >= one[0]), AGE_UNITS[-1])
    return f"{int(seconds // size)} {unit}"


def _content(
    dataset: str, source: Source, entry: Entry, entries: list[Entry]
) -> Iterator[Diagnosis]:
    """What the beginning of the first file says of its charset and its fields."""
    try:
        with one_file(source, entry, entries) as (path, slices):
            beginning = list(islice(slices, FIRST_SLICES))
            foreign = _is_utf8(path, source.settings)
    except HubError as failure:
        yield Diagnosis(
            "header", "failed", f"{failure.where}: {failure.what}", failure.remedy, dataset
        )
        return
    first = next((part for part in beginning if part.table.num_rows), beginning[0])
    yield _charset(dataset, source.settings, first, foreign)
    yield _header(dataset, source.settings, first)


def _is_utf8(path: Path, settings: FileSettings) -> bool:
    """Whether a text that is declared to be in another charset is UTF-8: most of it would decode, to other characters."""
    charset = getattr(settings, "charset", "utf-8")
    if settings.format not in TEXTS or settings.members or charset == "utf-8":
        return False
    with answering(path), path.open("rb") as handle:
        sample = handle.read(1 << 16)
    try:
        return len(codecs.getincrementaldecoder("utf-8")().decode(sample)) < len(sample) - 3
    except UnicodeDecodeError:
        return False


def _charset(dataset: str, settings: FileSettings, part: Slice, foreign: bool) -> Diagnosis:
    charset = getattr(settings, "charset", "the charset that it declares")
    illegal = pc.indices_nonzero(pc.equal(part.table[DEFECT], ILLEGAL).fill_null(False))
    where = f"{part.table.num_rows} rows of {part.name}"
    if len(illegal):
        at = illegal[0].as_py()
        found = (
            f"{len(illegal)} of the first {where} are not {charset}, the first is row "
            f"{part.table[ROW][at].as_py()} (bytes {_sample(part.table[BYTES][at].as_py(), charset)})"
        )
    elif foreign:
        found = f"the first {where} can be read as {charset}, but are UTF-8"
    else:
        return Diagnosis(
            "charset",
            "ok",
            f"the first {where} hold no bytes that are not {charset}",
            dataset=dataset,
        )
    return Diagnosis(
        "charset",
        "warning",
        found,
        "correct 'charset' in source.yml; single rows go to quarantine",
        dataset,
    )


def _sample(raw: bytes, charset: str) -> str:
    """The bytes from the first on that cannot be decoded, in hexadecimal digits."""
    try:
        raw.decode(charset)
    except UnicodeDecodeError as failure:
        raw = raw[failure.start :]
    return raw[:SAMPLE_BYTES].hex(" ")


def _header(dataset: str, settings: FileSettings, part: Slice) -> Diagnosis:
    table = part.table
    damaged = pc.sum(pc.equal(table[DEFECT], DAMAGED).fill_null(False)).as_py() or 0
    if 2 * damaged > table.num_rows:
        return Diagnosis(
            "header", "failed", f"{damaged} of the first {table.num_rows} rows of {part.name} are damaged",
            "correct the layout in source.yml (delimiter, quote, positions, fields)", dataset,
        )  # fmt: skip
    own = [name for name in table.column_names if name not in RESERVED]
    empty = [name for name in own if table.num_rows and table[name].null_count == table.num_rows]
    if declared(settings) and empty:
        return Diagnosis(
            "header", "warning", f"{part.name} gives no value at all for {', '.join(empty)}",
            "compare 'fields' in source.yml with the file", dataset,
        )  # fmt: skip
    return Diagnosis("header", "ok", f"{len(own)} fields: {', '.join(own)}", dataset=dataset)


def declared(settings: FileSettings) -> bool:
    """Whether the settings say where each field stands, so that one that is never there is suspicious."""
    return settings.format in ("xml", "jsonl")
