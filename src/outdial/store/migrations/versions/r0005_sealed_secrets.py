"""Which keys secrets are sealed with, who has them, and who said where a trunk leads.

The secrets themselves are sealed afterwards, by ``store.secrets.resealing``: a migration has no keys.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealing_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "key_holders",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("keys", sa.JSON, nullable=False),
        sa.Column("sealing", sa.Text, nullable=False, server_default=""),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    # Trunks of an older version may lead where they lead: its operator knew of no other way to add them.
    op.add_column("trunks", sa.Column("added_by", sa.Text, nullable=False, server_default="command"))


def downgrade() -> None:
    op.drop_column("trunks", "added_by")
    op.drop_table("key_holders")
    op.drop_table("sealing_keys")
