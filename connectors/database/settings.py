"""What may stand under `datasets` in a source.yml of the access method `database`. Light to import."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from connectors.settings import Charset, Name
from hub.core.specs import DatasetSettings, Spec

_TIME = re.compile(r"^(\d+)([smhd])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Texts, quoted names and comments: what stands in them says nothing about what a query does.
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/", re.DOTALL)
_CHANGES = re.compile(
    r"\b(?:INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE|EXEC|EXECUTE|CALL|INTO)\b",
    re.IGNORECASE,
)


def _lag(lag: int | str) -> int | str:
    if isinstance(lag, str) and not _TIME.match(lag):
        raise ValueError("must be a time such as 15m (s, m, h, d), or a whole number")
    if isinstance(lag, int) and lag < 0:
        raise ValueError("must not be negative")
    return lag


def _single_select(query: str) -> str:
    bare = _QUOTED.sub(" ' ", query).strip().rstrip(";").strip()
    if not re.match(r"(?:SELECT|WITH)\b", bare, re.IGNORECASE) or ";" in bare:
        raise ValueError("must be a single SELECT")
    if found := _CHANGES.search(bare):
        raise ValueError(f"must be a SELECT that only reads; it has the word {found[0].upper()}")
    return query


def seconds(lag: str) -> int:
    """A time such as 15m in seconds."""
    found = _TIME.match(lag)
    assert found is not None  # checked when the settings were read
    return int(found[1]) * _SECONDS[found[2]]


Lag = Annotated[int | str, AfterValidator(_lag)]
Query = Annotated[str, AfterValidator(_single_select)]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]


class Keyset(Spec):
    """Rows in the order of a column that grows with every change, and of the key where it is the same."""

    cursor: Name
    """Column of the time of the last change, or of an increasing number."""
    key: Names
    """Columns that name one row, in the order in which they are compared; best those of an index."""
    lag: Lag
    """How far behind the highest value a transaction that is not committed yet may be: a time, or a number where
    the cursor is one. Each run reads this part again."""


class Snapshot(Spec):
    """All rows, every run, in the order of the key: for tables where nothing tells what changed."""

    key: Names


class Strategy(Spec):
    """One of them."""

    keyset: Keyset | None = None
    snapshot: Snapshot | None = None

    @model_validator(mode="after")
    def _one(self) -> Strategy:
        if (self.keyset is None) == (self.snapshot is None):
            raise ValueError("must be one of 'keyset' and 'snapshot'")
        return self


class DatabaseSettings(DatasetSettings):
    """A table, a view, or a SELECT of the department's own."""

    table: Name | None = None
    """Table or schema.table, spelled as in the database."""
    query: Query | None = None
    columns: tuple[Name, ...] = ()
    """Which columns to read; empty: all. Those of key, cursor and `deleted` are read in any case."""
    charset: Charset | dict[Name, Charset] | None = None
    """The charset of the bytes in all text columns, or by column, where the database declares another one."""
    strategy: Strategy

    @model_validator(mode="after")
    def _one_source(self) -> DatabaseSettings:
        if (self.table is None) == (self.query is None):
            raise ValueError("must have one of 'table' and 'query'")
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that name one row."""
        strategy = self.strategy.keyset or self.strategy.snapshot
        return strategy.key if strategy else ()

    @property
    def cursor(self) -> str | None:
        """The column of the last change."""
        return self.strategy.keyset.cursor if self.strategy.keyset else None

    def charset_of(self, column: str) -> str | None:
        """What is declared for one column."""
        return self.charset.get(column) if isinstance(self.charset, dict) else self.charset
