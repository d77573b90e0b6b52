"""Receivers of webhooks: their secrets, how they fare, and the line each delivery waits in."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from outdial.domain.webhook_endpoint import lane_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WAITING: Final = sa.text("state = 'waiting'")
_AT_ONCE: Final = 1000


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("workspace_id", "url")),
        sa.Column("registered", sa.Boolean, nullable=False, server_default=sa.false()),
        *(sa.Column(name, sa.Text, nullable=False, server_default="") for name in ("secret", "previous_secret")),
        sa.Column("previous_until", sa.BigInteger),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failing_since", sa.BigInteger),
        sa.Column("last_error", sa.Text, nullable=False, server_default=""),
        *(sa.Column(name, sa.BigInteger) for name in ("paused_until", "disabled_at")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_at", "updated_at")),
        sa.UniqueConstraint("workspace_id", "url", name="uq_webhook_endpoints_workspace_id_url"),
    )
    op.create_table(
        "webhook_origins",
        sa.Column("lane", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in ("failures", "hangs")),
        sa.Column("trying_until", sa.BigInteger, nullable=False),
    )
    op.add_column("deliveries", sa.Column("lane", sa.Text, nullable=False, server_default=""))
    _line_up(op.get_bind())
    op.create_index(
        "ix_deliveries_lane",
        "deliveries",
        ["lane", "due_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.drop_index("ix_deliveries_waiting", "deliveries")


def downgrade() -> None:
    op.create_index("ix_deliveries_waiting", "deliveries", ["due_at"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.drop_index("ix_deliveries_lane", "deliveries")
    op.drop_column("deliveries", "lane")
    for table in ("webhook_origins", "webhook_endpoints"):
        op.drop_table(table)


def _line_up(conn: sa.Connection) -> None:
    """Give each delivery that waits its line; the others get theirs when somebody asks for them again."""
    deliveries = sa.table("deliveries", *(sa.column(name) for name in ("id", "workspace_id", "url", "state", "lane")))
    waiting = sa.select(deliveries.c.id, deliveries.c.workspace_id, deliveries.c.url).where(
        deliveries.c.state == sa.literal_column("'waiting'")
    )
    lined = deliveries.update().where(deliveries.c.id == sa.bindparam("its_id")).values(lane=sa.bindparam("its_lane"))
    after = ""
    while rows := conn.execute(waiting.where(deliveries.c.id > after).order_by(deliveries.c.id).limit(_AT_ONCE)).all():
        conn.execute(lined, [{"its_id": row.id, "its_lane": lane_of(row.workspace_id, row.url)} for row in rows])
        after = rows[-1].id
