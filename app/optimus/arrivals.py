"""How many applied on each day of somebody's time zone, from few of the tallies (decision 37).

Local midnights seldom fall on steps of UTC. Up to each there is what the nearest quarter of UTC's day
holds, and the few quarters of an hour between the two: at most twelve, of the ninety-six of a day.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.core.db import ReadSession
from app.optimus.ranges import Range
from app.optimus.steps import ORIGIN, QUARTER_DAY

# One statement, so that all of it is of one moment: while it runs the sweep may fold on.
_BY_SLOT: Final = text(
    """
    WITH midnight AS MATERIALIZED (
        SELECT slot, at, near, least(at, near) AS first, greatest(at, near) AS last,
            lead(near) OVER (ORDER BY slot) AS next
        FROM unnest(CAST(:midnights AS timestamptz[])) WITH ORDINALITY AS moment(at, slot),
            date_bin(:step, at + CAST(:step AS interval) / 2, CAST(:origin AS timestamptz)) AS near
    ), beyond AS MATERIALIZED (
        SELECT slot, near, next, CASE WHEN at < near THEN -1 ELSE 1 END * CASE WHEN at <> near THEN (
            SELECT coalesce(sum(count), 0) FROM application_tallies AS tally
            WHERE organization_id = :organization AND measure = 'arrived' AND is_folded
            AND tally.at >= first AND tally.at < last
        ) ELSE 0 END AS n
        FROM midnight
    )
    SELECT slot, n FROM (
        SELECT slot, lead(n) OVER (ORDER BY slot) - n + (
            SELECT coalesce(sum(count), 0) FROM tally_totals AS total
            WHERE organization_id = :organization AND measure = 'arrived'
            AND total.at >= near AND total.at < next
        ) AS n FROM beyond
    ) AS folded WHERE n <> 0
    UNION ALL
    SELECT width_bucket(at, CAST(:midnights AS timestamptz[])), sum(count) FROM application_tallies
    WHERE organization_id = :organization AND measure = 'arrived' AND NOT is_folded
    AND at >= :begins AND at < :ends GROUP BY 1
    """
)


async def by_slot(session: ReadSession, organization_id: UUID, during: Range) -> dict[int, int]:
    """How many applied to an organization: slot 1 is the range before, 2 the first day of the range."""
    midnights = during.moments()
    rows = await session.execute(
        _BY_SLOT,
        {
            "organization": organization_id,
            "midnights": midnights,
            "begins": midnights[0],
            "ends": midnights[-1],
            "step": QUARTER_DAY,
            "origin": ORIGIN,
        },
    )
    found: dict[int, int] = {}
    for slot, many in rows:
        found[slot] = found.get(slot, 0) + int(many)
    return found
