"""The suites: what is expected of the rows of each canonical entity, and of a department as a whole.

Derived from the entities' definitions, extended in `expectations/<suite>.yml` and in a department's `quality.yml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.core.entities import ENTITIES, LINEAGE, Column, Entity, Kind
from hub.core.errors import SpecError
from hub.core.settings import CONTENT_ROOT, TIME_ZONE
from hub.core.specs import SpecFile, read_yaml
from quality.expected import ROW_KEY, Expected, columns_of, month_of, of_facts, of_rows
from quality.schemas import EARLIEST, LATEST, Codelists
from quality.vocabulary import (
    Between,
    Check,
    Codes,
    Distribution,
    Extension,
    Fact,
    Filled,
    Holds,
    Mean,
    OfRows,
    Share,
    Unique,
    Volume,
)

Place = tuple[str | int, ...]

FOLDER = CONTENT_ROOT / "quality" / "expectations"
WHOLE = "department"
"""The suite of facts about a department as a whole: what landed, when, and whether it is all there."""

CASE_JOIN = 'left join core."case" c on c.case_id = r.case_id and c.deleted_at is null'
BATCH_JOIN = "left join ops.batch b on b.batch_id = r.batch_id"


@dataclass(frozen=True, slots=True)
class Suite:
    """What is expected of one entity's rows, or (`entity` is None) of a department as a whole."""

    name: str
    zh: str
    en: str
    entity: Entity | None
    expected: tuple[Expected, ...]
    joins: tuple[str, ...] = ()
    month: str | None = None

    def rows_sql(self, without: Iterable[str] = ()) -> str:
        """The working table: living rows of the departments in {scope}, and only the columns that are looked at.

        Derived columns in `without` are left out.
        """
        assert self.entity is not None
        reads = {name for each in self.expected for name in each.reads}
        known = {column.name: column for column in (*LINEAGE, *self.entity.columns)}
        columns = [
            _read(column) for name, column in known.items() if name in reads - {"department"}
        ]
        columns += [
            f'{sql} as "{name}"' for name, sql in self.derived().items() if name not in without
        ]
        if self.month:
            columns.append(f"{month_of(self.month)} as month")
        return (
            f"select r.department, {_row_key(self.entity)} as {ROW_KEY}, {', '.join(columns)}\n"
            f'from core."{self.entity.name}" r join {{scope}} s on s.department = r.department\n'
            f"{chr(10).join(self.joins)}\nwhere r.deleted_at is null"
        )

    def derived(self) -> dict[str, str]:
        """Derived working column → SQL."""
        return {name: sql for each in self.expected for name, sql in each.derived.items()}

    def rows(self) -> tuple[Expected, ...]:
        """The expectations that look at rows."""
        return tuple(each for each in self.expected if each.rows)

    def facts(self) -> tuple[Expected, ...]:
        """The expectations that look at facts."""
        return tuple(each for each in self.expected if each.fact)


def load(codelists: Codelists, folder: Path = FOLDER) -> dict[str, Suite]:
    """Suite name → suite: one per entity, in the order of their definition, and `department` last.

    Raises SpecError with file and line.
    """
    for path in sorted(folder.glob("*.yml")):
        if path.stem not in (*ENTITIES, WHOLE):
            known = ", ".join((*ENTITIES, WHOLE))
            raise SpecError("there is no such entity", file=path, remedy=f"name it after {known}")
    return {name: _suite(name, folder / f"{name}.yml", codelists) for name in (*ENTITIES, WHOLE)}


def extended(
    suite: Suite, department: str, check: Check, codelists: Codelists, file: SpecFile, at: Place
) -> Suite:
    """The suite with what one department adds at that place of its file. Raises SpecError."""
    added = replace(_expected(suite, check, codelists, file, at), departments=(department,))
    return replace(suite, expected=(*suite.expected, added))


def _suite(name: str, path: Path, codelists: Codelists) -> Suite:
    entity = ENTITIES.get(name)
    titles = (entity.zh, entity.en) if entity else ("部门", "department")
    bare = Suite(name, *titles, entity, (), _joins(entity))
    if entity:
        derived = tuple(_made(bare, check, codelists) for check in _derived(entity))
        bare = replace(bare, expected=derived)
    if not path.exists():
        return bare
    file = read_yaml(path)
    extension = file.parse(Extension)
    if extension.entity != name:
        raise file.error(f"entity: {extension.entity} in {path.name}", ("entity",), f"say {name}")
    suite = replace(bare, joins=(*bare.joins, *extension.joins), month=extension.month)
    for position, check in enumerate(extension.expectations):
        made = _expected(suite, check, codelists, file, ("expectations", position))
        suite = replace(suite, expected=(*suite.expected, made))
    return suite


def _made(suite: Suite, check: Check, codelists: Codelists) -> Expected:
    if isinstance(check, OfRows):
        return of_rows(suite.name, check, codelists)
    return of_facts(suite.name, check)


def _expected(
    suite: Suite, check: Check, codelists: Codelists, file: SpecFile, at: Place
) -> Expected:
    known = {column.name for column in (*LINEAGE, *(suite.entity.columns if suite.entity else ()))}
    if not isinstance(check, Fact) and suite.entity is None:
        raise file.error(f"{check.expect}: a department has no rows", at, "use a fact, or a suite")
    for column in columns_of(check):
        if suite.entity and column not in known:
            raise file.error(
                f"core.{suite.name} has no column '{column}'", at, "see hub/core/entities.py"
            )
    if isinstance(check, Share | Mean | Distribution | Volume) and not (check.month or suite.month):
        raise file.error(f"{check.expect} looks at months", at, "say by which time: 'month: …'")
    made = _made(suite, check, codelists)
    if made.id in {each.id for each in suite.expected}:
        raise file.error(f"there is a {made.id} already", at, "give it an id of its own")
    return made


def _joins(entity: Entity | None) -> tuple[str, ...]:
    if entity is None:
        return ()
    return (BATCH_JOIN, CASE_JOIN) if _is_child(entity) else (BATCH_JOIN,)


def _is_child(entity: Entity) -> bool:
    return entity.name != "case" and "case_id" in entity.key


def _derived(entity: Entity) -> Iterator[Check]:
    """What the definition already says: the gate judged it row by row, here the whole table is looked at."""
    yield Fact(
        id="rows", expect="fact", holds="at_least", allowed=1,
        severity="critical" if entity.name == "case" else "warning",
        zh=f"{entity.zh}表有数据", en=f"there is at least one {entity.en}",
        sql="select s.department, 'rows' as subject, "
        "(select count(*) from (select from {rows} r where r.department = s.department limit 1) one) as observed "
        "from {scope} s",
    )  # fmt: skip
    yield Unique(id="key.unique", expect="unique", columns=(ROW_KEY,), zh=f"{entity.zh}主键唯一", en=f"one row per {entity.en}")  # fmt: skip
    names = ", ".join(f'r."{column.name}"' for column in LINEAGE if column.required)
    yield Holds(
        id="lineage.filled", expect="holds", sql=f"num_nulls({names}) = 0",
        zh="来源信息完整（数据集、记录键、批次、行号、指纹）", en="where the row came from is complete",
    )  # fmt: skip
    yield Holds(
        id="batch_id.landed", expect="holds", columns=("batch_id",), sql="coalesce(b.state = 'landed', false)",
        zh="所属批次已入库", en="the batch that wrote the row has landed",
    )  # fmt: skip
    if _is_child(entity):
        yield Holds(
            id="case_id.has_case", expect="holds", columns=("case_id",), sql="c.case_id is not null",
            zh=f"{entity.zh}所属办件存在", en=f"the case of the {entity.en} exists",
        )  # fmt: skip
    for column in entity.columns:
        yield from _of_column(column)


def _of_column(column: Column) -> Iterator[Check]:
    name, zh, en = column.name, column.zh, column.en
    if column.required:
        yield Filled(id=f"{name}.filled", expect="filled", column=name, zh=f"{zh}必填", en=f"{en}: never empty")  # fmt: skip
    if column.codelist:
        yield Codes(
            id=f"{name}.in_codelist", expect="codes", column=name, codelist=column.codelist,
            zh=f"{zh}在代码表 {column.codelist} 中", en=f"{en}: a code of its list",
        )  # fmt: skip
    if column.kind in (Kind.TIMESTAMP, Kind.DATE):
        first, last = _plausible(column.kind)
        yield Between(
            id=f"{name}.plausible", expect="between", column=name, min=first, max=last,
            zh=f"{zh}在合理范围内", en=f"{en}: a plausible time",
        )  # fmt: skip
    if column.kind is Kind.MONEY:
        yield Between(id=f"{name}.not_negative", expect="between", column=name, min=0, zh=f"{zh}不为负数", en=f"{en}: not below zero")  # fmt: skip


def _plausible(kind: Kind) -> tuple[object, object]:
    if kind is Kind.DATE:
        return EARLIEST, LATEST
    zone = ZoneInfo(TIME_ZONE)
    return (
        datetime.combine(EARLIEST, time.min, zone),
        datetime.combine(LATEST, time.max, zone),
    )


def _row_key(entity: Entity) -> str:
    parts = ", ".join(f'r."{name}"::text' for name in entity.key)
    return f"concat('{entity.name}:', concat_ws('/', {parts}))"


def _read(column: Column) -> str:
    """A required text that is empty is missing, as the gate says."""
    if column.required and column.kind is Kind.TEXT:
        return f'nullif(r."{column.name}", \'\') as "{column.name}"'
    return f'r."{column.name}"'
