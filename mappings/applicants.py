"""Applicants: a keyed token for everybody, the clear values for the restricted schema alone."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hub.core.batches import PARTIES_SCHEMA, SRC
from hub.core.privacy import Keys, masked_name
from mappings.forms import as_text, half_width
from mappings.identity import examine
from mappings.rejects import rejects
from mappings.spec import Applicant

TOKEN, MASKED, STATE = "applicant_token", "applicant_masked", "applicant_identity_state"


@dataclass(frozen=True, slots=True)
class Applicants:
    """`columns`: token, masked name, identity state per row. `parties`: PARTIES_SCHEMA, clear values."""

    columns: pl.DataFrame
    parties: pl.DataFrame
    rejects: list[pl.DataFrame]


def applicants_of(
    rows: pl.DataFrame,
    applicant: Applicant,
    kind: str | None,
    case_no: pl.Series,
    department: str,
    keys: Keys,
) -> Applicants:
    """Who applied in each prepared row. `kind`: the column with the canonical kind, if there is one.

    The token is that of the identity number; without one, that of the case, so that it joins nothing else. A record
    that says nothing of its applicant has no token.
    """
    given = rows.select(
        SRC,
        kind=pl.col(kind) if kind else pl.lit(None, dtype=pl.String),
        identity=_text(applicant.identity, rows),
        phone=half_width(_text(applicant.phone, rows)),
        name=_text(applicant.name, rows),
    )
    examined = examine(given["identity"], given["kind"])
    known = given.with_columns(examined["identity"], case_no=case_no)
    is_given = pl.any_horizontal(pl.col("identity", "phone", "name").is_not_null())
    of_case = pl.concat_str(pl.lit(f"case:{department}:"), pl.col("case_no"))
    subject = known.select(
        pl.coalesce("identity", pl.when(is_given).then(of_case)).alias("subject")
    )
    full = known.with_columns(keys.tokens(subject["subject"]).alias(TOKEN))
    columns = full.select(TOKEN, masked_name(pl.col("name")).alias(MASKED)).with_columns(
        examined["state"].alias(STATE)
    )
    parties = full.filter(is_given).select(*PARTIES_SCHEMA)
    return Applicants(columns, parties, _rejected(given, examined, applicant.identity))


def _text(field: str | None, rows: pl.DataFrame) -> pl.Expr:
    if field is None:
        return pl.lit(None, dtype=pl.String)
    return as_text(pl.col(field), rows.schema[field])


def _rejected(given: pl.DataFrame, examined: pl.DataFrame, field: str | None) -> list[pl.DataFrame]:
    return [
        rejects(given.filter(examined["reason"].eq(reason).fill_null(False)), reason, field)
        for reason in ("identity_digits_lost", "bad_identity")
        if (examined["reason"] == reason).any()
    ]
