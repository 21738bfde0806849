"""Jobs, the words that correct typing errors in a search, and how often jobs were read."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.migrations import SYSTEM, TENANT, grant_app

revision = "0011_jobs"
down_revision = "0007_files"
branch_labels = None
depends_on = None

_STEMMERS = {"intake_english": "english_stem", "intake_french": "french_stem"}
_WORDS = "hword, hword_part, word, asciiword, asciihword, hword_asciipart"
_LOCATION_TYPES = ("on_site", "remote", "hybrid")
_JOB_TYPES = ("full_time", "part_time", "contract", "temporary", "internship", "freelance")
_LEVELS = ("entry", "junior", "mid", "senior", "lead", "executive")
_STATUSES = ("draft", "active", "closed", "archived")


def _search(head: bool) -> str:
    """The generated column's expression; without accents, in the word forms of its language."""
    fields = [("title", "A"), ("skills_text", "B")]
    if not head:
        fields += [("company", "C"), ("location", "C"), ("requirements", "D"), ("description", "D")]

    def in_words_of(configuration: str) -> str:
        return " || ".join(
            f"setweight(to_tsvector('public.{configuration}'::regconfig, {field}), '{weight}')"
            for field, weight in fields
        )

    return (
        f"CASE language WHEN 'fr' THEN {in_words_of('intake_french')}"
        f" ELSE {in_words_of('intake_english')} END"
    )


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")
    for name, stemmer in (*_STEMMERS.items(), ("intake_words", "simple")):
        copied = stemmer.removesuffix("_stem")
        op.execute(f"CREATE TEXT SEARCH CONFIGURATION public.{name} (COPY = pg_catalog.{copied})")
        op.execute(
            f"ALTER TEXT SEARCH CONFIGURATION public.{name}"
            f" ALTER MAPPING FOR {_WORDS} WITH public.unaccent, pg_catalog.{stemmer}"
        )
    _create_jobs()
    _create_words()
    _create_view()


def downgrade() -> None:
    op.execute("DROP VIEW open_jobs")
    op.drop_table("jobs")
    op.drop_table("job_words")
    op.execute("DROP FUNCTION learn_job_words")
    for name in (*_STEMMERS, "intake_words"):
        op.execute(f"DROP TEXT SEARCH CONFIGURATION public.{name}")
    op.execute("DROP EXTENSION pg_trgm")
    op.execute("DROP EXTENSION unaccent")


def _stamp(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _text(name: str, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("posted_by", sa.Uuid(), nullable=True),
        _text("title"),
        _text("company"),
        _text("location", ""),
        _text("location_type"),
        _text("job_type"),
        _text("experience_level"),
        _text("description"),
        _text("requirements", ""),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        _text("skills_text", ""),
        sa.Column("salary_min", sa.Integer(), nullable=True),
        sa.Column("salary_max", sa.Integer(), nullable=True),
        _text("currency"),
        _text("language"),
        _text("status"),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applications_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("views_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(_search(head=False), persisted=True),
            nullable=False,
        ),
        sa.Column(
            "search_head",
            postgresql.TSVECTOR(),
            sa.Computed(_search(head=True), persisted=True),
            nullable=False,
        ),
        _stamp("created_at"),
        _stamp("updated_at"),
    ]


def _rules() -> list[sa.CheckConstraint]:
    one_of = {
        "location_type": _LOCATION_TYPES,
        "job_type": _JOB_TYPES,
        "experience_level": _LEVELS,
        "status": _STATUSES,
        "language": ("en", "fr"),
    }
    rules = {name: f"{name} IN {words}" for name, words in one_of.items()} | {
        "currency": "currency ~ '^[A-Z]{3}$'",
        "salary": "salary_min <= salary_max",
        "posted": "status = 'draft' OR posted_at IS NOT NULL",
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_jobs_{name}")) for name, rule in rules.items()]


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        *_columns(),
        *_rules(),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_jobs_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["posted_by"], ["users.id"], name=op.f("fk_jobs_posted_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    active = sa.text("status = 'active'")
    op.create_index("ix_jobs_active", "jobs", ["posted_at", "id"], postgresql_where=active)
    op.create_index("ix_jobs_organization_id_id", "jobs", ["organization_id", "id"])
    op.create_index("ix_jobs_posted_by_id", "jobs", ["posted_by", "id"])
    expiring = sa.text("status = 'active' AND expires_at IS NOT NULL")
    op.create_index("ix_jobs_expiring", "jobs", ["expires_at"], postgresql_where=expiring)
    for column in ("search", "search_head"):
        op.create_index(
            f"ix_jobs_{column}", "jobs", [column], postgresql_using="gin", postgresql_where=active
        )
    op.execute("ALTER TABLE jobs ENABLE ROW LEVEL SECURITY")
    own = f"organization_id = {TENANT} OR {SYSTEM}"
    # Everybody may read what was ever published: who has applied still sees a job that is closed.
    op.execute("CREATE POLICY published ON jobs FOR SELECT USING (status <> 'draft')")
    op.execute(f"CREATE POLICY tenant ON jobs USING ({own}) WITH CHECK ({own})")
    grant_app("jobs", "SELECT", "INSERT", "UPDATE")


def _create_words() -> None:
    op.create_table(
        "job_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_job_words")),
    )
    op.create_index(
        "ix_job_words_word",
        "job_words",
        ["word"],
        postgresql_using="gist",
        postgresql_ops={"word": "gist_trgm_ops"},
    )
    grant_app("job_words", "SELECT")
    op.execute(
        """
        CREATE FUNCTION learn_job_words() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            INSERT INTO job_words (word)
            SELECT word FROM unnest(tsvector_to_array(to_tsvector(
                'public.intake_words',
                NEW.title || ' ' || NEW.skills_text || ' ' || NEW.company || ' ' || NEW.location
            ))) AS word
            WHERE length(word) BETWEEN 4 AND 40 AND word !~ '[0-9]'
            ORDER BY word
            ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER learn_job_words
        AFTER INSERT OR UPDATE OF title, skills_text, company, location, status ON jobs
        FOR EACH ROW WHEN (NEW.status = 'active') EXECUTE FUNCTION learn_job_words()
        """
    )


def _create_view() -> None:
    """What everybody may see, with the owner's rights.

    Under row-level security PostgreSQL asks the policy before any operator that it does not know to
    be harmless, and @@ is none such: the search's indexes would never be used.
    """
    op.execute(
        """
        CREATE VIEW open_jobs AS
        SELECT * FROM jobs
        WHERE status = 'active' AND (expires_at IS NULL OR expires_at > now())
        """
    )
    grant_app("open_jobs", "SELECT")
