"""Folded tallies are summed once more, over longer steps, and skills on offer are counted by a function.

Two years of quarters of an hour are seventy thousand rows; of quarters of a day, three thousand. The
sums follow the folded tallies by a trigger: only the sweep writes those, so no two writers meet.

A job's terms get a second form, which a résumé is ranked by without all the rest that was read.
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import APP_ROLE
from app.core.migrations import SYSTEM, TENANT, grant_app

revision = "0036_longer_steps"
down_revision = "0034_why_files_wait"
branch_labels = None
depends_on = None

_TABLE = "tally_totals"
_KEY = "organization_id, measure, at, rank, status, source"
# A Monday, as tallies count from; migration 0032 has the same and the number of the sweep's lock.
_ORIGIN = "timestamptz '2000-01-03 00:00:00+00'"
_SWEEP_LOCK = 7_203_411_191
_STEP = (
    "date_bin(CASE {0}measure WHEN 'arrived' THEN interval '6 hours' ELSE interval '28 days' END,"
    f" {{0}}at, {_ORIGIN})"
)
# The lengths of migration 0032, in seconds.
_LENGTHS = ", ".join(str(round(60 * 1.05**step)) for step in range(299))
# Numbers of any length are exact, and ten times as slow as a double, which is exact enough: the
# lengths are whole seconds, and moments are known to a millionth of one.
_SECONDS = {
    "upgrade": "date_part('epoch', {0})",
    "downgrade": "extract(epoch FROM {0})::double precision",
}
_OFFERED = "offered_skills(uuid, uuid, timestamptz, timestamptz, text[], integer)"


def upgrade() -> None:
    _create_totals()
    _follow()
    _measure(_SECONDS["upgrade"])
    _count_skills()
    _rank_jobs()


def downgrade() -> None:
    op.execute("DROP TRIGGER unpack ON job_features")
    op.execute("DROP FUNCTION unpack_job()")
    op.drop_index("ix_job_features_unpacked", "job_features")
    op.drop_column("job_features", "ranking")
    op.execute(f"DROP FUNCTION {_OFFERED}")
    _measure(_SECONDS["downgrade"])
    for name in ("total_folded", "total_refolded"):
        op.execute(f"DROP TRIGGER {name} ON application_tallies")
    op.execute("DROP FUNCTION total_tally()")
    op.drop_table(_TABLE)


def _create_totals() -> None:
    op.create_table(
        _TABLE,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY.split(", "), name=op.f(f"pk_{_TABLE}")),
    )
    # As of tallies, the application only reads, and no foreign key stands in an organization's way.
    seen = f"organization_id = {TENANT} OR {SYSTEM}"
    op.execute(f"ALTER TABLE {_TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {_TABLE} USING ({seen}) WITH CHECK ({seen})")
    grant_app(_TABLE, "SELECT")


def _follow() -> None:
    """What is folded now, then what will be: between the two the sweep is kept out by its own lock.

    Who writes applications never waits for that lock, and for the triggers' only a moment.
    """
    op.execute(f"SELECT pg_advisory_xact_lock({_SWEEP_LOCK})")
    op.execute(
        f"""
        INSERT INTO {_TABLE} ({_KEY}, count)
        SELECT organization_id, measure, {_STEP.format("")} AS step, rank, status, source, sum(count)
        FROM application_tallies WHERE is_folded
        GROUP BY organization_id, measure, step, rank, status, source HAVING sum(count) <> 0
        """  # noqa: S608 - the values are constants of this code.
    )
    same = (
        "organization_id = one.organization_id AND measure = one.measure AND at = one.at"
        " AND rank = one.rank AND status = one.status AND source = one.source"
    )
    op.execute(
        f"""
        CREATE FUNCTION total_tally() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE one application_tallies; more integer; left_over integer;
        BEGIN
            IF TG_OP = 'DELETE' THEN
                one := OLD;
                more := -OLD.count;
            ELSE
                one := NEW;
                more := NEW.count - CASE TG_OP WHEN 'UPDATE' THEN OLD.count ELSE 0 END;
            END IF;
            one.at := {_STEP.format("one.")};
            UPDATE {_TABLE} SET count = count + more WHERE {same} RETURNING count INTO left_over;
            IF NOT FOUND THEN
                INSERT INTO {_TABLE} ({_KEY}, count)
                VALUES (one.organization_id, one.measure, one.at, one.rank, one.status, one.source, more);
            ELSIF left_over = 0 THEN
                DELETE FROM {_TABLE} WHERE {same};
            END IF;
            RETURN NULL;
        END $$
        """  # noqa: S608 - the values are constants of this code.
    )
    for name, moment, row in (
        ("total_folded", "INSERT", "NEW"),
        ("total_refolded", "UPDATE OR DELETE", "OLD"),
    ):
        op.execute(
            f"""
            CREATE TRIGGER {name} AFTER {moment} ON application_tallies
            FOR EACH ROW WHEN ({row}.is_folded) EXECUTE FUNCTION total_tally()
            """
        )


def _measure(seconds: str) -> None:
    """The two functions of migration 0032 that tell a length of time; what they say stays the same."""
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION duration_rank(begun timestamptz, ended timestamptz)
        RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN width_bucket(
            {seconds.format("ended - begun")}, ARRAY[{_LENGTHS}]::double precision[])::smallint
        """
    )
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION application_hours(
            measure text, organization uuid, begins timestamptz, ends timestamptz,
            ranks smallint[], skipped integer, taken integer)
        RETURNS SETOF double precision
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF coalesce(organization <> {TENANT}, true) AND NOT coalesce({SYSTEM}, false) THEN
                RETURN;
            END IF;
            RETURN QUERY EXECUTE format($sql$
                SELECT {seconds.format("%1$I - created_at")} / 3600.0 AS hours
                FROM applications WHERE ($1 IS NULL OR organization_id = $1)
                AND %1$I >= $2 AND %1$I < $3 AND duration_rank(created_at, %1$I) = ANY($4)
                ORDER BY hours OFFSET $5 LIMIT $6$sql$, measure || '_at')
            USING organization, begins, ends, ranks, skipped, taken;
        END $$
        """  # noqa: S608 - the values are constants of this code.
    )


def _count_skills() -> None:
    """Of the newest applications' résumés: how many were read, and how many of these have which skill.

    The policy of résumés looks for an application of the organization, one résumé after another;
    here they are those of its applications from the start. An organization's eyes see no other's.
    """
    op.execute(
        f"""
        CREATE FUNCTION offered_skills(
            organization uuid, job uuid, begins timestamptz, ends timestamptz, keys text[], most integer)
        RETURNS TABLE (name text, people bigint)
        LANGUAGE plpgsql STABLE SECURITY DEFINER
        SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
        BEGIN
            IF NOT coalesce({SYSTEM}, false) THEN
                IF coalesce(organization <> {TENANT}, {TENANT} IS NULL) THEN
                    RETURN;
                END IF;
                organization := {TENANT};
            END IF;
            RETURN QUERY
            WITH newest AS MATERIALIZED (
                SELECT resume_id FROM applications
                WHERE (organization IS NULL OR organization_id = organization)
                AND (job IS NULL OR job_id = job) AND resume_id IS NOT NULL
                AND (begins IS NULL OR created_at >= begins) AND (ends IS NULL OR created_at < ends)
                ORDER BY created_at DESC LIMIT most
            ), chosen AS MATERIALIZED (
                SELECT skill_keys FROM resumes
                WHERE id = ANY(ARRAY(SELECT resume_id FROM newest)) AND status = 'skills_extracted'
            )
            SELECT NULL::text, count(*) FROM chosen
            UNION ALL
            SELECT key, count(*) FROM chosen, unnest(skill_keys) AS key
            WHERE key = ANY(keys) GROUP BY key;
        END $$
        """  # noqa: S608 - the values are constants of this code.
    )
    op.execute(f"REVOKE ALL ON FUNCTION {_OFFERED} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_OFFERED} TO {APP_ROLE}")


def _rank_jobs() -> None:
    """Filled by the sweep that reads jobs. The release before does not know it: what it reads loses it."""
    op.add_column("job_features", sa.Column("ranking", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_job_features_unpacked",
        "job_features",
        ["job_id"],
        postgresql_where=sa.text("ranking IS NULL"),
    )
    op.execute(
        """
        CREATE FUNCTION unpack_job() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.ranking := NULL;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER unpack BEFORE UPDATE OF features ON job_features
        FOR EACH ROW WHEN (NEW.features <> OLD.features AND NEW.ranking = OLD.ranking)
        EXECUTE FUNCTION unpack_job()
        """
    )
