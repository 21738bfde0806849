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
    _cut_spans()
    _arrivals()
    _standing()
    _ranks()
    _count_skills()
    _rank_jobs()


def downgrade() -> None:
    op.execute("DROP TRIGGER unpack ON job_features")
    op.execute("DROP FUNCTION unpack_job()")
    op.drop_index("ix_job_features_unpacked", "job_features")
    op.drop_column("job_features", "ranking")
    op.execute(f"DROP FUNCTION {_OFFERED}")
    for name in (
        "application_ranks",
        "application_standing",
        "application_arrivals",
        "tally_spans",
    ):
        op.execute(f"DROP FUNCTION {name}")
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
                SELECT unnest((array_agg(hours ORDER BY hours))[$5 + 1:$5 + $6]) FROM (
                    SELECT {seconds.format("%1$I - created_at")} / 3600.0 AS hours
                    FROM applications WHERE ($1 IS NULL OR organization_id = $1)
                    AND %1$I >= $2 AND %1$I < $3 AND duration_rank(created_at, %1$I) = ANY($4)
                ) AS found$sql$, measure || '_at')
            USING organization, begins, ends, ranks, skipped, taken;
        END $$
        """  # noqa: S608 - the values are constants of this code.
    )


def _cut_spans() -> None:
    """A span as six moments: short steps are whole from the second to the fifth, long ones from the third to
    the fourth. Where nothing is whole the moments on both sides are the same.
    """
    op.execute(
        f"""
        CREATE FUNCTION tally_spans(begins timestamptz, ends timestamptz, short interval)
        RETURNS timestamptz[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
        DECLARE
            almost interval := interval '1 microsecond';
            long interval := interval '28 days';
            cut timestamptz[] := ARRAY[begins, date_bin(short, begins + short - almost, {_ORIGIN}),
                NULL, NULL, date_bin(short, ends, {_ORIGIN}), ends];
        BEGIN
            IF cut[2] >= cut[5] THEN
                RETURN ARRAY[begins, ends, ends, ends, ends, ends];
            END IF;
            cut[3] := date_bin(long, cut[2] + long - almost, {_ORIGIN});
            cut[4] := date_bin(long, cut[5], {_ORIGIN});
            IF cut[3] >= cut[4] THEN
                cut[3] := cut[5];
                cut[4] := cut[5];
            END IF;
            RETURN cut;
        END $$
        """
    )


def _function(head: str, gives: str, declared: str, query: str) -> None:
    """A function that reads what the tables' policies would show, without asking them row by row.

    Its plan is made once a connection: spans are found by their indexes, however much is known of the
    tables. Without an organization it is over all of them, for the system's eyes alone.
    """
    name = head.partition("(")[0]
    types = ", ".join(each.split()[1] for each in head.partition("(")[2].rstrip(")").split(", "))
    op.execute(
        f"""
        CREATE FUNCTION {head} RETURNS TABLE ({gives})
        LANGUAGE plpgsql STABLE SECURITY DEFINER
        SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
        SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
        SET enable_bitmapscan = off SET max_parallel_workers_per_gather = 0 AS $$
        #variable_conflict use_column
        DECLARE
            firms uuid[] := CASE WHEN organization IS NULL THEN ARRAY(SELECT id FROM organizations)
                ELSE ARRAY[organization] END;
            {declared}
        BEGIN
            IF coalesce(organization <> {TENANT}, true) AND NOT coalesce({SYSTEM}, false) THEN
                RETURN;
            END IF;
            RETURN QUERY {query};
        END $$
        """  # noqa: S608 - the values are constants of this code.
    )
    op.execute(f"REVOKE ALL ON FUNCTION {name}({types}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name}({types}) TO {APP_ROLE}")


def _arrivals() -> None:
    """How many applied between each midnight and the next.

    Local midnights seldom fall on quarters of UTC's day. Between the two nearest ones stands what their
    sums say; what lies between a midnight and its nearest quarter is added on one side of it and taken away
    on the other: twelve quarters of an hour at most.
    """
    _function(
        "application_arrivals(organization uuid, midnights timestamptz[])",
        "slot bigint, n bigint",
        "",
        f"""
            WITH midnight AS MATERIALIZED (
                SELECT slot, at, near, least(at, near) AS low, greatest(at, near) AS high,
                    lead(near) OVER (ORDER BY slot) AS next
                FROM unnest(midnights) WITH ORDINALITY AS moment(at, slot),
                    date_bin('6 hours', at + interval '3 hours', {_ORIGIN}) AS near
            ), beyond AS MATERIALIZED (
                SELECT slot, near, next, CASE WHEN at < near THEN -1 ELSE 1 END * (
                    SELECT coalesce(sum(count), 0) FROM application_tallies AS tally
                    WHERE low < high AND organization_id = ANY(firms) AND measure = 'arrived'
                    AND is_folded AND tally.at >= low AND tally.at < high
                ) AS n FROM midnight
            ), folded AS (
                SELECT slot, lead(n) OVER (ORDER BY slot) - n + (
                    SELECT coalesce(sum(count), 0) FROM {_TABLE} AS total
                    WHERE organization_id = ANY(firms) AND measure = 'arrived'
                    AND total.at >= near AND total.at < next
                ) AS n FROM beyond
            )
            SELECT slot, n::bigint FROM folded WHERE n <> 0
            UNION ALL
            SELECT width_bucket(at, midnights), sum(count) FROM application_tallies
            WHERE organization_id = ANY(firms) AND measure = 'arrived' AND NOT is_folded
            AND at >= midnights[1] AND at < midnights[cardinality(midnights)] GROUP BY 1
        """,  # noqa: S608 - the values are constants of this code.
    )


def _standing() -> None:
    """How those who applied stand, by status and furthest stage, then by source, these without a status."""
    key = "status, rank, CASE WHEN source <> '' THEN substr(source, 2) END, count"
    _function(
        "application_standing(organization uuid, begins timestamptz, ends timestamptz, most integer)",
        "status text, reached smallint, source text, n bigint, accepted bigint",
        "cut timestamptz[] := tally_spans(begins, ends, interval '1 day');",
        f"""
            WITH entry (status, reached, source, n) AS (
                SELECT {key} FROM {_TABLE}
                WHERE organization_id = ANY(firms) AND measure = 'stands'
                AND at >= cut[3] AND at < cut[4]
                UNION ALL
                SELECT {key} FROM (VALUES (cut[2], cut[3]), (cut[4], cut[5])) AS span(low, high)
                JOIN application_tallies ON organization_id = ANY(firms) AND measure = 'stands'
                AND is_folded AND at >= low AND at < high
                UNION ALL
                SELECT {key} FROM application_tallies
                WHERE organization_id = ANY(firms) AND measure = 'stands' AND NOT is_folded
                AND at >= cut[2] AND at < cut[5]
                UNION ALL
                SELECT status, reached, source, 1
                FROM (VALUES (cut[1], cut[2]), (cut[5], cut[6])) AS span(low, high)
                JOIN applications ON organization_id = ANY(firms)
                AND created_at >= low AND created_at < high
            ), few AS MATERIALIZED (
                SELECT status, reached, source, sum(n) AS n FROM entry
                GROUP BY status, reached, source HAVING sum(n) <> 0
            )
            SELECT status, reached, NULL::text, sum(n)::bigint, NULL::bigint
            FROM few GROUP BY status, reached
            UNION ALL
            (SELECT NULL, NULL, source, sum(n)::bigint,
                coalesce(sum(n) FILTER (WHERE reached = 5), 0)::bigint
            FROM few GROUP BY source ORDER BY sum(n) DESC, source NULLS LAST LIMIT most)
        """,  # noqa: S608 - the values are constants of this code.
    )


def _ranks() -> None:
    """How many took how long, to a twentieth, in a range of time and in the one right before it."""
    both = "organization_id = ANY(firms) AND measure = ANY(ARRAY['responded', 'accepted'])"
    counted = " UNION ALL ".join(
        f"""
        SELECT '{name}', {name}_at < begins, duration_rank(created_at, {name}_at), 1
        FROM (VALUES (past[1], past[2]), (past[5], cut[2]), (cut[5], cut[6])) AS span(low, high)
        JOIN applications ON organization_id = ANY(firms)
        AND {name}_at >= low AND {name}_at < high
        """  # noqa: S608 - the values are constants of this code.
        for name in ("responded", "accepted")
    )
    _function(
        "application_ranks(organization uuid, former timestamptz, begins timestamptz, ends timestamptz)",
        "measure text, is_former boolean, rank smallint, n bigint",
        """
            past timestamptz[] := tally_spans(former, begins, interval '7 days');
            cut timestamptz[] := tally_spans(begins, ends, interval '7 days');
        """,
        f"""
            WITH entry (measure, is_former, rank, n) AS (
                SELECT measure, is_former, rank, count
                FROM (VALUES (true, past[3], past[4]), (false, cut[3], cut[4]))
                    AS span(is_former, low, high)
                JOIN {_TABLE} ON {both} AND at >= low AND at < high
                UNION ALL
                SELECT measure, is_former, rank, count
                FROM (VALUES (true, past[2], past[3]), (true, past[4], past[5]),
                    (false, cut[2], cut[3]), (false, cut[4], cut[5])) AS span(is_former, low, high)
                JOIN application_tallies ON {both} AND is_folded AND at >= low AND at < high
                UNION ALL
                SELECT measure, is_former, rank, count
                FROM (VALUES (true, past[2], past[5]), (false, cut[2], cut[5]))
                    AS span(is_former, low, high)
                JOIN application_tallies ON {both} AND NOT is_folded AND at >= low AND at < high
                UNION ALL {counted}
            )
            SELECT measure, is_former, rank, sum(n)::bigint FROM entry
            GROUP BY measure, is_former, rank HAVING sum(n) <> 0 ORDER BY rank
        """,  # noqa: S608 - the values are constants of this code.
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
