"""What may stand under `datasets` in a source.yml of the access method `http`. Light to import."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.http.since import Since
from connectors.settings import Charset, Name, OneCharacter
from hub.core.specs import DatasetSettings, Spec

Scalar = str | int | bool


def _path_below(path: str) -> str:
    if "://" in path or path.startswith("//"):
        raise ValueError("must be a path below the URL of the connection, such as /api/cases")
    return path


class ByOffset(Spec):
    """Rows are skipped and counted. `overlap`: rows of the page before that must come again; 0: no such check."""

    by: Literal["offset"]
    offset_param: Name = "offset"
    limit_param: Name = "limit"
    limit: int = Field(ge=1)
    overlap: int = Field(default=1, ge=0)

    @model_validator(mode="after")
    def _moves(self) -> ByOffset:
        if self.overlap >= self.limit > 1:
            raise ValueError("overlap must be smaller than limit")
        return self


class ByPage(Spec):
    """Pages have numbers; `first` is the number of the first one."""

    by: Literal["page"]
    page_param: Name = "page"
    size_param: Name | None = None
    size: int | None = Field(default=None, ge=1)
    first: int = 1

    @model_validator(mode="after")
    def _size_named(self) -> ByPage:
        if (self.size_param is None) != (self.size is None):
            raise ValueError("'size_param' and 'size' belong together")
        return self


class ByCursor(Spec):
    """Each page says with which value of `param` the next one is asked for (`next`: its path); none says the end."""

    by: Literal["cursor"]
    param: Name
    next: Name


class ByLink(Spec):
    """The header `Link` names the next page (RFC 8288, rel=next)."""

    by: Literal["link"]


class OnePage(Spec):
    """One answer holds everything."""

    by: Literal["none"]


class BySerial(Spec):
    """Each page begins after the last `field` of the page before, given as `param`; rows come in its order."""

    by: Literal["serial"]
    param: Name
    field: Name
    first: Scalar | None = None
    """What asks for the first page; default: nothing."""


Paging = Annotated[
    ByOffset | ByPage | ByCursor | BySerial | ByLink | OnePage, Field(discriminator="by")
]  # fmt: skip


class Ok(Spec):
    """How the body of a status-200 answer says that it is one: the value at `path` is one of `equals`."""

    path: Name
    equals: tuple[str, ...] = Field(min_length=1)
    busy: tuple[str, ...] = ()
    """Values that mean "not now": asked again later."""


class PagedSettings(DatasetSettings):
    """What web services of both kinds share."""

    paging: Paging
    since: Since | None = None
    max_pages: int = Field(default=100_000, ge=1)
    """More pages than this are taken for a source that does not end."""


class HttpSettings(PagedSettings):
    """What all formats share. Paths are dotted (data.rows.0) or JSON pointers (/data/rows/0)."""

    format: str = "json"
    path: Annotated[str, AfterValidator(_path_below)]
    method: Literal["GET", "POST"] = "GET"
    params: dict[Name, Scalar] = Field(default_factory=dict)
    body: dict[str, Any] | None = None
    """Template of a POST body; parameters of paging and of `since` are put into it (dotted names: inner objects)."""
    encoding: Literal["json", "form"] = "json"
    """How the body is sent."""
    headers: dict[Name, str] = Field(default_factory=dict)
    """No secrets: those belong to the connection."""
    charset: Charset | None = None
    """Of the answer; default: what its Content-Type says, else UTF-8."""

    @model_validator(mode="after")
    def _body_only_posted(self) -> HttpSettings:
        if self.method == "GET" and (self.body is not None or self.encoding != "json"):
            raise ValueError("'body' and 'encoding' need 'method: POST'")
        return self


class FieldsSettings(HttpSettings):
    """Formats whose rows are JSON objects. `fields`: field name → path; default: each member under its own name."""

    fields: dict[Name, Name] | None = Field(default=None, min_length=1)
    omits_empty: bool = False
    """The source leaves members without a value out; otherwise a path that no row has is a missing column."""

    @model_validator(mode="after")
    def _position_known(self) -> FieldsSettings:
        if self.since and self.fields and self.since.field not in self.fields:
            raise ValueError(f"since.field: {self.since.field} is not among 'fields'")
        return self


class JsonSettings(FieldsSettings):
    """A JSON document. `rows`: path of the list of rows, "" if the document is the list."""

    format: Literal["json"] = "json"
    rows: str = ""
    total: Name | None = None
    """Path of the number of all rows, if the source says it."""
    ok: Ok | None = None


class JsonLinesSettings(FieldsSettings):
    """One JSON object in each line."""

    format: Literal["jsonl"]

    @model_validator(mode="after")
    def _no_document(self) -> JsonLinesSettings:
        if isinstance(self.paging, ByCursor):
            raise ValueError(
                "paging: a list of lines has no place for a cursor: use link or offset"
            )
        return self


class CsvSettings(HttpSettings):
    """Delimited text with a header line."""

    format: Literal["csv"]
    delimiter: OneCharacter = ","
    quote: OneCharacter | None = '"'

    @model_validator(mode="after")
    def _no_document(self) -> CsvSettings:
        if isinstance(self.paging, ByCursor):
            raise ValueError("paging: delimited text has no place for a cursor: use link or offset")
        return self


class XmlRowsSettings(HttpSettings):
    """An XML document. `rows`: path of the row element; `fields`: field name → XPath relative to it."""

    format: Literal["xml"]
    rows: Name
    fields: dict[Name, Name] = Field(min_length=1)
    omits_empty: bool = False
    """As for JSON: the source leaves elements without a value out."""
    namespaces: dict[str, str] = Field(default_factory=dict)
    total: Name | None = None
    """XPath of the number of all rows."""
    ok: Ok | None = None

    @model_validator(mode="after")
    def _evaluable(self) -> XmlRowsSettings:
        from connectors.http.xml_rows import check_paths

        paths = {f"fields.{name}": path for name, path in self.fields.items()}
        paths |= {"rows": self.rows} | ({"total": self.total} if self.total else {})
        paths |= {"ok.path": self.ok.path} if self.ok else {}
        paths |= {"paging.next": self.paging.next} if isinstance(self.paging, ByCursor) else {}
        check_paths(paths, self.namespaces)
        return self


FORMATS: dict[str, type[HttpSettings]] = {
    "json": JsonSettings, "jsonl": JsonLinesSettings, "csv": CsvSettings, "xml": XmlRowsSettings,
}  # fmt: skip
