"""What may stand under `datasets` in a source.yml, for the access method `files`, by format. Light to import."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.files.file_settings import FileSettings, regular_expression
from connectors.settings import Charset, Name, OneCharacter
from hub.core.specs import Spec

_ROWS_PATH = re.compile(r"^//?(?:[\w.-]+:)?[\w.-]+(?:/(?:[\w.-]+:)?[\w.-]+)*$")
_POSITIONS = r"^[1-9]\d{0,5}(-[1-9]\d{0,5})?$"


def _xpath(expression: str) -> str:
    from lxml import etree

    try:
        etree.XPath(expression)
    except etree.XPathSyntaxError as failure:
        raise ValueError(f"is no XPath ({failure})") from None
    return expression


def _rows_path(expression: str) -> str:
    if not _ROWS_PATH.match(expression):
        raise ValueError(
            "must be a plain path to the row element, such as /Package/Body/Case or //Case"
        )
    return expression


class TextSettings(FileSettings):
    """Delimited text. Fields may hold delimiters and line breaks inside quotes; a quote is doubled."""

    format: Literal["text"]
    delimiter: Annotated[str, Field(min_length=1, max_length=8)]
    """One character or several, such as '|@|'."""
    charset: Charset = "gb18030"
    quote: OneCharacter | None = '"'
    header: bool = True
    fields: tuple[Name, ...] = ()
    """Field names, for files without a header."""

    @model_validator(mode="after")
    def _names_known(self) -> TextSettings:
        if self.header == bool(self.fields):
            raise ValueError("give 'fields' for files without a header, and only for them")
        ends = {"\r", "\n", "\0", self.quote} & set(self.delimiter)
        if ends or self.quote in ("\r", "\n", "\0"):
            raise ValueError("delimiter, quote and line end must differ")
        return self


class FixedSettings(FileSettings):
    """Lines whose fields stand at fixed positions."""

    format: Literal["fixed"]
    unit: Literal["bytes", "characters"]
    """What positions count. Most old systems count bytes: a Chinese character of GB18030 takes two or four."""
    fields: dict[Name, Annotated[str, Field(pattern=_POSITIONS)]] = Field(min_length=1)
    """Field name → first and last position, counted from 1: '1-18', or '19' for a single one."""
    charset: Charset = "gb18030"
    header: bool = False
    """The first line names the fields and is no record."""
    trimmed: bool = False
    """Blanks at the end of a line may be missing; else a line that is too short is a damaged row."""

    @model_validator(mode="after")
    def _in_order(self) -> FixedSettings:
        for name, (start, end) in self.spans.items():
            if end <= start:
                raise ValueError(f"fields.{name}: the last position lies before the first")
        return self

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Field name → start and end, counted from 0, the end exclusive."""
        found = {}
        for name, positions in self.fields.items():
            first, _, last = positions.partition("-")
            found[name] = (int(first) - 1, int(last or first))
        return found


class JsonLinesSettings(FileSettings):
    """One JSON object per line. `fields`: field name → where its value stands."""

    format: Literal["jsonl"]
    fields: dict[Name, Name] = Field(min_length=1)
    """`a.b.0` or, where names hold dots, a JSON pointer: `/a/b/0` (RFC 6901)."""
    charset: Charset = "utf-8"


class AccessSettings(FileSettings):
    """A table of Access databases (.mdb, .accdb), read by mdbtools."""

    format: Literal["access"]
    table: Annotated[str, Field(pattern=r"^[^-]")]
    charset: Charset = "gb18030"
    """Of databases up to Access 97 (Jet 3); newer ones hold Unicode."""


class DbfSettings(FileSettings):
    """dBase III and IV, FoxPro and Visual FoxPro tables."""

    format: Literal["dbf"]
    charset: Charset = "gb18030"
    """Declared, never guessed: the code-page mark of old tables is missing or wrong."""


class HeaderRow(Spec):
    """The header row is the first row that holds all these cells."""

    contains: tuple[Name, ...] = Field(min_length=1)


class FurnitureRule(Spec):
    """Rows that the layout declares to be no records: `blank`, or those whose cell matches."""

    name: Name
    column: str | None = None
    matches: Annotated[str, AfterValidator(regular_expression)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> FurnitureRule:
        conditions = {self.column is not None, self.matches is not None}
        if conditions != {self.name != "blank"}:
            raise ValueError("a rule has 'column' and 'matches'; only the rule 'blank' has neither")
        return self


class ExcelSettings(FileSettings):
    """Excel workbooks (xlsx, xls, xlsb by content). `sheets`: a name, a list, "*"; default the first."""

    format: Literal["excel"]
    sheets: str | tuple[str, ...] | None = None
    charset: Charset = "gb18030"
    """Of workbooks of Excel 5.0 and 95; newer ones hold Unicode."""
    header: HeaderRow
    furniture: tuple[FurnitureRule, ...] = ()


class XmlSettings(FileSettings):
    """XML packages. `rows`: path of the row element; `fields`: field name → XPath relative to it."""

    format: Literal["xml"]
    rows: Annotated[str, AfterValidator(_rows_path)]
    fields: dict[Name, Annotated[str, AfterValidator(_xpath)]] = Field(min_length=1)
    namespaces: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _evaluable(self) -> XmlSettings:
        from lxml import etree

        for name, path in self.fields.items():
            try:
                etree.XPath(path, namespaces=self.namespaces)(etree.Element("row"))
            except etree.XPathError as failure:
                raise ValueError(f"fields.{name}: {failure}") from None
        prefixes = {step.split(":")[0] for step in self.rows.split("/") if ":" in step}
        if unknown := prefixes - set(self.namespaces):
            raise ValueError(f"rows: {', '.join(sorted(unknown))} not among the namespaces")
        return self


FORMATS: dict[str, type[FileSettings]] = {
    "text": TextSettings,
    "fixed": FixedSettings,
    "jsonl": JsonLinesSettings,
    "access": AccessSettings,
    "dbf": DbfSettings,
    "excel": ExcelSettings,
    "xml": XmlSettings,
}
