"""The other formats of files as sources of the kit. All of them hold texts where a number would be rounded."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.conformance.file_sources import Folder, text
from tests.conformance.kit import Table

UNDECLARED = "each field is declared; what is not declared is not read"


def as_text(value: Any) -> str | None:
    return None if value is None else str(value)


class Zip(Folder):
    """Text inside archives, two members in each."""

    suffix = ".zip"
    settings = {"format": "text", "files": "*.zip!*.txt", "delimiter": "|", "charset": "gb18030"}
    lacks = Folder.lacks | {
        "null_and_empty": "delimited text has no NULL",
        "illegal_bytes": "the same reader as for text that is not packed",
    }

    def encoded(self, table: Table) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, rows in (("a.txt", table.rows[:2]), ("b.txt", table.rows[2:])):
                archive.writestr(name, text(Table(table.columns, rows), "gb18030"))
        return packed.getvalue()


class JsonLines(Folder):
    """An object on each line; integers and decimals are numbers there, of any length."""

    suffix = ".jsonl"
    charset = "utf-8"
    settings = {"format": "jsonl", "files": "*.jsonl", "charset": "utf-8"}
    lacks = Folder.lacks | {"drift": UNDECLARED, "char": "JSON has no fields of fixed width"}

    def declare(self, columns: Mapping[str, str]) -> None:
        self.settings = {**type(self).settings, "fields": {name: name for name in columns}}

    def encoded(self, table: Table) -> bytes:
        lines = [
            "{" + ", ".join(f"{json.dumps(k)}: {_json(v)}" for k, v in row.items()) + "}\n"
            for row in table.dicts()
        ]
        return "".join(lines).encode(self.charset)


def _json(value: Any) -> str:
    if isinstance(value, int | Decimal):
        return str(value)
    return json.dumps(as_text(value), ensure_ascii=False)


class Xml(Folder):
    """An element for each row and in it for each field; a NULL has no element."""

    suffix = ".xml"
    charset = "utf-8"
    settings = {"format": "xml", "files": "*.xml", "rows": "/Package/Case"}
    lacks = Folder.lacks | {
        "drift": UNDECLARED, "char": "XML has no fields of fixed width",
        "illegal_bytes": "a document with illegal bytes is no XML: the file is refused, and named",
    }  # fmt: skip

    def declare(self, columns: Mapping[str, str]) -> None:
        self.settings = {**type(self).settings, "fields": {name: name for name in columns}}

    def encoded(self, table: Table) -> bytes:
        rows = "".join(
            "<Case>"
            + "".join(f"<{k}>{escape(str(v))}</{k}>" for k, v in row.items() if v is not None)
            + "</Case>"
            for row in table.dicts()
        )
        return f"<?xml version='1.0' encoding='utf-8'?><Package>{rows}</Package>".encode()


class Excel(Folder):
    """A workbook of texts, as careful offices write identity numbers."""

    suffix = ".xlsx"
    settings = {"format": "excel", "files": "*.xlsx", "header": {"contains": ["id", "changed"]}}
    lacks = Folder.lacks | {
        "null_and_empty": "an empty cell is both",
        "illegal_bytes": "a workbook holds Unicode",
        "char": "cells have no fixed width",
    }

    def encoded(self, table: Table) -> bytes:
        import xlsxwriter

        written = io.BytesIO()
        with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            for column, name in enumerate(table.columns):
                sheet.write_string(0, column, name)
            for line, row in enumerate(table.rows, 1):
                for column, value in enumerate(row):
                    if value is not None:
                        sheet.write_string(line, column, str(value))
        return written.getvalue()


def as_cell(value: Any) -> str | None:
    """As it stands in the file: dates without hyphens, numbers digit by digit."""
    if type(value) is date:
        return value.isoformat().replace("-", "")
    return as_text(value)


class Dbf(Folder):
    """A FoxPro table; its types are its own: texts, numbers of up to 20 digits, dates."""

    suffix = ".DBF"
    pads = True
    settings = {"format": "dbf", "files": "*.DBF", "charset": "gb18030"}
    lacks = Folder.lacks | {
        "null_and_empty": "blank is both",
        "wide": "a table has 255 fields at most",
    }
    shapes = {
        "id": "N19.0", "integer19": "N20.0", "decimal": "N20.4", "date": "D8", "small": "N2.0", "char": "C24",
    }  # fmt: skip

    def encoded(self, table: Table) -> bytes:
        from demo.writers.dbf import DbfWriter, fields

        layout = ", ".join(
            f"{name} {self.shapes.get(kind, 'C200')}" for name, kind in table.columns.items()
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.DBF"
            writer = DbfWriter(path, fields(layout), date(2012, 3, 5))
            for row in table.rows:
                writer.write(list(map(as_cell, row)))
            writer.close()
            return path.read_bytes()


class Fixed(Folder):
    """Fields at fixed positions, counted in bytes of gb18030."""

    width = 40
    pads = True
    settings = {"format": "fixed", "files": "*.txt", "unit": "bytes", "charset": "gb18030"}
    lacks = Folder.lacks | {
        "null_and_empty": "blank is both",
        "drift": UNDECLARED,
    }

    def declare(self, columns: Mapping[str, str]) -> None:
        places = {
            name: f"{at * self.width + 1}-{(at + 1) * self.width}"
            for at, name in enumerate(columns)
        }
        self.settings = {**type(self).settings, "fields": places}

    def encoded(self, table: Table) -> bytes:
        return b"".join(
            b"".join((as_text(value) or "").encode("gb18030").ljust(self.width) for value in row)
            + b"\r\n"
            for row in table.rows
        )
