"""What a dataset's mapping has to compute: each distinct value once, however many columns take it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.core.entities import ENTITIES, Column, Kind
from mappings.conversions import CONVERSIONS, Conversion, default_conversion
from mappings.spec import POWERS, DatasetSpec, EntityRow, Expression, When

_DATE = "date"


@dataclass(frozen=True, slots=True)
class Slot:
    """One value per record. Either `conversion` or `table` is set, or neither (const, present, contains)."""

    name: str
    expression: Expression
    kind: Kind
    conversion: Conversion | None = None
    table: str | None = None
    """Crosswalk to look the field up in."""
    on: str | None = None
    """Slot with the date that picks the crosswalk's line."""

    @property
    def label(self) -> str:
        """The source field, as a reject names it."""
        return "+".join(self.expression.join or ()) or self.expression.field or ""


@dataclass(frozen=True, slots=True)
class Emission:
    """One entity row per record: canonical column → slot name."""

    entity: str
    when: str | None
    columns: dict[str, str]


@dataclass(slots=True)
class Plan:
    """Everything that one dataset computes. `uses`: slot name → conditions under which its value is wanted."""

    spec: DatasetSpec
    slots: dict[str, Slot] = field(default_factory=dict)
    conditions: dict[str, When] = field(default_factory=dict)
    uses: dict[str, set[str | None]] = field(default_factory=dict)
    emissions: list[Emission] = field(default_factory=list)
    applicant_kind: str | None = None
    version: str | None = None

    def slot(self, expression: Expression, column: Column, when: str | None) -> str:
        """The name of the slot for that value, added if it is new."""
        on = self._date_slot(expression.on, when)
        if expression.crosswalk is not None or expression.codelist is not None:
            table = expression.codelist or POWERS
            return self._add(Slot("", expression, column.kind, table=table, on=on), table, when)
        if expression.join is not None or (
            expression.field is not None and expression.contains is None
        ):
            name = expression.as_ or default_conversion(column)
            conversion = CONVERSIONS[name]
            return self._add(Slot("", expression, conversion.kind, conversion), name, when)
        return self._add(Slot("", expression, column.kind), column.kind.value, when)

    def condition(self, when: When | None) -> str | None:
        """The name of the condition, added if it is new."""
        if when is None:
            return None
        for name, known in self.conditions.items():
            if known == when:
                return name
        name = f"§when{len(self.conditions)}"
        self.conditions[name] = when
        return name

    def _date_slot(self, source: str | None, when: str | None) -> str | None:
        if source is None:
            return None
        conversion = CONVERSIONS[_DATE]
        slot = Slot("", Expression(field=source), Kind.DATE, conversion)
        return self._add(slot, _DATE, when)

    def _add(self, slot: Slot, way: str, when: str | None) -> str:
        for name, known in self.slots.items():
            same_way = (known.conversion.name if known.conversion else known.table) == (
                slot.conversion.name if slot.conversion else slot.table
            )
            if known.expression == slot.expression and known.kind is slot.kind and same_way:
                self.uses[name].add(when)
                return name
        name = f"§{len(self.slots)}:{way}"
        self.slots[name] = Slot(
            name, slot.expression, slot.kind, slot.conversion, slot.table, slot.on
        )
        self.uses[name] = {when}
        return name


def plan_of(spec: DatasetSpec) -> Plan:
    """The plan of one dataset, whose mapping has passed its checks."""
    plan = Plan(spec)
    if spec.head.version is not None:
        version = Column("source_version", Kind.INTEGER, "", "")
        plan.version = plan.slot(Expression(field=spec.head.version), version, None)
    rows = list(spec.rows)
    if spec.applicant is not None:
        if spec.applicant.kind is not None:
            kind = ENTITIES["case"].column("applicant_kind")
            plan.applicant_kind = plan.slot(spec.applicant.kind, kind, None)
        if all(row.entity != "case" for row in rows):
            rows.append(EntityRow("case", (*spec.at, "applicant"), {}))
    for row in rows:
        when = plan.condition(row.when)
        entity = ENTITIES[row.entity]
        columns = {
            name: plan.slot(expression, entity.column(name), when)
            for name, expression in row.columns.items()
        }
        plan.emissions.append(Emission(row.entity, when, columns))
    return plan
