"""What may stand under `datasets` in a source.yml of the access method `inbox`. Light to import."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.files.file_settings import DoneMarker, Settle
from connectors.files.settings import TextSettings, XmlSettings
from connectors.settings import Name, OneCharacter
from hub.core.specs import DatasetSettings, Spec

Format = Literal["json", "csv", "xml"]

_DURATION = re.compile(r"^\d+[mhd]$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _duration(text: str) -> str:
    if not _DURATION.match(text):
        raise ValueError("must be minutes, hours or days, such as 90m, 12h or 30d")
    return text


Duration = Annotated[str, AfterValidator(_duration)]


def timedelta_of(duration: Duration) -> timedelta:
    """'30d' as a timedelta."""
    return timedelta(**{_UNITS[duration[-1]]: int(duration[:-1])})


class JsonSettings(Spec):
    """An array of objects, or `{"rows": [...]}`. A number is kept as its own text, so that none is rounded."""

    fields: tuple[Name, ...] = ()
    """Fields that a row may leave out: null then. A field that is in no row and not named here is missing (drift)."""


class CsvSettings(Spec):
    """Delimited text, as in the access method `files`; a charset in the Content-Type goes before the one here."""

    delimiter: OneCharacter = ","
    charset: str = "utf-8"
    quote: OneCharacter | None = '"'
    header: bool = True
    fields: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _as_text(self) -> CsvSettings:
        self.text()
        return self

    def text(self) -> TextSettings:
        """The same for the reader of text files."""
        return TextSettings(format="text", files="*", **self.model_dump())


class XmlBodySettings(Spec):
    """An XML package, as in the access method `files`: `rows` is the path of the row element, `fields` their XPaths."""

    rows: Name
    fields: dict[Name, Name] = Field(min_length=1)
    namespaces: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _as_xml(self) -> XmlBodySettings:
        self.xml()
        return self

    def xml(self) -> XmlSettings:
        """The same for the reader of XML files."""
        return XmlSettings(format="xml", files="*", **self.model_dump())


class Accepts(Spec):
    """The formats that may be pushed; the Content-Type of a push, or the ending of a dropped file, chooses one."""

    of_json: JsonSettings | None = Field(default=None, alias="json")
    of_csv: CsvSettings | None = Field(default=None, alias="csv")
    of_xml: XmlBodySettings | None = Field(default=None, alias="xml")

    @model_validator(mode="after")
    def _something(self) -> Accepts:
        if not self.formats:
            raise ValueError("name at least one of json, csv, xml")
        return self

    @property
    def formats(self) -> dict[Format, Any]:
        """Format → its settings."""
        known: dict[Format, Any] = {
            "json": self.of_json, "csv": self.of_csv, "xml": self.of_xml
        }  # fmt: skip
        return {name: settings for name, settings in known.items() if settings is not None}


class InboxSettings(DatasetSettings):
    """One kind of record that a department sends of its own accord."""

    accepts: Accepts
    max_bytes: int = Field(default=32 * 2**20, ge=1, le=2**30)
    """Of one push."""
    max_rows: int = Field(default=100_000, ge=1)
    """Of one push."""
    keep: Duration = "30d"
    """How long a payload stays after its last row was acknowledged. It holds identity data in clear."""
    keep_receipts: Duration = "400d"
    """How long a receipt can be asked for, and its Idempotency-Key is remembered."""
    settle: Settle = "5s"
    """A file in the drop folder that changed less long ago waits for the next run."""
    done_marker: DoneMarker | None = None
    """Where it is set, a file in the drop folder waits for its marker."""

    @model_validator(mode="after")
    def _no_sweep(self) -> InboxSettings:
        if self.sweep is not None:
            raise ValueError("a source that pushes cannot be swept: deletes are 'flag' or 'none'")
        return self
