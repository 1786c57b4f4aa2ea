"""restricted: identity data, encrypted. The only tables that hold any; no role reads them by default."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, PrimaryKeyConstraint, Table

from warehouse.tables.metadata import METADATA, bigint, identifier, text

PARTY = Table(
    "party",
    METADATA,
    *text("applicant_token"),
    *text("kind", null=True),
    Column("identity_enc", LargeBinary),
    Column("phone_enc", LargeBinary),
    Column("name_enc", LargeBinary),
    *identifier("first_batch"),
    PrimaryKeyConstraint("applicant_token"),
    schema="restricted",
)

QUARANTINE_RAW = Table(
    "quarantine_raw",
    METADATA,
    *bigint("quarantine_id"),
    Column("raw_enc", LargeBinary, nullable=False),
    PrimaryKeyConstraint("quarantine_id"),
    schema="restricted",
)
