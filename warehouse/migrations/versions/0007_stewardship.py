"""What stewards work with: results of the gate and of Great Expectations, decisions, steps of quarantined rows."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(script)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: the hub never drops what departments reported")
