"""The rights of routes about mailed links, open sign-ins and invitations."""

from collections.abc import Mapping

from sqlalchemy import func, insert, select

from app.accounts.models import RefreshFamily
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.organizations.models import Invite
from tests.access.line import Line
from tests.people import PASSWORD, Crew

TOKEN = {"token": "no-such-token"}
RESET = {**TOKEN, "new_password": PASSWORD}
NEWCOMER = {**TOKEN, "password": PASSWORD, "full_name": "New"}
CHANGE = {"current_password": PASSWORD, "new_password": "another long sentence of words"}


async def a_session(database: Database, crew: Crew) -> Mapping[str, str]:
    """The sign-in of somebody whom none of the callers is."""
    async with database.read(Scope.system()) as session:
        own = select(RefreshFamily.id).where(RefreshFamily.user_id == crew.employer.id)
        return {"session_id": str((await session.execute(own)).scalar_one())}


async def an_invite(database: Database, crew: Crew) -> Mapping[str, str]:
    """An invitation of the organization."""
    invite_id = new_id()
    async with database.write(Scope.system()) as session:
        await session.execute(
            insert(Invite).values(
                id=invite_id,
                organization_id=crew.organization_id,
                email="invited@example.com",
                role="viewer",
                token_hash=invite_id.bytes,
                expires_at=func.now() + func.make_interval(0, 0, 0, 7),
            )
        )
    return {"invite_id": str(invite_id)}


PEOPLE = [
    #                                               anon stra cand view staf admi supe
    Line(
        "POST",
        "/login/password-reset-request",
        "202 202 202 202 202 202 202",
        json={"email": "nobody@example.com"},
    ),
    Line("POST", "/login/password-reset", "400 400 400 400 400 400 400", json=RESET),
    Line("POST", "/users/me/email-verification", "401 202 202 202 202 202 202"),
    Line("POST", "/users/email-verification", "400 400 400 400 400 400 400", json=TOKEN),
    Line("GET", "/users/me/sessions", "401 200 200 200 200 200 200"),
    Line("DELETE", "/users/me/sessions", "401 204 204 204 204 204 204"),
    Line(
        "DELETE",
        "/users/me/sessions/{session_id}",
        "401 404 404 404 404 404 404",
        prepare=a_session,
    ),
    # None of the crew has a password.
    Line("PUT", "/users/me/password", "401 409 409 409 409 409 409", json=CHANGE),
    Line("POST", "/invites/preview", "400 400 400 400 400 400 400", json=TOKEN),
    Line("POST", "/invites/accept", "401 400 400 400 400 400 400", json=TOKEN),
    Line("POST", "/invites/register", "400 400 400 400 400 400 400", json=NEWCOMER),
    Line(
        "DELETE",
        "/organizations/me/invites/{invite_id}",
        "401 404 403 403 403 204 403",
        prepare=an_invite,
    ),
]
