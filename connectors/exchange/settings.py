"""What may stand under `datasets` in a source.yml of the access method `exchange`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StrictStr, model_validator

from connectors.settings import Charset, Name
from hub.core.specs import DatasetSettings, Spec

FlagValue = StrictStr | StrictInt
Names = Annotated[tuple[Name, ...], Field(min_length=1)]


class Flag(Spec):
    """The column by which an exchange table says which rows are new, and what we write back."""

    column: Name
    new: FlagValue | Annotated[tuple[FlagValue | None, ...], Field(min_length=1)] | None
    """The value of rows to read, or a list of them; null where an unset flag means new."""
    done: FlagValue
    error: FlagValue
    """For rows that were quarantined."""
    error_column: Name | None = None
    """Where the reason code of a quarantined row goes, such as unmapped_power."""
    acknowledged_at: Name | None = None
    """Where the time goes at which a row was acknowledged."""

    @model_validator(mode="after")
    def _ends(self) -> Flag:
        told = {str(value) for value in self.values if value is not None}
        if {str(self.done), str(self.error)} & told:
            raise ValueError(
                "'done' and 'error' must differ from 'new', or rows would be new for ever"
            )
        return self

    @property
    def values(self) -> tuple[str | int | None, ...]:
        """All values that mean new."""
        return self.new if isinstance(self.new, tuple) else (self.new,)

    @property
    def written(self) -> tuple[str, ...]:
        """All columns that we may have to change."""
        return tuple(
            name for name in (self.column, self.error_column, self.acknowledged_at) if name
        )


class Ending(Spec):
    """A second table that tells how what a row of the first one began has ended, such as a special procedure's result.

    Its row with the highest version is read with the row that it ends, under `ending.<column>`. It has the same flag.
    """

    table: Name
    same: Names
    """Columns that both tables have and in which such rows agree."""
    version: Name
    """Its data version: what we have read is acknowledged, and nothing newer."""


class ExchangeSettings(DatasetSettings):
    """A table of a front-end machine's middle database."""

    table: Name
    """Table or schema.table, spelled as in the database."""
    order: Name | None = None
    """Column with a unique, increasing integer."""
    key: Names | None = None
    """Or: the columns of the table's key, data version included, in the order in which rows are to be read."""
    changed: Name | None = None
    """Column that changes whenever a row is written; without one, rows are told apart by their key alone."""
    flag: Flag
    ending: Ending | None = None
    names: Literal["upper", "lower"] | None = None
    """The case in which the mapping knows the columns; tables and columns are then found in any case."""
    charset: Charset | None = None
    """The charset of the bytes in all text columns, where the database declares another one."""

    @model_validator(mode="after")
    def _one_order(self) -> ExchangeSettings:
        if (self.order is None) == (self.key is None):
            raise ValueError("must have one of 'order' and 'key'")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name one row."""
        return self.key or ((self.order,) if self.order else ())
