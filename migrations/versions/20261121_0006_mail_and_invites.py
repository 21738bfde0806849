"""Outgoing mail, password resets, what a sign-in remembers of its device, invitations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import SYSTEM, grant_app, tenant_policy

revision = "0006_mail_and_invites"
down_revision = "0004_audit"
branch_labels = None
depends_on = None

ROLE_CHECK = "role IN ('candidate', 'employer', 'staff', 'viewer', 'admin')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _create_mails()
    _create_proofs()
    _remember_devices()
    _create_invites()


def downgrade() -> None:
    op.drop_table("invites")
    for name in ("last_used_at", "network", "browser", "system"):
        op.drop_column("refresh_families", name)
    op.drop_column("users", "email_verified_at")
    op.drop_table("address_proofs")
    op.drop_table("mails")


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _stamp(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _only_the_system(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY system ON {table} USING ({SYSTEM}) WITH CHECK ({SYSTEM})")
    grant_app(table)


def _create_mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("context", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("secrets", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        _stamp("next_try_at"),
        _moment("expires_at", nullable=False),
        sa.Column("fence", sa.Uuid(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        _moment("ended_at"),
        _stamp("created_at"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name=op.f("ck_mails_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    for column, condition in (
        ("next_try_at", "state = 'waiting'"),
        ("ended_at", "state <> 'waiting'"),
    ):
        op.create_index(
            f"ix_mails_{column}", "mails", [column], postgresql_where=sa.text(condition)
        )
    _only_the_system("mails")
    # Whoever acts may have a mail sent; nobody but the system sees what lies there.
    op.execute("CREATE POLICY post ON mails FOR INSERT WITH CHECK (true)")


def _create_proofs() -> None:
    op.add_column("users", _moment("email_verified_at"))
    op.create_table(
        "address_proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        _moment("expires_at", nullable=False),
        _stamp("created_at"),
        sa.CheckConstraint(
            "purpose IN ('password_reset', 'email_verification')",
            name=op.f("ck_address_proofs_purpose"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_address_proofs_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_proofs")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_address_proofs_token_hash")),
    )
    op.create_index(
        "ix_address_proofs_created_at",
        "address_proofs",
        ["created_at"],
        postgresql_where=sa.text("user_id IS NULL"),
    )
    for column in ("user_id", "expires_at"):
        op.create_index(f"ix_address_proofs_{column}", "address_proofs", [column])
    _only_the_system("address_proofs")


def _remember_devices() -> None:
    op.add_column("refresh_families", _moment("last_used_at"))
    for name in ("network", "browser", "system"):
        op.add_column("refresh_families", sa.Column(name, sa.Text(), nullable=True))


def _create_invites() -> None:
    op.create_table(
        "invites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        _moment("expires_at", nullable=False),
        _stamp("created_at"),
        sa.CheckConstraint(ROLE_CHECK, name=op.f("ck_invites_role")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_invites_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"],
            ["users.id"],
            name=op.f("fk_invites_invited_by_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invites_token_hash")),
    )
    op.create_index(
        "uq_invites_email",
        "invites",
        ["organization_id", sa.text("lower(email)")],
        unique=True,
    )
    for column in ("invited_by", "expires_at"):
        op.create_index(f"ix_invites_{column}", "invites", [column])
    tenant_policy("invites")
