"""What the stewards' report expects of whole tables: derived from the canonical entities, extended in YAML.

`expectations/<entity>.yml` names the entity and further expectations. Their vocabulary is closed: only
expectations whose results are counts, so that no value of a case ever reaches a report page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from hub.core.entities import ENTITIES, LINEAGE, Entity
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import Spec, SpecFile, read_yaml
from quality.schemas import Codelists, codes

FOLDER = CONTENT_ROOT / "quality" / "expectations"
NOT_DELETED = "deleted_at"

Kind = Literal[
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_column_pair_values_to_be_equal",
    "expect_column_value_lengths_to_be_between",
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_be_null",
    "expect_column_values_to_be_unique",
    "expect_column_values_to_match_regex",
    "expect_column_values_to_not_be_in_set",
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_not_match_regex",
    "expect_compound_columns_to_be_unique",
    "expect_table_row_count_to_be_between",
]


class Expected(Spec):
    """One expectation in Great Expectations' words, with what it says to people."""

    type: Kind
    kwargs: dict[str, Any]
    zh: str
    en: str
    severity: Literal["critical", "warning", "info"] = "critical"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it looks at; none for a whole table."""
        single = (self.kwargs.get(name) for name in ("column", "column_A", "column_B"))
        return (*filter(None, single), *self.kwargs.get("column_list", ()))


class Extension(Spec):
    """One file of `expectations/`."""

    entity: str
    expectations: tuple[Expected, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Suite:
    """What is expected of the table of one entity."""

    entity: Entity
    expected: tuple[Expected, ...]

    @property
    def query(self) -> str:
        """The rows that count, and only the columns that an expectation looks at. `case` is a reserved word."""
        wanted = {column for each in self.expected for column in each.columns}
        columns = ", ".join(f'"{name}"' for name in _table_columns(self.entity) if name in wanted)
        return f'SELECT {columns} FROM core."{self.entity.name}" WHERE {NOT_DELETED} IS NULL'  # noqa: S608


def load(codelists: Codelists, folder: Path = FOLDER) -> tuple[Suite, ...]:
    """The suite of every entity that has a file in `folder`, in the order of the files' names.

    Raises SpecError with file and line.
    """
    return tuple(_suite(read_yaml(path), codelists) for path in sorted(folder.glob("*.yml")))


def _suite(file: SpecFile, codelists: Codelists) -> Suite:
    extension = file.parse(Extension)
    if extension.entity not in ENTITIES:
        raise file.error(
            f"there is no entity '{extension.entity}'", ("entity",), f"one of {', '.join(ENTITIES)}"
        )
    entity = ENTITIES[extension.entity]
    known = _table_columns(entity)
    for position, expected in enumerate(extension.expectations):
        for column in expected.columns:
            if column not in known:
                raise file.error(
                    f"core.{entity.name} has no column '{column}'",
                    ("expectations", position, "kwargs"),
                    "see hub/core/entities.py",
                )
    return Suite(entity, (*derived(entity, codelists), *extension.expectations))


def derived(entity: Entity, codelists: Codelists) -> Iterator[Expected]:
    """What the entity's definition already says: rows exist, required is filled, the key is unique, codes are known."""
    yield Expected(
        type="expect_table_row_count_to_be_between",
        kwargs={"min_value": 1},
        zh=f"{entity.zh}表不为空",
        en=f"there is at least one {entity.en}",
    )
    for column in (*LINEAGE, *entity.columns):
        if column.required:
            yield Expected(
                type="expect_column_values_to_not_be_null",
                kwargs={"column": column.name},
                zh=f"{column.zh}必填",
                en=f"{column.en}: never empty",
            )
        if column.codelist:
            yield Expected(
                type="expect_column_values_to_be_in_set",
                kwargs={
                    "column": column.name,
                    "value_set": sorted(codes(column.codelist, codelists)),
                },
                zh=f"{column.zh}在代码表 {column.codelist} 中",
                en=f"{column.en}: a code of its list",
            )
    yield _unique(entity.key, entity)


def _unique(key: Iterable[str], entity: Entity) -> Expected:
    names = list(key)
    zh, en = f"{entity.zh}主键唯一", f"one row per {entity.en}"
    if len(names) == 1:
        return Expected(
            type="expect_column_values_to_be_unique", kwargs={"column": names[0]}, zh=zh, en=en
        )
    return Expected(
        type="expect_compound_columns_to_be_unique", kwargs={"column_list": names}, zh=zh, en=en
    )


def _table_columns(entity: Entity) -> list[str]:
    return [column.name for column in (*LINEAGE, *entity.columns)]
