"""catalogue (what may be done, and how) and reference (regions, calendar, code lists, departments).

Both are published whole from the checkout's content, see `warehouse.reference`; `release` names the version that is
loaded.
"""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint as PrimaryKey
from sqlalchemy import Table

from warehouse.tables.metadata import (
    METADATA,
    bigint,
    binary,
    boolean,
    date,
    instant,
    integer,
    money,
    text,
)


def _table(schema: str, name: str, *parts: list, key: tuple[str, ...]) -> Table:  # type: ignore[type-arg]
    columns = [column for part in parts for column in part]
    return Table(name, METADATA, *columns, PrimaryKey(*key), schema=schema)


_POWER = _table(
    "catalogue", "power",
    text("power_code"), integer("version"), date("effective_from"), date("effective_to", null=True),
    text("scheme", null=True), text("name"), text("content", null=True), text("type", "body_code"),
    text("level", "service_object", "basis", "conditions", null=True),
    integer("statutory_value", null=True), text("statutory_unit", null=True),
    integer("promised_value", null=True), text("promised_unit", null=True),
    text("case_kind", null=True), boolean("charges"), text("supervision_channel", null=True),
    boolean("on_platform"),
    key=("power_code", "version"),
)  # fmt: skip
_STEP = _table(
    "catalogue", "step",
    text("power_code"), integer("version"), text("step_code"), integer("step_order"), text("name"),
    text("post", "authority", null=True), integer("limit_value", null=True),
    text("limit_unit", null=True), text("kind"), boolean("mandatory", "special"),
    key=("power_code", "version", "step_code"),
)  # fmt: skip
_TRANSITION = _table(
    "catalogue", "transition",
    text("power_code"), integer("version"), text("from_step", "to_step"),
    key=("power_code", "version", "from_step", "to_step"),
)  # fmt: skip
_MATERIAL = _table(
    "catalogue", "material",
    text("power_code"), integer("version"), text("material_code", "name"), boolean("required"),
    integer("copies", null=True), text("issuer", null=True),
    key=("power_code", "version", "material_code"),
)  # fmt: skip
_FEE = _table(
    "catalogue", "fee",
    text("power_code"), integer("version"), text("fee_code", "name"),
    money("standard_min", "standard_max", null=True), text("unit", "basis", null=True),
    boolean("reducible", null=True),
    key=("power_code", "version", "fee_code"),
)  # fmt: skip
_RISK_POINT = _table(
    "catalogue", "risk_point",
    text("power_code"), integer("version"), text("risk_code"), text("step_code", null=True),
    text("name"), text("kind", "level", "description", "prevention", null=True),
    key=("power_code", "version", "risk_code"),
)  # fmt: skip
_DISCRETION = _table(
    "catalogue", "discretion",
    text("power_code"), integer("version"), text("circumstance_code"),
    text("description", "penalty_kind", null=True), money("min_amount", "max_amount", null=True),
    key=("power_code", "version", "circumstance_code"),
)  # fmt: skip
_DISCLOSURE_ITEM = _table(
    "catalogue", "disclosure_item",
    text("item_code"), integer("version"), date("effective_from"), date("effective_to", null=True),
    text("name", "body_code"), text("basis", "fields_required", null=True),
    integer("publish_within_value", null=True), text("publish_within_unit", null=True),
    key=("item_code", "version"),
)  # fmt: skip
_BODY = _table(
    "catalogue", "body",
    text("body_code", "region_code", "initials", "name"), text("nature", null=True),
    key=("body_code",),
)  # fmt: skip
_CROSSWALK = _table(
    "catalogue", "crosswalk",
    text("scheme", "code", "power_code"), date("valid_from"), date("valid_to", null=True),
    text("source", null=True),
    key=("scheme", "code", "valid_from"),
)  # fmt: skip
_CATALOGUE_RELEASE = _table(
    "catalogue", "release", text("version"), instant("loaded_at"), key=("version",)
)

_REGION = _table(
    "reference", "region",
    text("region_code", "name"), date("valid_from", "valid_to", null=True), key=("region_code", "name"),
)  # fmt: skip
_CALENDAR_DAY = _table(
    "reference", "calendar_day",
    date("date"), boolean("is_workday"), integer("work_index"), text("status"),
    text("source", null=True),
    # Office hours of the day in minutes since midnight, null where that half is closed; working minutes from the
    # calendar's first day up to and including the day; minutes of a whole day under the hours then in force.
    integer("morning_from", "morning_to", "afternoon_from", "afternoon_to", null=True),
    bigint("minute_index"), integer("standard_minutes"),
    key=("date",),
)  # fmt: skip
_CODELIST = _table(
    "reference", "codelist", text("codelist", "code", "zh", "en"), key=("codelist", "code")
)
_DEPARTMENT = _table(
    "reference", "department",
    text("department", "body_code", "title_zh", "title_en"), text("freshness", null=True),
    key=("department",),
)  # fmt: skip
_REFERENCE_RELEASE = _table(
    "reference", "release", text("name", "version"), instant("loaded_at"), key=("name",)
)
# Every release that was ever loaded, table by table as Parquet: old findings can be reproduced.
_ARCHIVE = _table(
    "reference", "archive",
    text("name", "version", "table_name"), binary("content"), instant("loaded_at"),
    key=("name", "version", "table_name"),
)  # fmt: skip

CATALOGUE_TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _POWER, _STEP, _TRANSITION, _MATERIAL, _FEE, _RISK_POINT, _DISCRETION, _DISCLOSURE_ITEM,
        _BODY, _CROSSWALK, _CATALOGUE_RELEASE,
    )
}  # fmt: skip
REFERENCE_TABLES: dict[str, Table] = {
    table.name: table
    for table in (_REGION, _CALENDAR_DAY, _CODELIST, _DEPARTMENT, _REFERENCE_RELEASE, _ARCHIVE)
}
