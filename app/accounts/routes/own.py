"""One's own open sign-ins and password over HTTP."""

from uuid import UUID

from fastapi import APIRouter, Request

from app.accounts import families, new_passwords
from app.accounts.caller import CallerLanguage, TheLetters
from app.accounts.deps import CurrentUser, ProcessIdentity, SessionRead, SessionWrite
from app.accounts.errors import PasswordElsewhere, PasswordWeak, PasswordWrong
from app.accounts.identity import SignedIn
from app.accounts.models import RefreshFamily
from app.accounts.schemas import PasswordIn, SessionOut
from app.core.limits import take
from app.core.openapi import problems
from app.core.pages import Page, Pages
from app.core.problems import NotFound
from app.core.state import services

router = APIRouter(prefix="/users/me", tags=["sessions"])


def _session(user: SignedIn, family: RefreshFamily) -> SessionOut:
    own = {name: getattr(family, name) for name in SessionOut.model_fields if name != "is_current"}
    return SessionOut(**own, is_current=family.id == user.session)


@router.get("/sessions")
async def browse(user: CurrentUser, session: SessionRead, query: Pages) -> Page[SessionOut]:
    """Where you are signed in, newest first."""
    found = await families.browse(session, user_id=user.id, query=query)
    return found.page(lambda family: _session(user, family))


@router.delete("/sessions", status_code=204, name="remove_others")
async def remove_others(
    user: CurrentUser, identity: ProcessIdentity, session: SessionWrite
) -> None:
    """Sign out everywhere but here; felt within seconds."""
    await families.end_others(session, identity, user=user)


@router.delete("/sessions/{session_id}", status_code=204, responses=problems(NotFound))
async def remove(
    session_id: UUID, user: CurrentUser, identity: ProcessIdentity, session: SessionWrite
) -> None:
    """Sign out there; felt within seconds. The present sign-in may be named, too."""
    await families.end_one(session, identity, user=user, family_id=session_id)


@router.put(
    "/password",
    status_code=204,
    responses=problems(PasswordWrong, PasswordWeak, PasswordElsewhere),
)
async def change_password(
    body: PasswordIn,
    request: Request,
    user: CurrentUser,
    identity: ProcessIdentity,
    letters: TheLetters,
    language: CallerLanguage,
) -> None:
    """Change your password; every other sign-in ends, and a mail tells you."""
    await take(request, "auth.login", str(user.id))
    wanted = new_passwords.PasswordChange(
        current=body.current_password.get_secret_value(),
        password=body.new_password.get_secret_value(),
        language=language,
    )
    await new_passwords.change(
        services(request).database, identity, letters, user=user, wanted=wanted
    )
