"""What may stand under `datasets` in a source.yml of the access method `exchange`."""

from __future__ import annotations

from connectors.settings import Name
from hub.core.specs import DatasetSettings, Spec


class Flag(Spec):
    """The column by which an exchange table says which rows are new, and what we write back."""

    column: Name
    new: str | None
    """The value of rows to read; null where an unset flag means new."""
    done: str
    error: str


class ExchangeSettings(DatasetSettings):
    """A table of a front-end machine's middle database."""

    table: Name
    """Table or schema.table, spelled as in the database."""
    order: Name
    """Column with a unique, increasing integer."""
    flag: Flag
