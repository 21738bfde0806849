"""The people and the firms: users, sign-ins, organizations, memberships."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import APP_ROLE
from app.core.migrations import PERSON, SYSTEM, TENANT, grant_app

revision = "0002_people"
down_revision = "0001_ground"
branch_labels = None
depends_on = None

ROLE_CHECK = "role IN ('candidate', 'employer', 'staff', 'viewer', 'admin')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _create_users()
    _create_sign_ins()
    _create_organizations()
    _create_memberships()
    _create_rules_of_membership()
    _create_views()


def downgrade() -> None:
    op.execute("DROP VIEW member_roles, user_cards")
    op.drop_table("memberships")
    op.execute("DROP FUNCTION keep_an_admin(), has_membership(uuid)")
    op.drop_table("organizations")
    op.drop_table("refresh_tokens")
    op.drop_table("refresh_families")
    op.drop_table("users")


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _stamp(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default="candidate", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("auth_provider", sa.Text(), server_default="local", nullable=False),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("links", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("skills", postgresql.JSONB(), server_default="[]", nullable=False),
        _stamp("created_at"),
        _stamp("updated_at"),
        sa.CheckConstraint(ROLE_CHECK, name=op.f("ck_users_role")),
        sa.CheckConstraint(
            "auth_provider IN ('local', 'clerk', 'keycloak')", name=op.f("ck_users_auth_provider")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("uq_users_email", "users", [sa.text("lower(email)")], unique=True)
    grant_app("users")


def _create_sign_ins() -> None:
    op.create_table(
        "refresh_families",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        _stamp("created_at"),
        _moment("expires_at", nullable=False),
        _moment("ended_at"),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_refresh_families_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_families")),
    )
    op.create_index("ix_refresh_families_user_id", "refresh_families", ["user_id"])
    op.create_index("ix_refresh_families_expires_at", "refresh_families", ["expires_at"])
    op.create_table(
        "refresh_tokens",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        _moment("issued_at", nullable=False),
        _moment("expires_at", nullable=False),
        _moment("replaced_at"),
        sa.ForeignKeyConstraint(
            ["family_id"],
            ["refresh_families.id"],
            name=op.f("fk_refresh_tokens_family_id_refresh_families"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("family_id", "sequence", name=op.f("pk_refresh_tokens")),
    )
    grant_app("refresh_families")
    grant_app("refresh_tokens")


def _create_organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        _stamp("created_at"),
        _stamp("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organizations_slug")),
    )
    grant_app("organizations")
    own = f"id = {TENANT} OR {SYSTEM}"
    op.execute("ALTER TABLE organizations ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY public_card ON organizations FOR SELECT USING (true)")
    op.execute(f"CREATE POLICY tenant ON organizations USING ({own}) WITH CHECK ({own})")


def _create_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        _stamp("created_at"),
        _stamp("updated_at"),
        sa.CheckConstraint(ROLE_CHECK, name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_memberships_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_memberships_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"])
    grant_app("memberships")
    own = f"organization_id = {TENANT} OR {SYSTEM}"
    op.execute("ALTER TABLE memberships ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON memberships USING ({own}) WITH CHECK ({own})")
    # People see where they belong, but nobody puts themselves anywhere or raises their own role.
    op.execute(f"CREATE POLICY person ON memberships FOR SELECT USING (user_id = {PERSON})")


def _create_rules_of_membership() -> None:
    """Two rules that need to see past the tenant, or to hold against requests that race.

    The organization's row is the lock: of two admins who demote each other, the second one waits
    and then counts what the first has left.
    """
    op.execute(
        """
        CREATE FUNCTION keep_an_admin() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM 1 FROM organizations WHERE id = OLD.organization_id FOR UPDATE;
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
    )
    op.execute(
        """
        CREATE TRIGGER keep_an_admin AFTER UPDATE OF role OR DELETE ON memberships
        FOR EACH ROW WHEN (OLD.role = 'admin') EXECUTE FUNCTION keep_an_admin()
        """
    )
    op.execute(
        """
        CREATE FUNCTION has_membership(person uuid) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
        AS 'SELECT EXISTS (SELECT 1 FROM memberships WHERE user_id = person)'
        """
    )
    op.execute("REVOKE ALL ON FUNCTION has_membership(uuid), keep_an_admin() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION has_membership(uuid) TO {APP_ROLE}")


def _create_views() -> None:
    op.execute(
        """
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
            ) AS is_first
        FROM users
        LEFT JOIN memberships ON memberships.user_id = users.id
        LEFT JOIN organizations ON organizations.id = memberships.organization_id
        """
    )
    grant_app("user_cards", "SELECT")
    op.execute(
        """
        CREATE VIEW member_roles WITH (security_invoker = true) AS
        SELECT organization_id, user_id, role, updated_at FROM memberships
        """
    )
    grant_app("member_roles", "SELECT", "UPDATE")
