"""Applications counted as they are written, so that numbers over a million of them are sums.

Every change to an application adds what it changes in the counts: rows that only say "one more" and
"one less", so that no two writers ever meet. A sweep folds them into one row a key. What stood
before this migration is counted by the same sweep, four weeks of one organization at a time; until
an organization is through, its numbers are counted from its applications.
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import APP_ROLE
from app.core.migrations import SYSTEM, TENANT, grant_app

revision = "0032_tallies"
down_revision = "0030_search_statistics"
branch_labels = None
depends_on = None

# A Monday; quarters of an hour, days and weeks are counted from it.
_ORIGIN = "timestamptz '2000-01-03 00:00:00+00'"
# Lengths of time from a minute to four years, each a twentieth longer than the one before.
_LENGTHS = ", ".join(str(round(60 * 1.05**step)) for step in range(299))
_KEY = "measure, at, rank, status, source"
_COUNTED = "created_at, status, reached, source, responded_at, accepted_at"
_MOMENTS = ("created_at", "responded_at", "accepted_at")
_ANY_LOCK = 7_203_411_191


def upgrade() -> None:
    _create_tallies()
    _create_backlog()
    _functions()
    _filling()
    _folding()
    _finding()
    for name in ("responded", "accepted"):
        op.create_index(
            f"ix_applications_{name}_rank",
            "applications",
            ["organization_id", sa.text(f"duration_rank(created_at, {name}_at)"), f"{name}_at"],
            postgresql_include=["created_at", "candidate_id"],
            postgresql_where=sa.text(f"{name}_at IS NOT NULL"),
        )
    _follow()
    # After the triggers' lock: who had written without them has committed by now.
    op.execute("INSERT INTO tally_backlog (organization_id) SELECT id FROM organizations")


def downgrade() -> None:
    for name in ("tally_change", "tally_coming"):
        op.execute(f"DROP TRIGGER {name} ON applications")
    for name in ("accepted", "responded"):
        op.drop_index(f"ix_applications_{name}_rank", "applications")
    op.execute("DROP FUNCTION application_hours")
    op.execute("DROP FUNCTION fold_tallies(integer)")
    op.execute("DROP FUNCTION fill_tallies()")
    op.execute("DROP FUNCTION tally_application()")
    op.drop_table("tally_backlog")
    op.drop_table("application_tallies")
    op.execute("DROP FUNCTION tallied")
    op.execute("DROP FUNCTION duration_rank")


def _create_tallies() -> None:
    table = "application_tallies"
    op.create_table(
        table,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("is_folded", sa.Boolean(), server_default="false", nullable=False),
    )
    op.create_index(
        "uq_application_tallies_folded",
        table,
        ["organization_id", "measure", "at", "rank", "status", "source"],
        unique=True,
        postgresql_where=sa.text("is_folded"),
    )
    op.create_index(
        "ix_application_tallies_unfolded",
        table,
        ["organization_id", "measure", "at"],
        postgresql_where=sa.text("NOT is_folded"),
    )
    _close(table)


def _create_backlog() -> None:
    op.create_table(
        "tally_backlog",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_tally_backlog")),
    )
    _close("tally_backlog")


def _close(table: str) -> None:
    """The application reads it, and only the database's own functions write it.

    There is no foreign key: an organization's end counts its applications out, and rows of nothing
    are folded away.
    """
    seen = f"organization_id = {TENANT} OR {SYSTEM}"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} USING ({seen}) WITH CHECK ({seen})")
    grant_app(table, "SELECT")


def _functions() -> None:
    op.execute(
        f"""
        CREATE FUNCTION duration_rank(begun timestamptz, ended timestamptz) RETURNS smallint
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN width_bucket(
            extract(epoch FROM ended - begun)::double precision,
            ARRAY[{_LENGTHS}]::double precision[])::smallint
        """
    )
    # A source that nobody gave is told from an empty one.
    op.execute(
        f"""
        CREATE FUNCTION tallied(
            created_at timestamptz, status text, reached smallint, source text,
            responded_at timestamptz, accepted_at timestamptz)
        RETURNS TABLE (measure text, at timestamptz, rank smallint, status text, source text)
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT * FROM (VALUES
                ('arrived', date_bin('15 minutes', $1, {_ORIGIN}), 0::smallint, '', ''),
                ('stands', date_bin('1 day', $1, {_ORIGIN}), $3, $2, coalesce('=' || $4, '')),
                ('responded', date_bin('7 days', $5, {_ORIGIN}), duration_rank($1, $5), '', ''),
                ('accepted', date_bin('7 days', $6, {_ORIGIN}), duration_rank($1, $6), '', '')
            ) AS entry ({_KEY}) WHERE at IS NOT NULL
        $$
        """  # noqa: S608 - the values are constants of this code.
    )


def _follow() -> None:
    before, after = (
        f"SELECT *, {sign}1 AS n FROM tallied({', '.join(f'{row}.{name}' for name in names)})"  # noqa: S608
        for names in [_COUNTED.split(", ")]
        for row, sign in (("OLD", "-"), ("NEW", "+"))
    )
    add = (
        "INSERT INTO application_tallies"
        f" (organization_id, {_KEY}, count) SELECT {{row}}.organization_id, {_KEY}"
    )
    op.execute(
        f"""
        CREATE FUNCTION tally_application() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                {add.format(row="NEW")}, n FROM ({after});
            ELSIF TG_OP = 'DELETE' THEN
                {add.format(row="OLD")}, n FROM ({before});
            ELSIF NEW.organization_id <> OLD.organization_id THEN
                {add.format(row="OLD")}, n FROM ({before});
                {add.format(row="NEW")}, n FROM ({after});
            ELSE
                {add.format(row="NEW")}, sum(n) FROM ({before} UNION ALL {after})
                GROUP BY {_KEY} HAVING sum(n) <> 0;
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER tally_coming AFTER INSERT OR DELETE ON applications
        FOR EACH ROW EXECUTE FUNCTION tally_application()
        """
    )
    changed = " OR ".join(
        f"NEW.{name} IS DISTINCT FROM OLD.{name}"
        for name in ("organization_id", *_COUNTED.split(", "))
    )
    op.execute(
        f"""
        CREATE TRIGGER tally_change AFTER UPDATE ON applications
        FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION tally_application()
        """
    )


def _filling() -> None:
    """Four weeks of one organization a call; what is counted already is subtracted.

    Applications and counts are read by one statement, so they show the same moment, and whatever
    commits later adds to both.
    """
    first, last = (
        f"{pick}({', '.join(f'(SELECT {edge}({name}) FROM applications WHERE organization_id = due.organization_id)' for name in _MOMENTS)})"  # noqa: S608
        for pick, edge in (("least", "min"), ("greatest", "max"))
    )
    within = " OR ".join(f"({name} >= due.since AND {name} < until)" for name in _MOMENTS)
    op.execute(
        f"""
        CREATE FUNCTION fill_tallies() RETURNS boolean
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE due tally_backlog; until timestamptz; ends timestamptz;
        BEGIN
            SELECT * INTO due FROM tally_backlog LIMIT 1 FOR UPDATE SKIP LOCKED;
            IF NOT FOUND THEN
                RETURN false;
            END IF;
            due.since := coalesce(due.since, date_bin('7 days', {first}, {_ORIGIN}));
            until := due.since + interval '672 hours';
            ends := {last};
            INSERT INTO application_tallies (organization_id, {_KEY}, count)
            SELECT due.organization_id, {_KEY}, sum(n) FROM (
                SELECT entry.*, 1 AS n FROM applications, tallied({_COUNTED}) AS entry
                WHERE organization_id = due.organization_id AND ({within})
                AND entry.at >= due.since AND entry.at < until
                UNION ALL
                SELECT {_KEY}, -count FROM application_tallies
                WHERE organization_id = due.organization_id AND at >= due.since AND at < until
            ) AS both_sides GROUP BY {_KEY} HAVING sum(n) <> 0;
            IF until > ends OR due.since IS NULL THEN
                DELETE FROM tally_backlog WHERE organization_id = due.organization_id;
            ELSE
                UPDATE tally_backlog SET since = until
                WHERE organization_id = due.organization_id;
            END IF;
            RETURN true;
        END $$
        """  # noqa: S608 - the values are constants of this code.
    )
    _allow("fill_tallies()")


def _folding() -> None:
    same = " AND ".join(
        f"kept.{name} = summed.{name}" for name in ("organization_id", *_KEY.split(", "))
    )
    # A few pieces find their rows by the index, however little is known of a table that is new.
    op.execute(
        f"""
        CREATE FUNCTION fold_tallies(most integer) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
        SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
        DECLARE pieces tid[];
        BEGIN
            IF NOT pg_try_advisory_xact_lock({_ANY_LOCK}) THEN
                RETURN 0;
            END IF;
            pieces := ARRAY(SELECT ctid FROM application_tallies WHERE NOT is_folded LIMIT most);
            WITH taken AS (
                DELETE FROM application_tallies WHERE ctid = ANY(pieces)
                RETURNING organization_id, {_KEY}, count
            ), counted AS (
                SELECT organization_id, {_KEY}, sum(count) AS count
                FROM taken GROUP BY organization_id, {_KEY}
            )
            MERGE INTO application_tallies AS kept USING counted AS summed
            ON kept.is_folded AND {same}
            WHEN MATCHED AND kept.count + summed.count = 0 THEN DELETE
            WHEN MATCHED AND summed.count <> 0 THEN UPDATE SET count = kept.count + summed.count
            WHEN NOT MATCHED AND summed.count <> 0 THEN
                INSERT (organization_id, {_KEY}, count, is_folded)
                VALUES (summed.organization_id, {", ".join(f"summed.{name}" for name in _KEY.split(", "))},
                    summed.count, true);
            RETURN cardinality(pieces);
        END $$
        """  # noqa: S608 - the values are constants of this code.
    )
    _allow("fold_tallies(integer)")


def _finding() -> None:
    """The lengths at some places of the sorted ones, in hours.

    Under a policy PostgreSQL looks at no length before it has looked at each row, and so reads all
    of them. The function looks with its owner's eyes, after it has asked what the policy asks.
    """
    op.execute(
        f"""
        CREATE FUNCTION application_hours(
            measure text, organization uuid, begins timestamptz, ends timestamptz,
            ranks smallint[], skipped integer, taken integer)
        RETURNS SETOF double precision
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF coalesce(organization <> {TENANT}, true) AND NOT coalesce({SYSTEM}, false) THEN
                RETURN;
            END IF;
            RETURN QUERY EXECUTE format('
                SELECT extract(epoch FROM %1$I - created_at)::double precision / 3600.0 AS hours
                FROM applications WHERE ($1 IS NULL OR organization_id = $1)
                AND %1$I >= $2 AND %1$I < $3 AND duration_rank(created_at, %1$I) = ANY($4)
                ORDER BY hours OFFSET $5 LIMIT $6', measure || '_at')
            USING organization, begins, ends, ranks, skipped, taken;
        END $$
        """  # noqa: S608 - the values are constants of this code.
    )
    _allow("application_hours(text, uuid, timestamptz, timestamptz, smallint[], integer, integer)")


def _allow(function: str) -> None:
    op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {APP_ROLE}")
