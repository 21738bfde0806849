"""Organizations' own words for the mails to their applicants."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.core.migrations import tenant_policy

revision = "0017b_letters"
down_revision = "0017a_notifications"
branch_labels = None
depends_on = None

_TABLE = "letter_templates"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _stamp("created_at"),
        _stamp("updated_at"),
        sa.CheckConstraint("language IN ('en', 'fr')", name=op.f(f"ck_{_TABLE}_language")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f(f"fk_{_TABLE}_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "kind", "language", name=op.f(f"pk_{_TABLE}")),
    )
    tenant_policy(_TABLE)


def downgrade() -> None:
    op.drop_table(_TABLE)


def _stamp(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )
