"""What did not pass the gate, kept as it came: encrypted whole, and once more masked for people to read.

The masked form hides the sensitive fields, repetitions of their values in other fields of the row, and whatever
else looks like an identity or phone number. It hides too much rather than too little: the whole row is in the
encrypted form and in the raw object.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import polars as pl
import pyarrow as pa

from hub.core.batches import BYTES, DEFECT, RESERVED, SRC
from hub.core.errors import GateStopped
from hub.core.privacy import MASK, Keys, masked_name, masked_text

QUARANTINE_SCHEMA: dict[str, pl.DataType] = {
    SRC: pl.Int64(),
    "record_key": pl.String(),
    "reason": pl.String(),  # of the row's first reject
    "column": pl.String(),
    "message": pl.String(),  # the first, and the codes of the others
    "raw_masked": pl.String(),  # JSON text, for jsonb
    "raw_encrypted": pl.Binary(),
}

NAME = "name"
"""The role of a sensitive field whose first character may be shown."""

_SHORTEST_NAME, _SHORTEST_NUMBER = 2, 7
"""Shorter sensitive values are not looked for in the row's other fields: every date would hold them."""
_UNDECODABLE, _NUL, _SHOWN_NUL = "\ufffd", "\x00", "␀"
_SHIFTED = "damaged_row"


def build(
    raw: pa.Table,
    rejects: pl.DataFrame,
    records: pl.DataFrame,
    sensitive_fields: Mapping[str, str] | Collection[str],
    keys: Keys,
) -> pl.DataFrame:
    """One row per rejected source row, in QUARANTINE_SCHEMA, ordered by `_src`.

    `raw` is the batch as read; its rows are known by their position, or by a `_src` column if it has one (a replay).
    `records` gives the keys, where the mapping could tell them. `sensitive_fields`: source field → role (identity,
    phone, name), or just the fields.
    """
    if rejects.is_empty():
        return pl.DataFrame(schema=QUARANTINE_SCHEMA)
    verdicts = _verdicts(rejects)
    rows = _rejected_rows(raw, verdicts[SRC])
    if rows.height != verdicts.height:
        raise GateStopped(
            f"{verdicts.height} rows are rejected, the raw table holds {rows.height} of them",
            remedy="correct the mapping engine: `_src` is a row's position in its raw object",
        )
    kept = rows.select(
        SRC,
        raw_encrypted=keys.encrypt(_json(rows, _as_came(rows))),
        raw_masked=_json(rows, _masked(rows, _roles(sensitive_fields))),
    )
    known = records.select(SRC, "record_key").unique(SRC, keep="first")
    return (
        verdicts.join(kept, on=SRC, how="left")
        .join(known, on=SRC, how="left")
        .select(*QUARANTINE_SCHEMA)
        .sort(SRC)
    )


def masked_rows(
    rows: pl.DataFrame, sensitive_fields: Mapping[str, str] | Collection[str]
) -> list[dict[str, Any]]:
    """Source rows as people may read them: the department's fields as text, sensitive ones masked."""
    shown = _json(rows, _masked(rows, _roles(sensitive_fields)))
    return [json.loads(row) for row in shown]


def _roles(fields: Mapping[str, str] | Collection[str]) -> Mapping[str, str]:
    return fields if isinstance(fields, Mapping) else dict.fromkeys(fields, "identity")


def _verdicts(rejects: pl.DataFrame) -> pl.DataFrame:
    """One row per source row: its first reject, and in the message how many more there are and their codes."""
    others = pl.col("reason").slice(1).unique(maintain_order=True).str.join(", ")
    more = pl.format(" (+{} more: {})", pl.len() - 1, others)
    return rejects.group_by(SRC, maintain_order=True).agg(
        pl.col("reason").first(),
        pl.col("column").first(),
        message=masked_text(pl.col("message").first())
        + pl.when(pl.len() > 1).then(more).otherwise(pl.lit("")),
    )


def _rejected_rows(raw: pa.Table, positions: pl.Series) -> pl.DataFrame:
    rows = pl.DataFrame(raw)
    if SRC not in rows.columns:
        rows = rows.with_row_index(SRC)
    return rows.with_columns(pl.col(SRC).cast(pl.Int64)).filter(
        pl.col(SRC).is_in(positions.implode())
    )


def _json(rows: pl.DataFrame, fields: list[pl.Expr]) -> pl.Series:
    return rows.select(json=pl.struct(fields).struct.json_encode())["json"]


def _as_came(rows: pl.DataFrame) -> list[pl.Expr]:
    """Every column but `_src`, in the form JSON has for it; binary as base64."""
    return [_value(name, kind) for name, kind in rows.schema.items() if name != SRC]


def _value(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if kind == pl.Binary:
        return value.bin.encode("base64")
    if kind == pl.Boolean or kind.is_integer() or kind.is_float() or kind.is_nested():
        return value
    return value.cast(pl.String)


def _masked(rows: pl.DataFrame, roles: Mapping[str, str]) -> list[pl.Expr]:
    """Every column but `_src` and the bytes as text that people may read; PostgreSQL's jsonb takes no NUL."""
    marks = [
        _value(name, kind)
        for name, kind in rows.schema.items()
        if name in RESERVED and name != BYTES
    ]
    secrets = {name: role for name, role in roles.items() if name in rows.columns}
    fields = [name for name in rows.columns if name not in (*RESERVED, SRC)]
    return [
        *(_masked_field(rows, name, secrets).str.replace_all(_NUL, _SHOWN_NUL, literal=True) for name in fields),
        *marks,
    ]  # fmt: skip


def _masked_field(rows: pl.DataFrame, name: str, secrets: Mapping[str, str]) -> pl.Expr:
    text = _text(rows, name)
    if (role := secrets.get(name)) is not None:
        shown = masked_name(text.str.strip_chars()) if role == NAME else pl.lit(MASK)
        masked = pl.when(text.str.strip_chars() == "").then(text).otherwise(shown)
    else:
        masked = masked_text(_without_secrets(rows, text, secrets))
    hide = text.str.contains(_UNDECODABLE, literal=True)
    if DEFECT in rows.columns:
        # The fields of a damaged row may hold each other's values: none of them can be shown.
        hide = hide | pl.col(DEFECT).eq_missing(pl.lit(_SHIFTED))
    masked = pl.when(hide).then(pl.lit(MASK)).otherwise(masked)
    return pl.when(text.is_not_null()).then(masked).alias(name)


def _without_secrets(rows: pl.DataFrame, text: pl.Expr, secrets: Collection[str]) -> pl.Expr:
    """The text with every repetition of the row's own sensitive values hidden."""
    for name in secrets:
        secret = _text(rows, name).str.strip_chars()
        shortest = (
            pl.when(secret.str.contains(r"\d")).then(_SHORTEST_NUMBER).otherwise(_SHORTEST_NAME)
        )
        hidden = text.str.split(secret).list.join(MASK)  # replace_all takes no pattern per row
        text = pl.when(secret.str.len_chars() >= shortest).then(hidden).otherwise(text)
    return text


def _text(rows: pl.DataFrame, name: str) -> pl.Expr:
    kind = rows.schema[name]
    if kind == pl.Binary:  # a picture or a scan: nobody can tell what it shows
        return pl.format("<{} bytes>", pl.col(name).bin.size())
    if kind.is_nested():
        return pl.struct(name).struct.json_encode()
    return _value(name, kind).cast(pl.String)
