"""Two tenants with something in every room, and the words by which the second one is told."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from app.core.db import Database, Scope
from app.core.settings import Settings
from tests.access.interviews_lines import application as application_of_fixed_id
from tests.access.policy import LINES
from tests.people import API, Actor, Crew, Draft, make_actors, make_crew

MARK = "zqfuzzmark"
"""Stands in whatever the second tenant has written; nobody else may ever be answered with it."""
THROWN_AWAY = 400
"""Accounts to be ended by the routes that end one's own account or sign-in."""


@dataclass
class Peers:
    """Both crews, and for each route the ids that fill its path."""

    here: Crew
    there: Crew
    places: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)
    """By method and path of the document: the names of its parameters, and ids of both tenants."""
    foreign: set[str] = field(default_factory=set)
    """Ids and addresses that only the second tenant may see."""
    spare: list[str] = field(default_factory=list)
    """Authorization headers of accounts that may end."""

    def note(self, method: str, path: str, values: Mapping[str, str], *, foreign: bool) -> None:
        """Keep ids for a route."""
        place = self.places.setdefault((method, path), defaultdict(list))
        for name, value in values.items():
            place[name].append(value)
            if foreign and name not in PUBLIC and len(value) == 36:
                self.foreign.add(value)


# Whom one works for and what is posted in public anybody may know.
PUBLIC = {"organization_id", "provider", "kind", "language"}
# What the second tenant wrote; jobs that are open to the public stay as they are.
MARKED = (
    "UPDATE practices SET name = '{mark}' WHERE organization_id = :there",
    "UPDATE claim_jobs SET original_filename = '{mark}.csv' WHERE organization_id = :there",
    "UPDATE webhook_endpoints SET url = 'https://{mark}.example.com/' WHERE organization_id = :there",
    "UPDATE applications SET cover_letter = '{mark}' WHERE organization_id = :there",
    "UPDATE interviews SET title = '{mark}' WHERE organization_id = :there",
    "UPDATE jobs SET title = '{mark}', description = '{mark}'"
    " WHERE organization_id = :there AND status = 'draft'",
    "UPDATE resumes SET filename = '{mark}.txt', text = '{mark}' WHERE owner_id = :candidate",
    "UPDATE saved_searches SET name = '{mark}' WHERE user_id = :candidate",
)


async def make_peers(database: Database, settings: Settings) -> Peers:
    """Both tenants, committed, with a row behind every path of the table of rights."""
    peers = Peers(await make_crew(database, settings), await make_crew(database, settings))
    made: dict[tuple[Any, bool], Mapping[str, str]] = {}
    for line in LINES:
        for crew in (peers.here, peers.there):
            foreign = crew is peers.there
            people = {
                "user_id": str(crew.employer.id),
                "organization_id": str(crew.organization_id),
            }
            if line.prepare is not None and (line.prepare, foreign) not in made:
                # This one writes an id that is given, which can be only one tenant's.
                skip = foreign and line.prepare is application_of_fixed_id
                rows = {} if skip else await line.prepare(database, crew)
                made[line.prepare, foreign] = rows
            values = people | dict(made.get((line.prepare, foreign), {}))
            path = API + line.path.partition("?")[0]
            needed = {name: value for name, value in values.items() if f"{{{name}}}" in path}
            peers.note(line.method, path, needed, foreign=foreign)
    await _mark(database, peers)
    peers.spare = [one.headers["Authorization"] for one in await _thrown_away(database, settings)]
    return peers


async def _mark(database: Database, peers: Peers) -> None:
    there = peers.there
    values = {"there": there.organization_id, "candidate": there.candidate.id}
    async with database.write(Scope.system()) as session:
        for statement in MARKED:
            await session.execute(text(statement.format(mark=MARK)), values)
        public = text("SELECT id FROM jobs WHERE organization_id = :there AND status <> 'draft'")
        known = {str(row.id) for row in await session.execute(public, values)}
    people = (there.admin, there.staff, there.viewer, there.candidate)
    peers.foreign |= {one.email for one in people} | {str(one.id) for one in people}
    # Who posted a public job is told with it.
    peers.foreign -= known | {str(there.employer.id)}
    peers.foreign.add(MARK)


async def _thrown_away(database: Database, settings: Settings) -> list[Actor]:
    drafts = [Draft(f"spare{number}") for number in range(THROWN_AWAY)]
    async with database.write(Scope.system()) as session:
        return await make_actors(session, settings, drafts)
