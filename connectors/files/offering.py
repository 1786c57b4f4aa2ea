"""The files at a place as datasets that could be read: files whose names differ in numbers only belong together."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath

import pyarrow as pa

from connectors.files import proposing
from connectors.files.content import is_memo, memos, parts
from connectors.files.finding import UNFINISHED, Source, one_file
from connectors.files.folder import answering
from connectors.files.places import Entry, Place, matches, open_place
from connectors.files.recognising import ARCHIVE, format_of
from connectors.files.settings import FORMATS
from connectors.offer import Offer
from connectors.pace import Pace
from hub.core.errors import SourceRefused
from hub.core.specs import Department

MOST_KINDS, MOST_FILES, LISTED = 30, 20, 40
ANYWHERE = "**/*"


def offers(department: Department, url: str, wanted: Sequence[str]) -> Iterator[Offer]:
    """The kinds of files that match one of the patterns, the newest file of each looked into."""
    place, pace = open_place(department, url), Pace(department.spec.protection)
    try:
        pace.wait()
        entries = place.entries(ANYWHERE)
        pace.took(0)
        kinds = _kinds(entries, wanted)
        if not kinds or len(kinds) > MOST_KINDS:
            raise _which(department, entries, kinds, wanted)
        for pattern, files in kinds.items():
            yield from _offers(pattern, files, entries, place, pace)
    finally:
        place.close()


def _kinds(entries: Sequence[Entry], wanted: Sequence[str]) -> dict[str, list[Entry]]:
    """Pattern → its files, the newest first. A pattern of the caller's stays as it is."""
    kinds: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda one: (-one.changed, one.name)):
        name = PurePosixPath(entry.name)
        hidden = name.name.startswith(".") or name.suffix.lower() in UNFINISHED
        if hidden or is_memo(name) or not entry.size:
            continue
        pattern = next((one for one in wanted if matches(entry.name, one)), None)
        if pattern is None and not wanted:
            pattern = str(name.with_name(re.sub(r"\d+", "*", name.stem) + name.suffix))
        if pattern is not None:
            kinds.setdefault(pattern, []).append(entry)
    return dict(sorted(kinds.items()))


def _which(
    department: Department,
    entries: Sequence[Entry],
    kinds: dict[str, list[Entry]],
    wanted: Sequence[str],
) -> Exception:
    what = f"there are {len(kinds)} kinds of files" if kinds else "there is no file"
    if wanted:
        what += f" that match {', '.join(wanted)}"
    names = ", ".join(entry.name for entry in entries[:LISTED]) or "none"
    return department.source.error(what, remedy=f"give --path; the place has: {names}")


def _offers(
    pattern: str, files: Sequence[Entry], entries: Sequence[Entry], place: Place, pace: Pace
) -> Iterator[Offer]:
    newest = files[0]
    pace.wait()
    with place.local(parts(newest, memos(entries))) as path, answering(path):
        pace.took(0)
        kind = format_of(path)
        if kind == ARCHIVE:
            raise SourceRefused(
                "is an archive", where=f"{place.title.rstrip('/')}/{newest.name}",
                remedy=f"say by hand which members are read: files: \"{pattern}!*.txt\" (docs/connectors.md)",
            )  # fmt: skip
        proposals = list(proposing.FORMATS[kind](path))
    for proposal in proposals:
        settings = {"files": pattern, **proposal.settings}
        yield Offer(
            title=f"{pattern}#{proposal.part}" if proposal.part else pattern,
            settings=settings,
            sample=partial(_sample, settings, files[:MOST_FILES], entries, place, pace),
            remarks={"files": f"现有 {len(files)} 个文件，按内容认作 {kind}", **proposal.remarks},
        )


def _sample(
    settings: dict[str, object],
    files: Sequence[Entry],
    entries: Sequence[Entry],
    place: Place,
    pace: Pace,
    rows: int,
) -> Iterator[pa.Table]:
    """Rows of the newest files, read as the connector would read them. A file that cannot be is left."""
    declared = FORMATS[str(settings["format"])].model_validate(settings)
    source = Source(place, declared, pace, time.time)
    found, refused = 0, None
    for entry in files:
        try:
            with one_file(source, entry, entries) as (_, slices):
                for part in slices:
                    found += part.table.num_rows
                    yield part.table
                    if found >= rows:
                        return
        except SourceRefused as refusal:
            refused = refusal
    if not found and refused is not None:
        raise refused
