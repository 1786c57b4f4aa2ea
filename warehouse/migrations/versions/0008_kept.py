"""Working tables of supervision that are kept from run to run, and what a finding says in one digest."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(script)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: the hub never drops what departments reported")
