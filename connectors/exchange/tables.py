"""An exchange table as one run finds it: its columns by their names here and there, and which of its rows are new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

import pyarrow as pa
import sqlalchemy as sa

from connectors.exchange.settings import ExchangeSettings
from connectors.sql import Backend, Column, selects, with_charset
from connectors.tables import field_names
from hub.core.errors import SourceRefused

PREFIX = "ending."
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are those of the table, then those of its ending with PREFIX; `names` is how we hand them on."""

    where: str
    backend: Backend
    settings: ExchangeSettings
    table: str
    ending: str | None
    columns: tuple[Column, ...]
    names: tuple[str, ...]
    nullable: frozenset[str]
    """Columns of the key that may be null."""

    @property
    def source(self) -> sa.FromClause:
        """What to select from: `columns` by their names."""
        if self.settings.ending is None or self.ending is None:
            return selects.table(self.table)
        return self._with_ending(
            self.ending, self.settings.ending.same, self.settings.ending.version
        )

    @property
    def key(self) -> tuple[Column, ...]:
        """The columns that name one row, in reading order."""
        return tuple(self.column(name) for name in self.settings.keys)

    @property
    def is_new(self) -> Condition:
        """The condition that the flag of a row of `source` says new, or that of its ending."""
        flag = self.column(self.settings.flag.column)
        if self.settings.ending is None:
            return self.says_new(flag)
        matched = self.column(PREFIX + self.settings.ending.same[0])
        ended = self.column(PREFIX + self.settings.flag.column)
        return sa.or_(
            self.says_new(flag),
            sa.and_(selects.column(matched.name).is_not(None), self.says_new(ended)),
        )

    def says_new(self, flag: Column, name: str | None = None) -> Condition:
        """The condition on one flag column, which statements may call by another name."""
        element = selects.column(name or flag.name)
        values = self.settings.flag.values
        told = [self.flag_value(flag, value) for value in values if value is not None]
        conditions: list[Condition] = [element.is_(None)] if None in values else []
        if told:
            conditions.append(element == told[0] if len(told) == 1 else element.in_(told))
        return sa.or_(*conditions)

    def flag_value(self, flag: Column, value: str | int) -> sa.ColumnElement[object]:
        """A flag's value as the column's type wants it: a text never meets a number in a statement."""
        if pa.types.is_integer(flag.arrow) or pa.types.is_decimal(flag.arrow):
            try:
                value = int(Decimal(value))
            except InvalidOperation:
                raise SourceRefused(
                    f"{flag.name} holds numbers, its flag in source.yml is none", where=self.where,
                    remedy="correct 'flag' in source.yml",
                ) from None  # fmt: skip
        else:
            value = str(value)
        return selects.literal(self.backend, flag, value)

    def column(self, name: str) -> Column:
        """A column by its name in source.yml. Raises SourceRefused."""
        return found(self.columns, name, self.settings, self.where)

    def handed_on(self, column: Column) -> str:
        """The name of a column in raw tables."""
        return self.names[self.columns.index(column)]

    def _with_ending(self, ending: str, same: Sequence[str], version: str) -> sa.FromClause:
        """Every row with the row that ends it, of which the highest version counts; nulls where nothing has ended it."""
        own = [each.name for each in self.columns if not each.name.startswith(PREFIX)]
        others = [each.name.removeprefix(PREFIX) for each in self.columns[len(own) :]]
        mine = named(self.table, own).alias("hub_mine")
        last, later = (named(ending, others).alias(f"hub_{name}") for name in ("last", "later"))
        theirs = [self.column(PREFIX + name).name.removeprefix(PREFIX) for name in same]
        counted = self.column(PREFIX + version).name.removeprefix(PREFIX)
        superseded = sa.exists().where(
            *(later.c[name] == last.c[name] for name in theirs), later.c[counted] > last.c[counted]
        )
        # A query of its own: Oracle before 12 joins to no condition that holds a subquery (ORA-01799).
        its = sa.select(*last.c).where(sa.not_(superseded)).subquery("hub_its")
        pairs = [
            mine.c[self.column(name).name] == its.c[other]
            for name, other in zip(same, theirs, strict=True)
        ]
        joined = mine.outerjoin(its, sa.and_(*pairs))
        labelled = [
            *(mine.c[name].label(selects.exact(name)) for name in own),
            *(its.c[name].label(selects.exact(PREFIX + name)) for name in others),
        ]
        return sa.select(*labelled).select_from(joined).subquery("hub_rows")


def opened(where: str, backend: Backend, settings: ExchangeSettings) -> Table:
    """Look at the table as it is now. Raises SourceRefused when it or a column that is needed is not there."""
    name, facts = _spelled(backend, settings.table, settings)
    columns = _described(backend, name, settings)
    ending = None
    if settings.ending is not None:
        ending, _ = _spelled(backend, settings.ending.table, settings)
        columns += tuple(
            replace(each, name=PREFIX + each.name) for each in _described(backend, ending, settings)
        )
    table = Table(
        where, backend, settings, name, ending, columns, _names(columns, settings), frozenset()
    )
    for needed in (*settings.flag.written, *filter(None, [settings.changed])):
        table.column(needed)
    keys = frozenset(each.name for each in table.key)
    return replace(table, nullable=keys if facts is None else keys & facts)


def named(table: str, columns: Sequence[str]) -> sa.TableClause:
    """A table with those of its columns, by their names there."""
    bare = selects.table(table)
    return sa.table(bare.name, *map(selects.column, columns), schema=bare.schema)


def found(columns: Sequence[Column], name: str, settings: ExchangeSettings, where: str) -> Column:
    """The column of that name; in any case, if the settings say so."""
    matching = [each for each in columns if each.name == name]
    if not matching and settings.names:
        matching = [each for each in columns if each.name.lower() == name.lower()]
    if len(matching) != 1:
        raise SourceRefused(
            f"there is no column {name}", where=where,
            remedy="compare source.yml with the database; names are spelled exactly",
        )  # fmt: skip
    return matching[0]


def _spelled(
    backend: Backend, name: str, settings: ExchangeSettings
) -> tuple[str, frozenset[str] | None]:
    """The name under which the database knows a table, and its columns that may be null (None: nobody knows)."""
    nullable = backend.facts(name).nullable
    if nullable is None and settings.names:
        schema, dot, own = name.rpartition(".")
        for other in (f"{schema}{dot}{own.lower()}", f"{schema}{dot}{own.upper()}"):
            if other != name and (nullable := backend.facts(other).nullable) is not None:
                return other, nullable
    return name, nullable


def _described(backend: Backend, name: str, settings: ExchangeSettings) -> tuple[Column, ...]:
    return tuple(
        with_charset(each, settings.charset) for each in backend.columns(selects.table(name))
    )


def _names(columns: Sequence[Column], settings: ExchangeSettings) -> tuple[str, ...]:
    def cased(name: str) -> str:
        return name.upper() if settings.names == "upper" else name.lower()

    if settings.names is None:
        return tuple(field_names([each.name for each in columns]))
    return tuple(
        field_names(
            [
                PREFIX + cased(each.name.removeprefix(PREFIX))
                if each.name.startswith(PREFIX)
                else cased(each.name)
                for each in columns
            ]
        )
    )
