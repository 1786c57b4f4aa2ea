"""What is said of rows and codes that the mapping cannot take.

Messages show a value only where it is a code or a date, masked and shortened, never a field of the applicant.
"""

from __future__ import annotations

import polars as pl

from hub.core.batches import REJECTS_SCHEMA, SRC, UNMAPPED_SCHEMA
from hub.core.privacy import masked_text

_SHOWN = 40
BY_NAME = "（无编码，按名称）"

MESSAGES = {
    "bad_date": "不是可识别的日期 (no known form of a date)：在来源更正",
    "bad_number": "不是可识别的数字，或小数位过多 (no number, or too many decimals)：在来源更正",
    "bad_boolean": "不是可识别的是否值 (neither yes nor no)：在来源更正",
    "bad_identity": "不是任何已知形式的证件号码 (no known form of an identity number)：在来源更正",
    "identity_digits_lost": "证件号码为科学计数法，位数已丢失 (scientific notation, digits are lost)：在来源改为文本后重报",
    "missing_key": "主键字段为空 (key field is empty)：在来源补录",
    "missing_column": "来源缺少字段 (the source lacks the column)：核对来源或在 mapping.yml 的 rename 中登记",
    "unmapped_power": "事项编码未对照，或当日无有效对照 (no line valid on that day)：在 powers.csv 中加一行后重放",
    "unmapped_code": "代码值未对照，或当日无有效对照 (no line valid on that day)：在 codes.csv 中加一行后重放",
}
_DEFECT = "行无法解码或结构损坏 (the row could not be decoded)：原始字节见隔离区"


def shown(value: pl.Expr) -> pl.Expr:
    """A code or date as it may be shown: masked, then shortened."""
    return masked_text(value.cast(pl.String)).str.slice(0, _SHOWN)


def rejects(
    rows: pl.DataFrame, reason: str, column: str | None, value: pl.Expr | None = None
) -> pl.DataFrame:
    """One reject per row, in REJECTS_SCHEMA. `value`: what to show of it, None = nothing."""
    parts = [pl.lit(f"{column}：" if column else "")]
    if value is not None:
        parts += [pl.lit("“"), shown(value).fill_null(""), pl.lit("”")]
    parts.append(pl.lit(MESSAGES[reason]))
    return rows.select(
        SRC,
        reason=pl.lit(reason),
        column=pl.lit(column, dtype=pl.String),
        message=pl.concat_str(parts),
    )


def defects(rows: pl.DataFrame, defect: str) -> pl.DataFrame:
    """One reject per row that the reader could not decode; the column `defect` has the reason code."""
    return rows.select(
        SRC,
        reason=pl.col(defect),
        column=pl.lit(None, dtype=pl.String),
        message=pl.lit(_DEFECT),
    )


def gathered(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """All rejects, in the order of their rows; each (row, reason, column) once."""
    return (
        pl.concat([pl.DataFrame(schema=REJECTS_SCHEMA), *frames])
        .unique([SRC, "reason", "column"], keep="first", maintain_order=True)
        .sort(SRC, maintain_order=True)
    )


def unmapped_codes(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """UNMAPPED_SCHEMA: how many rows carry each code that no crosswalk knows, each (codelist, code) once.

    `frames`: codelist, code, name per row. An item without a code is listed under its name, marked as such.
    """
    given = {"codelist": pl.String, "code": pl.String, "name": pl.String}
    rows = pl.concat([pl.DataFrame(schema=given), *frames])
    return (
        rows.with_columns(masked_text(pl.col("code", "name")))
        .with_columns(source_code=pl.coalesce("code", pl.lit(BY_NAME) + pl.col("name")))
        .group_by("codelist", "source_code", maintain_order=True)
        .agg(source_name=pl.col("name").drop_nulls().first(), rows=pl.len().cast(pl.Int64))
        .select(*UNMAPPED_SCHEMA)
    )
