"""What `hub doctor` finds about a database: cheap questions only, none that counts or scans a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa

from connectors.database.chunks import Dataset, opened
from connectors.database.settings import DatabaseSettings
from connectors.diagnosis import Diagnosis
from connectors.pace import Pace
from connectors.sql import Backend, Column, Facts, Server, selects, with_charset
from hub.core.errors import HubError, SourceUnavailable

SKEW_SECONDS = 60
SAMPLE_ROWS, SAMPLE_COLUMNS, SAMPLE_BYTES = 1_000, 20, 8
_ASCII_ONLY = {"US7ASCII", "SQL_ASCII", "ASCII"}


def server(backend: Backend, pace: Pace) -> Iterator[Diagnosis]:
    """Whether it answers, lets us in, is of a version that we know, and has the right time."""
    try:
        pace.wait()
        found = backend.server()
        pace.took(1)
    except SourceUnavailable as failure:
        yield Diagnosis("reachable", "failed", failure.what, failure.remedy)
        return
    except HubError as failure:
        yield Diagnosis("credentials", "failed", failure.what, failure.remedy)
        return
    yield Diagnosis("reachable", "ok", f"{found.product} answers")
    yield Diagnosis("credentials", "ok", "the account may connect")
    yield _version(found)
    yield _clock(found)


def _version(found: Server) -> Diagnosis:
    number = ".".join(map(str, found.version)) or "unknown"
    oldest = ".".join(map(str, found.oldest))
    if found.version < found.oldest:
        return Diagnosis(
            "version", "warning", f"{found.product} {number} is older than {oldest}",
            "compare docs/connectors.md; reconcile after the first load",
        )  # fmt: skip
    return Diagnosis("version", "ok", f"{found.product} {number}")


def _clock(found: Server) -> Diagnosis:
    if found.clock is None:
        return Diagnosis("clock_skew", "skipped", "it has no clock of its own")
    skew = (found.clock - datetime.now(UTC)).total_seconds()
    if abs(skew) > SKEW_SECONDS:
        return Diagnosis(
            "clock_skew", "warning", f"its clock is {skew:+.0f} s from ours",
            "have the department set its clock; make the lag longer than the difference until then",
        )  # fmt: skip
    return Diagnosis("clock_skew", "ok", f"{skew:+.0f} s")


def table(
    name: str, where: str, backend: Backend, settings: DatabaseSettings, pace: Pace
) -> Iterator[Diagnosis]:
    """Whether a table can be read, and is kept in a way that it can be read well."""
    try:
        dataset = opened(name, where, backend, settings, pace)
        pace.wait()
        facts = backend.facts(settings.table) if settings.table else Facts()
        pace.took(0)
        charset = _charset(dataset, backend.server())
    except HubError as failure:
        yield Diagnosis("table", "failed", failure.what, failure.remedy, name)
        return
    yield Diagnosis("table", "ok", f"{len(dataset.columns)} columns are read", dataset=name)
    yield _read_only(facts, name)
    yield charset
    yield _index(dataset, facts)
    yield _unique(dataset, facts)
    if facts.rows is None:
        yield Diagnosis("row_count", "skipped", "the database keeps no estimate", dataset=name)
    else:
        yield Diagnosis("row_count", "ok", f"about {facts.rows} rows (estimate)", dataset=name)


def _read_only(facts: Facts, name: str) -> Diagnosis:
    if facts.writable is None:
        return Diagnosis("read_only", "skipped", "the database does not tell", dataset=name)
    if facts.writable:
        return Diagnosis(
            "read_only", "warning", "the account may change this table",
            "have the department give an account that may only read: the hub never writes here", name,
        )  # fmt: skip
    return Diagnosis("read_only", "ok", "the account may not change this table", dataset=name)


def _index(dataset: Dataset, facts: Facts) -> Diagnosis:
    order = tuple(filter(None, (dataset.settings.cursor, *dataset.settings.key)))
    if not facts.indexes:
        found = "no index is known of what is read"
    elif any(index[0] == order[0] for index in facts.indexes if index):
        return Diagnosis(
            "cursor_index", "ok", f"an index begins with {order[0]}", dataset=dataset.name
        )
    else:
        found = f"no index begins with {order[0]}"
    return Diagnosis(
        "cursor_index", "warning", found,
        f"have the department make an index on ({', '.join(order)}): each chunk sorts the table without it",
        dataset.name,
    )  # fmt: skip


def _unique(dataset: Dataset, facts: Facts) -> Diagnosis:
    key = dataset.settings.key
    if any(set(unique) <= set(key) for unique in facts.unique):
        return Diagnosis("key", "ok", f"{', '.join(key)} is unique", dataset=dataset.name)
    return Diagnosis(
        "key", "warning", f"the database does not ensure that {', '.join(key)} is unique",
        "name the columns of the primary key under 'key' if there is one", dataset.name,
    )  # fmt: skip


def _charset(dataset: Dataset, found: Server) -> Diagnosis:
    texts = [each for each in dataset.columns if each.is_text][:SAMPLE_COLUMNS]
    sample = _sample(dataset, texts) if texts else None
    declared = found.charset or "the driver does not tell the charset"
    if sample is None:
        return Diagnosis("charset", "ok", f"{declared}; only ASCII seen", dataset=dataset.name)
    column, raw = sample
    seen = f"{declared}; {column.name} begins with the bytes {raw[:SAMPLE_BYTES].hex(' ')}"
    charset = column.charset
    if charset is None and found.charset.upper() in _ASCII_ONLY:
        return Diagnosis(
            "charset", "warning", f"{seen}, which that charset does not have",
            "declare the charset of its bytes: 'charset: gb18030' in source.yml", dataset.name,
        )  # fmt: skip
    if charset is not None:
        try:
            raw.decode(charset)
        except UnicodeDecodeError:
            return Diagnosis(
                "charset", "warning", f"{seen}, which are not {charset}",
                "correct 'charset' in source.yml; such rows go to quarantine", dataset.name,
            )  # fmt: skip
        seen += f", read as {charset}"
    return Diagnosis("charset", "ok", seen, dataset=dataset.name)


def _sample(dataset: Dataset, texts: list[Column]) -> tuple[Column, bytes] | None:
    """The first value with a byte beyond ASCII among some rows, as it is stored."""
    asked = [with_charset(each, each.charset or "utf-8") for each in texts]
    select = selects.select(dataset.backend, asked, dataset.source).limit(SAMPLE_ROWS)
    dataset.pace.wait()
    rows = dataset.backend.read(select, asked)
    dataset.pace.took(rows.num_rows, rows.nbytes)
    for at, column in enumerate(texts):
        for value in rows.column(at).cast(pa.binary()).to_pylist():
            if value is not None and not value.isascii():
                return column, value
    return None
