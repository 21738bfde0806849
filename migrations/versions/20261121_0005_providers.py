"""Identity providers: who a foreign token speaks for, and the organizations that it names."""

import sqlalchemy as sa
from alembic import op

from app.core.migrations import PERSON, SYSTEM, grant_app

revision = "0005_providers"
down_revision = "0009_payers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _extend_users()
    _create_identities()
    _extend_organizations()
    _extend_sign_ins()
    op.execute(_KEEP_AN_ADMIN.format(condition="WHERE id = OLD.organization_id AND issuer IS NULL"))
    op.execute("DROP VIEW user_cards")
    op.execute(_USER_CARDS.format(more=_MORE_COLUMNS))
    grant_app("user_cards", "SELECT")


def downgrade() -> None:
    op.execute("DROP VIEW user_cards")
    op.execute(_USER_CARDS.format(more=""))
    grant_app("user_cards", "SELECT")
    op.execute(_KEEP_AN_ADMIN.format(condition="WHERE id = OLD.organization_id"))
    for name in ("origin", "issuer", "acts_in", "impersonated_by"):
        op.drop_column("refresh_families", name)
    for name in ("issuer", "external_alias", "external_id"):
        op.drop_column("organizations", name)
    op.drop_table("external_identities")
    op.drop_index("uq_users_email", "users")
    # The old index knows no account without an address.
    op.execute("UPDATE users SET email = id || '@users.invalid' WHERE email = ''")
    op.create_index("uq_users_email", "users", [sa.text("lower(email)")], unique=True)


def _extend_users() -> None:
    op.drop_index("uq_users_email", "users")
    op.create_index(
        "uq_users_email",
        "users",
        [sa.text("lower(email)")],
        unique=True,
        postgresql_where=sa.text("email <> ''"),
    )


def _create_identities() -> None:
    op.create_table(
        "external_identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("claims_digest", sa.LargeBinary(), nullable=False),
        sa.Column("claims_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "provider IN ('clerk', 'keycloak')", name=op.f("ck_external_identities_provider")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_external_identities_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_external_identities")),
    )
    op.create_index("ix_external_identities_user_id", "external_identities", ["user_id"])
    op.execute("ALTER TABLE external_identities ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY system ON external_identities USING ({SYSTEM}) WITH CHECK ({SYSTEM})"
    )
    op.execute(f"CREATE POLICY person ON external_identities FOR SELECT USING (user_id = {PERSON})")
    grant_app("external_identities")


def _extend_organizations() -> None:
    for name in ("issuer", "external_alias", "external_id"):
        op.add_column("organizations", sa.Column(name, sa.Text()))
    op.create_index(
        "uq_organizations_external_alias",
        "organizations",
        ["issuer", "external_alias"],
        unique=True,
        postgresql_where=sa.text("issuer IS NOT NULL"),
    )
    op.create_index(
        "uq_organizations_external_id",
        "organizations",
        ["issuer", "external_id"],
        unique=True,
        postgresql_where=sa.text("issuer IS NOT NULL"),
    )


def _extend_sign_ins() -> None:
    op.add_column("refresh_families", sa.Column("origin", sa.LargeBinary()))
    op.add_column("refresh_families", sa.Column("issuer", sa.Text()))
    op.add_column("refresh_families", sa.Column("acts_in", sa.Uuid()))
    op.add_column("refresh_families", sa.Column("impersonated_by", sa.Text()))
    op.create_index(
        "uq_refresh_families_origin",
        "refresh_families",
        ["origin"],
        unique=True,
        postgresql_where=sa.text("origin IS NOT NULL"),
    )


# Where an identity provider keeps the members, it also decides who the admins are.
_KEEP_AN_ADMIN = """
CREATE OR REPLACE FUNCTION keep_an_admin() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM organizations {condition} FOR UPDATE;
    IF FOUND AND NOT EXISTS (
        SELECT 1 FROM memberships
        WHERE organization_id = OLD.organization_id AND role = 'admin'
    ) THEN
        RAISE EXCEPTION 'an organization keeps an admin' USING
            ERRCODE = 'check_violation', CONSTRAINT = 'memberships_keep_an_admin';
    END IF;
    RETURN NULL;
END $$
"""
_MORE_COLUMNS = """,
    users.role AS own_role,
    organizations.issuer AS organization_issuer,
    organizations.external_alias AS organization_alias,
    organizations.external_id AS organization_external_id
"""
_USER_CARDS = """
CREATE VIEW user_cards WITH (security_invoker = true) AS
SELECT
    users.id,
    users.email,
    users.full_name,
    coalesce(memberships.role, users.role) AS role,
    memberships.organization_id,
    organizations.name AS organization_name,
    organizations.slug AS organization_slug,
    users.is_active,
    users.is_superuser,
    users.auth_provider,
    users.created_at,
    greatest(users.updated_at, memberships.updated_at) AS updated_at,
    NOT EXISTS (
        SELECT 1 FROM memberships AS older
        WHERE older.user_id = users.id
        AND (older.created_at, older.organization_id)
            < (memberships.created_at, memberships.organization_id)
    ) AS is_first{more}
FROM users
LEFT JOIN memberships ON memberships.user_id = users.id
LEFT JOIN organizations ON organizations.id = memberships.organization_id
"""
