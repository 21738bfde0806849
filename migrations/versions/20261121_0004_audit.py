"""The audit log: entries that nobody changes, and the chains that show it if somebody does."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import PERSON, SYSTEM, TENANT, grant_app

revision = "0004_audit"
down_revision = "0012_applications"
branch_labels = None
depends_on = None

TABLES = ("audit_entries", "audit_chains", "audit_links")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _create_entries()
    _create_chains()
    _create_linking()
    _refuse_changes()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION link_audit_entry(), refuse_audit_change()")
    op.execute("DROP FUNCTION audit_part(text)")


def _create_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    room = sa.text("split_part(action, '.', 1)")
    for name, columns in (
        ("at", ()),
        ("organization_id", ("organization_id",)),
        ("organization_id_room", ("organization_id", room)),
        ("actor_id", ("actor_id",)),
        ("subject_id", ("subject_id",)),
    ):
        op.create_index(f"ix_audit_entries_{name}", "audit_entries", [*columns, "at", "id"])
    grant_app("audit_entries", "SELECT", "INSERT")
    own = f"organization_id = {TENANT} OR {SYSTEM}"
    # An act may be a person's own, in no organization's name or in that of one they do not see yet.
    written = f"{own} OR organization_id IS NULL OR actor_id = {PERSON}"
    op.execute("ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON audit_entries FOR SELECT USING ({own})")
    op.execute(f"CREATE POLICY act ON audit_entries FOR INSERT WITH CHECK ({written})")


def _create_chains() -> None:
    op.create_table(
        "audit_chains",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chains")),
    )
    op.create_table(
        "audit_links",
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "position", name=op.f("pk_audit_links")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_links_entry_id")),
    )
    for table, key in (("audit_chains", "id"), ("audit_links", "chain_id")):
        grant_app(table, "SELECT")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} FOR SELECT USING ({key} = {TENANT} OR {SYSTEM})"
        )


def _create_linking() -> None:
    """Chain each entry inside the commit of its transaction.

    A deferred trigger runs when the client has nothing more to say, so the chain's head is locked
    for the time of the commit alone, and a client that freezes holds nothing.
    """
    op.execute(
        """
        CREATE FUNCTION audit_part(part text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
            SELECT convert_to(coalesce(octet_length(part) || ':' || part, '-'), 'UTF8')
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION link_audit_entry() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            chain uuid := coalesce(NEW.organization_id, '00000000-0000-0000-0000-000000000000');
            entry bytea := audit_part(NEW.id::text)
                || audit_part((extract(epoch FROM NEW.at) * 1000000)::bigint::text)
                || audit_part(NEW.action) || audit_part(NEW.actor_id::text)
                || audit_part(NEW.organization_id::text)
                || audit_part(NEW.subject_type) || audit_part(NEW.subject_id)
                || audit_part(NEW.request_id) || audit_part(NEW.network)
                || audit_part(NEW.detail::text);
            head audit_chains;
        BEGIN
            INSERT INTO audit_chains AS known VALUES (chain, 1, sha256(entry))
            ON CONFLICT (id) DO UPDATE
                SET length = known.length + 1, digest = sha256(known.digest || entry)
            RETURNING * INTO head;
            INSERT INTO audit_links VALUES (chain, head.length, NEW.id, head.digest);
            RETURN NULL;
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION link_audit_entry() FROM PUBLIC")
    op.execute(
        """
        CREATE CONSTRAINT TRIGGER link AFTER INSERT ON audit_entries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION link_audit_entry()
        """
    )


def _refuse_changes() -> None:
    """Whoever owns the tables may drop these triggers; the chain then shows what was changed."""
    op.execute(
        """
        CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log is only ever added to'
                USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    for table, acts in (
        ("audit_entries", "UPDATE OR DELETE OR TRUNCATE"),
        ("audit_links", "UPDATE OR DELETE OR TRUNCATE"),
        ("audit_chains", "DELETE OR TRUNCATE"),
    ):
        op.execute(
            f"CREATE TRIGGER refuse BEFORE {acts} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
