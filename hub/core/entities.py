"""The canonical entities, defined once.

pandera schemas (`quality`), SQLAlchemy tables (`warehouse`), mapping targets (`mappings`) and the field reference
page are derived from this module. Times are instants entered as Asia/Shanghai local time; money is yuan with two
decimals; codes are text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class Kind(StrEnum):
    """What a column holds; decides its type in Polars and PostgreSQL and its canonical text form."""

    TEXT = "text"
    TIMESTAMP = "timestamp"
    DATE = "date"
    MONEY = "money"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    UUID = "uuid"


POLARS_TYPES: dict[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.TIMESTAMP: pl.Datetime("us", "UTC"),
    Kind.DATE: pl.Date(),
    Kind.MONEY: pl.Decimal(16, 2),
    Kind.NUMBER: pl.Decimal(18, 4),
    Kind.INTEGER: pl.Int64(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.UUID: pl.String(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column. `codelist` names the closed list of values it may take."""

    name: str
    kind: Kind
    zh: str
    en: str
    required: bool = False
    codelist: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """One canonical entity: its grain is `key`; `columns` are what departments report."""

    name: str
    zh: str
    en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def polars_schema(self) -> dict[str, pl.DataType]:
        """Column name → Polars type, in order."""
        return {column.name: POLARS_TYPES[column.kind] for column in self.columns}


T, TS, M, N, INT, B, U = (
    Kind.TEXT,
    Kind.TIMESTAMP,
    Kind.MONEY,
    Kind.NUMBER,
    Kind.INTEGER,
    Kind.BOOLEAN,
    Kind.UUID,
)


def _case_id() -> Column:
    return Column("case_id", U, "办件标识", "case identifier", required=True)


CASE = Entity(
    "case", "办件", "case", ("case_id",),
    (
        _case_id(),
        Column("source_case_no", T, "来源办件编号", "case number in the source", required=True),
        Column("region_code", T, "行政区划代码", "region code"),
        Column("power_code", T, "统一编码", "unified power code"),
        Column("power_version", T, "事项版本", "power version as reported"),
        Column("source_item_code", T, "来源事项编码", "item code in the source"),
        Column("item_name", T, "事项名称", "item name in the source"),
        Column("title", T, "办件名称", "title"),
        Column("applicant_kind", T, "申请人类型", "kind of applicant", codelist="applicant_kind"),
        Column("applicant_token", T, "申请人标记", "keyed hash of the applicant"),
        Column("applicant_masked", T, "申请人（脱敏）", "masked name"),
        Column("applicant_identity_state", T, "证件校验", "identity check", codelist="identity_state"),
        Column("case_kind", T, "办件类型", "kind of case", codelist="case_kind"),
        Column("channel", T, "申请渠道", "channel", codelist="channel"),
        Column("applied_at", TS, "申请时间", "applied"),
        Column("accepted_at", TS, "受理时间", "accepted"),
        Column("promised_at", TS, "承诺办结时间", "promised"),
        Column("decided_at", TS, "决定时间", "decided"),
        Column("closed_at", TS, "办结时间", "closed"),
        Column("delivered_at", TS, "送达时间", "delivered"),
        Column("result", T, "办理结果", "result", codelist="result"),
        Column("result_reason", T, "结果理由", "reason for the result"),
        Column("document_no", T, "文书号", "document number"),
        Column("status", T, "办件状态", "status", codelist="status"),
        Column("unit", T, "办理单位", "handling unit"),
        Column("acceptor", T, "受理人", "accepted by"),
        Column("approver", T, "审批人", "approved by"),
        Column("reported_at", TS, "报送时间", "reported"),
    ),
)  # fmt: skip

EVENT = Entity(
    "event", "环节", "step of a case", ("case_id", "event_no"),
    (
        _case_id(),
        Column("event_no", INT, "环节序号", "event number", required=True),
        Column("step_code", T, "环节代码", "step code in the catalogue's flow", required=True),
        Column("step_name", T, "环节名称", "step name in the source"),
        Column("action", T, "业务动作", "action", codelist="action"),
        Column("outcome", T, "处理结果", "outcome"),
        Column("handler", T, "处理人", "handler"),
        Column("post", T, "岗位", "post"),
        Column("unit", T, "处理单位", "unit"),
        Column("started_at", TS, "开始时间", "started", required=True),
        Column("ended_at", TS, "结束时间", "ended"),
        Column("opinion", T, "处理意见", "opinion"),
    ),
)  # fmt: skip

CLOCK_STOP = Entity(
    "clock_stop", "特别程序", "clock stop", ("case_id", "stop_no"),
    (
        _case_id(),
        Column("stop_no", INT, "序号", "number", required=True),
        Column("kind", T, "种类", "kind", required=True, codelist="stop_kind"),
        Column("started_at", TS, "开始时间", "started", required=True),
        Column("ended_at", TS, "结束时间", "ended; empty while open"),
        Column("reason", T, "理由", "reason"),
        Column("approver", T, "批准人", "approved by"),
        Column("limit_value", INT, "时限", "limit"),
        Column("limit_unit", T, "时限单位", "unit of the limit", codelist="limit_unit"),
        Column("applicant_told", B, "已告知申请人", "applicant told"),
    ),
)  # fmt: skip

SUPPLEMENT = Entity(
    "supplement", "补正", "supplement notice", ("case_id", "notice_no"),
    (
        _case_id(),
        Column("notice_no", INT, "告知序号", "notice number", required=True),
        Column("notified_at", TS, "告知时间", "notified", required=True),
        Column("list", T, "补正清单", "what is missing"),
        Column("received_at", TS, "补正受理时间", "received"),
    ),
)  # fmt: skip

MATERIAL = Entity(
    "material", "材料", "material", ("case_id", "material_code"),
    (
        _case_id(),
        Column("material_code", T, "材料代码", "material code", required=True),
        Column("name", T, "材料名称", "name"),
        Column("required", B, "是否必备", "required"),
        Column("received", B, "是否收取", "received", required=True),
        Column("received_at", TS, "收取时间", "received at"),
    ),
)  # fmt: skip

FEE = Entity(
    "fee", "收费", "fee", ("case_id", "fee_no"),
    (
        _case_id(),
        Column("fee_no", INT, "收费序号", "fee number", required=True),
        Column("fee_code", T, "收费项目代码", "fee code"),
        Column("amount", M, "金额（元）", "amount in yuan", required=True),
        Column("quantity", N, "数量", "quantity"),
        Column("paid_at", TS, "缴费时间", "paid"),
        Column("receipt_no", T, "票据号", "receipt number"),
        Column("basis", T, "收费依据", "basis"),
        Column("waiver_reason", T, "减免理由", "reason for a waiver"),
    ),
)  # fmt: skip

DISCLOSURE = Entity(
    "disclosure", "政府信息公开", "disclosed item", ("department", "source_no"),
    (
        Column("source_no", T, "公开流水号", "number in the source", required=True),
        Column("item_code", T, "公开事项编码", "code of the disclosure item", required=True),
        Column("title", T, "标题", "title"),
        Column("produced_at", TS, "产生时间", "produced"),
        Column("published_at", TS, "公开时间", "published"),
        Column("url", T, "网址", "address"),
        Column("fields", T, "公开要素", "names of the fields that were published, separated by 、"),
        Column("withdrawn_at", TS, "撤下时间", "withdrawn"),
    ),
)  # fmt: skip

FEEDBACK = Entity(
    "feedback", "评价投诉", "rating or complaint", ("case_id", "feedback_no"),
    (
        _case_id(),
        Column("feedback_no", INT, "序号", "number", required=True),
        Column("kind", T, "类型", "kind"),
        Column("rating", INT, "满意度", "rating 1 to 5"),
        Column("at", TS, "时间", "time"),
        Column("text", T, "内容", "text"),
    ),
)  # fmt: skip

PENALTY = Entity(
    "penalty", "行政处罚", "penalty", ("case_id", "penalty_no"),
    (
        _case_id(),
        Column("penalty_no", INT, "序号", "number", required=True),
        Column("circumstance_code", T, "裁量情形", "circumstance"),
        Column("kind", T, "处罚种类", "kind"),
        Column("amount", M, "金额（元）", "amount in yuan"),
        Column("decided_at", TS, "决定时间", "decided"),
    ),
)  # fmt: skip

ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        CASE, EVENT, CLOCK_STOP, SUPPLEMENT, MATERIAL, FEE, DISCLOSURE, FEEDBACK, PENALTY,
    )
}  # fmt: skip

LINEAGE: tuple[Column, ...] = (
    Column("department", T, "部门", "department", required=True),
    Column("dataset", T, "数据集", "dataset that last wrote the row", required=True),
    Column("record_key", T, "来源记录键", "key of the source record", required=True),
    Column("source_version", INT, "数据版本", "data version in the source", required=True),
    Column("batch_id", U, "批次", "batch that last wrote the row", required=True),
    Column("raw_row", INT, "原始行号", "row in the batch's raw object, from 0", required=True),
    Column("row_hash", T, "行指纹", "hash of the canonical columns", required=True),
    Column("landed_at", TS, "入库时间", "landed", required=True),
    Column("deleted_at", TS, "删除时间", "deleted at the source"),
)
"""Common columns of every core row: who reported it, where its bytes are, what it hashed to."""
