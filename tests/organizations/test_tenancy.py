"""Row-level security under the routes: what a transaction's scope lets through."""

from collections.abc import Sequence

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.accounts.models import UserCard
from app.core.db import Database, ReadSession, Scope
from app.core.ids import new_id
from app.organizations.models import Membership, Organization
from tests.people import Crew


async def seen(session: ReadSession) -> Sequence[Membership]:
    return (await session.scalars(select(Membership))).all()


async def test_a_tenant_sees_its_own_members(database: Database, crew: Crew) -> None:
    async with database.read(Scope.tenant(crew.organization_id)) as session:
        assert {row.organization_id for row in await seen(session)} == {crew.organization_id}
    async with database.read(Scope.person(crew.staff.id)) as session:
        assert [row.user_id for row in await seen(session)] == [crew.staff.id]
    async with database.read(Scope.public()) as session:
        assert await seen(session) == []
    async with database.read(Scope.system()) as session:
        assert len(await seen(session)) == 5


async def test_the_view_of_cards_keeps_to_the_scope(database: Database, crew: Crew) -> None:
    """It runs with its reader's rights and not with its owner's."""
    card = select(UserCard).where(UserCard.id == crew.stranger.id)
    async with database.read(Scope.tenant(crew.organization_id)) as session:
        foreign = (await session.scalars(card)).one()
        assert (foreign.organization_id, foreign.role) == (None, "candidate")
    async with database.read(Scope.system()) as session:
        whole = (await session.scalars(card)).one()
        assert (whole.organization_id, whole.role) == (crew.other_organization_id, "admin")


@pytest.mark.parametrize("scope", ["person", "public", "other"])
async def test_nobody_writes_themselves_into_an_organization(
    database: Database, crew: Crew, scope: str
) -> None:
    scopes = {
        "person": Scope.person(crew.candidate.id),
        "public": Scope.public(),
        "other": Scope.tenant(crew.other_organization_id, crew.candidate.id),
    }
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.write(scopes[scope]) as session:
            await session.execute(
                insert(Membership).values(
                    organization_id=crew.organization_id,
                    user_id=crew.candidate.id,
                    role="admin",
                )
            )


async def test_a_person_sees_but_does_not_change_their_own_membership(
    database: Database, crew: Crew
) -> None:
    async with database.write(Scope.person(crew.viewer.id)) as session:
        await session.execute(update(Membership).values(role="admin"))
        await session.execute(delete(Membership))
    async with database.read(Scope.system()) as session:
        rows = {row.user_id: row.role for row in await seen(session)}
    assert rows[crew.viewer.id] == "viewer"
    assert len(rows) == 5


async def test_a_tenant_changes_no_other_card(database: Database, crew: Crew) -> None:
    async with database.write(Scope.tenant(crew.organization_id)) as session:
        await session.execute(update(Organization).values(name="Mine"))
    async with database.read(Scope.public()) as session:
        names = {row.id: row.name for row in (await session.scalars(select(Organization))).all()}
    assert names == {crew.organization_id: "Mine", crew.other_organization_id: "Contoso"}


async def test_nobody_founds_in_the_name_of_another(database: Database, crew: Crew) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.write(Scope.tenant(crew.organization_id)) as session:
            await session.execute(insert(Organization).values(id=new_id(), name="X", slug="x"))


async def test_the_database_itself_keeps_the_last_admin(database: Database, crew: Crew) -> None:
    with pytest.raises(IntegrityError):
        async with database.write(Scope.system()) as session:
            await session.execute(delete(Membership).where(Membership.user_id == crew.admin.id))


async def test_an_organization_goes_with_its_members(database: Database, crew: Crew) -> None:
    """The rule of the last admin does not stand in the way of removing the whole."""
    async with database.write(Scope.system()) as session:
        await session.execute(delete(Organization).where(Organization.id == crew.organization_id))
        assert [row.user_id for row in await seen(session)] == [crew.stranger.id]


async def test_the_role_is_bound_by_the_policies(database: Database) -> None:
    async with database.read(Scope.system()) as session:
        row = (
            await session.execute(
                text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            )
        ).scalar_one()
    assert row is False
