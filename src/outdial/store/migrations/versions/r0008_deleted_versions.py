"""Versions of an agent that are deleted: nobody can choose them any more, and past calls still name them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent_versions", sa.Column("deleted_at", sa.BigInteger))
