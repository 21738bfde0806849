"""The audit log in the console: whose entries are shown to whom, and to what they are narrowed."""

import httpx

from app.core.audit import Entry, record
from app.core.db import Database, Scope
from app.core.ids import new_id
from tests.people import Actor, Crew

AUDIT = "/console/audit"


async def note(database: Database, actor: Actor, action: str) -> str:
    subject = str(new_id())
    async with database.write(Scope.system()) as session:
        record(
            session,
            Entry(action, actor.id, actor.organization_id, "thing", subject, {"rows": 3}),
        )
    return subject


async def test_admins_read_their_own_organizations_entries(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    empty = await client.get(AUDIT, headers=crew.admin.headers)
    assert "Nothing recorded yet" in empty.text
    ours = await note(database, crew.staff, "claims.job_removed")
    theirs = await note(database, crew.stranger, "jobs.created")
    page = await client.get(AUDIT, headers=crew.admin.headers)
    assert crew.staff.email in page.text
    assert ours in page.text
    assert "rows: 3" in page.text
    assert theirs not in page.text
    everything = await client.get(AUDIT, headers=crew.superuser.headers)
    assert theirs in everything.text
    assert ours in everything.text
    chosen = {**crew.superuser.headers, "Cookie": f"intake_organization={crew.organization_id}"}
    one = await client.get(AUDIT, headers=chosen)
    assert ours in one.text
    assert theirs not in one.text


async def test_the_address_narrows_the_log_and_its_file(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    first = await note(database, crew.staff, "claims.job_removed")
    await note(database, crew.admin, "jobs.created")
    wanted = {
        "?room=claims&actor=&since=&until=": True,
        f"?actor={crew.staff.id}": True,
        f"?subject={first}": True,
        "?since=2001-01-01&until=2001-01-02": False,
    }
    for asked, is_found in wanted.items():
        page = await client.get(AUDIT + asked, headers=crew.admin.headers)
        assert page.status_code == 200, page.text
        assert ("job_removed" in page.text) is is_found, asked
        assert ("No entry here" in page.text) is not is_found
        assert "jobs.created" not in page.text
    taken = await client.get(f"{AUDIT}/file?room=claims", headers=crew.admin.headers)
    assert "attachment" in taken.headers["content-disposition"]
    assert "claims.job_removed" in taken.text
    assert "jobs.created" not in taken.text
    again = await client.get(f"{AUDIT}?room=audit", headers=crew.admin.headers)
    assert "audit.exported" in again.text


async def test_nobody_else_reads_it_or_is_led_there(client: httpx.AsyncClient, crew: Crew) -> None:
    for path in (AUDIT, f"{AUDIT}/file"):
        for actor in (crew.staff, crew.viewer, crew.employer):
            assert (await client.get(path, headers=actor.headers)).status_code == 403
    start = await client.get("/console", headers=crew.staff.headers)
    assert f'href="{AUDIT}"' not in start.text
    start = await client.get("/console", headers=crew.admin.headers)
    assert f'href="{AUDIT}"' in start.text
