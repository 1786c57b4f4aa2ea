"""What may stand under `datasets` in a source.yml, for the access method `files`. Light to import."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.settings import Charset, Name, OneCharacter
from hub.core.specs import DatasetSettings, Spec

_ROWS_PATH = re.compile(r"^//?(?:[\w.-]+:)?[\w.-]+(?:/(?:[\w.-]+:)?[\w.-]+)*$")


def _glob(pattern: str) -> str:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(
            "must be a pattern inside the folder of the connection, such as 'cases_*.txt'"
        )
    return pattern


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as failure:
        raise ValueError(f"is no regular expression ({failure})") from None
    return pattern


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


class FileSettings(DatasetSettings):
    """What all formats share."""

    format: str
    files: Annotated[str, Field(min_length=1), AfterValidator(_glob)]
    """Which files of the folder: a glob pattern, relative to it."""


class TextSettings(FileSettings):
    """Delimited text. Fields may hold delimiters and line breaks inside quotes; a quote is doubled."""

    format: Literal["text"]
    delimiter: OneCharacter
    charset: Charset = "gb18030"
    quote: OneCharacter | None = '"'
    header: bool = True
    fields: tuple[Name, ...] = ()
    """Field names, for files without a header."""

    @model_validator(mode="after")
    def _names_known(self) -> TextSettings:
        if self.header == bool(self.fields):
            raise ValueError("give 'fields' for files without a header, and only for them")
        if self.delimiter == self.quote or self.delimiter in "\r\n":
            raise ValueError("delimiter, quote and line end must differ")
        return self


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
    matches: Annotated[str, AfterValidator(_regular_expression)] | None = None

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
    "dbf": DbfSettings,
    "excel": ExcelSettings,
    "xml": XmlSettings,
}
