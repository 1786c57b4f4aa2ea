"""The push parsers on arbitrary bodies and headers: no defect, no hang, and as many rows on disk as were counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.inbox import bodies
from connectors.inbox.bodies import Body
from connectors.inbox.malformed import Malformed, TooManyRows
from connectors.inbox.settings import InboxSettings
from hub.core.batches import DEFECT, ROW

SETTINGS = InboxSettings.model_validate(
    {
        "accepts": {
            "json": {"fields": ["no"]},
            "csv": {},
            "xml": {"rows": "//Case", "fields": {"no": "No", "name": "Name", "up": "../Head/Id"}},
        },
        "max_rows": 1_000,
    }
)
FORMATS = ("json", "csv", "xml")
CHARSETS = (None, "utf-8", "gb18030", "iso8859-1")
AT_MOST = settings(
    max_examples=150, deadline=timedelta(seconds=5), suppress_health_check=[HealthCheck.too_slow]
)

# Texts that the formats are made of, so that arbitrary bytes get past the first character.
PIECES = [
    "[", "]", "{", "}", '{"rows":', '"', '"a":', ":", ",", "null", "1e9999", "NaN", "-Infinity", "\\u0000",
    "\\ud800", "\\", "\n", "\r\n", "\x00", "\ufeff", "㐂", "123456789012345678901234567890", "1.10", '"\t"',
    "<Case>", "</Case>", "<No>", "</No>", "<P>", "</P>", "<?xml version='1.0' encoding='gb2312'?>", "&amp;", "&#0;",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "<![CDATA[", "]]>", "<!--", "-->", "no,name\n", '""', "'", ";", " ",
]  # fmt: skip
soup = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40).map("".join)


@st.composite
def bodies_of_bytes(draw: st.DrawFn) -> bytes:
    """Formats' own pieces in any order and charset, and now and then bytes of no charset."""
    coded = draw(soup).encode(draw(st.sampled_from(["utf-8", "gb18030"])), "surrogatepass")
    return coded + draw(st.binary(max_size=8)) if draw(st.booleans()) else coded


@contextmanager
def payload(data: bytes) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "payload"
        path.write_bytes(data)
        yield path


def read(data: bytes, body: Body) -> list[dict[str, object]] | None:
    """The rows of a body; None if it is refused. Counting and reading must agree."""
    with payload(data) as path:
        try:
            counted = bodies.count(path, body, SETTINGS)
        except TooManyRows:
            return None
        except Malformed as failure:
            assert failure.what
            assert "payload" not in failure.what, "a path on the server"
            return None
        rows = [row for t in bodies.tables(path, body, "f", SETTINGS) for row in t.to_pylist()]
    assert len(rows) == counted
    assert [row[ROW] for row in rows] == list(range(1, counted + 1))
    return rows


@pytest.mark.parametrize("format", FORMATS)
@given(data=bodies_of_bytes(), charset=st.sampled_from(CHARSETS))
@AT_MOST
def test_any_body_is_read_or_refused(format: str, data: bytes, charset: str | None) -> None:
    read(data, Body(format, charset))  # type: ignore[arg-type]


texts = st.text(st.characters(codec="utf-8"), max_size=12)
scalars = (
    st.none() | st.booleans() | st.integers() | texts
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6)  # fmt: skip
objects = st.dictionaries(texts.filter(lambda name: "\0" not in name), values, max_size=5)


@given(rows=st.lists(objects, max_size=8), wrapped=st.booleans(), ascii=st.booleans())
@AT_MOST
def test_every_json_row_arrives_with_its_values(
    rows: list[dict[str, object]], wrapped: bool, ascii: bool
) -> None:
    document = {"rows": rows} if wrapped else rows
    found = read(json.dumps(document, ensure_ascii=ascii).encode(), Body("json"))
    assert found is not None
    assert len(found) == len(rows)
    for row, came in zip(rows, found, strict=True):
        storable = not any(isinstance(value, str) and "\0" in value for value in row.values())
        if storable and "\\u0000" not in json.dumps(list(row.values())):
            assert came[DEFECT] is None
        if came[DEFECT] is not None:
            assert json.loads(came["_bytes"]) == row  # type: ignore[arg-type]
            continue
        plain = {name: value for name, value in row.items() if name in came and name != "no"}
        for name, value in plain.items():
            expected = value if value is None or isinstance(value, str) else json.dumps(value)
            if not isinstance(value, list | dict):
                assert came[name] == expected
            else:
                assert json.loads(str(came[name])) == value


@given(rows=st.lists(st.tuples(texts, texts), max_size=8))
@AT_MOST
def test_every_csv_row_arrives(rows: list[tuple[str, str]]) -> None:
    import csv
    import io

    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([("no", "name"), *rows])
    found = read(written.getvalue().encode(), Body("csv"))
    assert found is not None
    assert len(found) >= len(rows)
    if not any("\0" in text for row in rows for text in row):
        assert [(row["no"], row["name"]) for row in found] == rows


@given(rows=st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=12), max_size=8), charset=st.sampled_from(["utf-8", "gb18030"]))  # fmt: skip
@AT_MOST
def test_every_xml_row_arrives(rows: list[str], charset: str) -> None:
    from lxml import etree

    package = etree.Element("Package")
    for text in rows:
        etree.SubElement(etree.SubElement(package, "Case"), "No").text = text
    written = etree.tostring(package, encoding="unicode").encode(charset)
    found = read(written, Body("xml", charset))
    assert found is not None
    assert [row["no"] for row in found] == rows


@given(data=bodies_of_bytes())
@settings(AT_MOST, max_examples=100)
def test_lines_of_unclosed_quotes_end_in_time(data: bytes) -> None:
    read(b"no,name\n" + (data + b'\n1,"') * 400, Body("csv"))
