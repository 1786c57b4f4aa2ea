"""What may stand under `datasets` in a source.yml of the access method `soap`. Light to import."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.http.settings import ByLink, Ok, PagedSettings, XmlRowsSettings
from connectors.settings import Name

Secret = Literal["user", "password", "key", "bearer"]


def _wsdl(place: str) -> str:
    path = PurePosixPath(place)
    if not place.startswith(("?", "/")) and (".." in path.parts or "://" in place):
        raise ValueError(
            "must be a file in the department's folder, or begin with ? or / (below the connection's URL)"
        )
    return place


class SoapSettings(PagedSettings):
    """An operation that gives rows. Parameters of paging and of `since` are arguments, dotted for inner ones."""

    wsdl: Annotated[str, AfterValidator(_wsdl)] = "?wsdl"
    service: Name | None = None
    """Of the WSDL; default: its first one."""
    port: Name | None = None
    operation: Name
    arguments: dict[Name, Any] = Field(default_factory=dict)
    credentials: dict[Name, Secret] = Field(default_factory=dict)
    """Argument → which secret of the connection it takes: user, password, key, bearer."""

    @model_validator(mode="after")
    def _no_link(self) -> SoapSettings:
        if isinstance(self.paging, ByLink):
            raise ValueError("paging: a SOAP answer has no link")
        return self


class StructuredSettings(SoapSettings):
    """The rows are elements that the WSDL describes. Paths are dotted, from the operation's result."""

    result: Literal["structured"] = "structured"
    rows: str = ""
    """Path of the rows, "" if the result is the list."""
    fields: dict[Name, Name] | None = Field(default=None, min_length=1)
    omits_empty: bool = True
    """Elements that the WSDL knows are there even when the answer leaves them out."""
    total: Name | None = None
    ok: Ok | None = None


class XmlTextSettings(SoapSettings):
    """The result holds a text that is an XML document itself. `text`: its path, "" if it is the result."""

    result: Literal["xml"]
    text: str = ""
    rows: Name
    fields: dict[Name, Name] = Field(min_length=1)
    omits_empty: bool = False
    namespaces: dict[str, str] = Field(default_factory=dict)
    total: Name | None = None
    ok: Ok | None = None

    @model_validator(mode="after")
    def _evaluable(self) -> XmlTextSettings:
        self.document()
        return self

    def document(self) -> XmlRowsSettings:
        """The same, as the settings of an XML document. Raises pydantic's ValidationError."""
        shared = {
            "paging", "rows", "fields", "omits_empty", "namespaces", "total", "ok", "deletes", "deleted",
        }  # fmt: skip
        given = self.model_dump(include=shared, exclude_defaults=True)
        return XmlRowsSettings.model_validate({"format": "xml", "path": self.operation, **given})


RESULTS: dict[str, type[SoapSettings]] = {
    "structured": StructuredSettings, "xml": XmlTextSettings,
}  # fmt: skip
