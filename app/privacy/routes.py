"""One's own data over HTTP: all of it, or none any more."""

from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

from app.accounts.confirmation import require_person
from app.accounts.deps import BearerPrincipal, CurrentUser, ProcessIdentity, account_key
from app.accounts.errors import LastAdmin, PasswordWrong, SignInAgain
from app.core.attachments import attachment
from app.core.clock import now
from app.core.limits import limit, take
from app.core.openapi import problems
from app.core.problems import Forbidden
from app.core.routing import RoomRouter
from app.core.state import services
from app.privacy import service
from app.privacy.errors import AccountErased
from app.privacy.schemas import ErasureIn

router = RoomRouter(prefix="/users/me", tags=["privacy"])
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get(
    "/export",
    response_class=StreamingResponse,
    dependencies=[limit("privacy.export", key=account_key)],
    responses={**_FILE, **problems(Forbidden)},
)
async def export(request: Request, user: CurrentUser) -> StreamingResponse:
    """Everything that is held of you as a ZIP archive: JSON for each room, and your files.

    What employers note about applicants is theirs and not in it.
    """
    if user.impersonated_by is not None:
        raise Forbidden("Nobody does this for somebody else.")
    open_ends = services(request)
    pieces = await service.export(open_ends.database, open_ends.settings, user=user)
    return StreamingResponse(
        pieces,
        media_type="application/zip",
        headers=attachment(f"intake-data-{now():%Y-%m-%d}.zip"),
    )


@router.delete(
    "",
    status_code=204,
    responses=problems(PasswordWrong, SignInAgain, LastAdmin, AccountErased),
)
async def remove(
    request: Request,
    user: CurrentUser,
    identity: ProcessIdentity,
    principal: BearerPrincipal,
    body: ErasureIn | None = None,
) -> None:
    """Erase your account for good, with your password, or right after signing in where you have
    none.

    Your files, letters and profile are deleted, open applications withdrawn, interviews called off,
    and you are signed out everywhere. Employers keep that somebody applied, and nothing of whom.
    """
    await take(request, "auth.login", str(user.id))
    database = services(request).database
    password = body.current_password if body is not None else None
    await require_person(
        database,
        identity,
        user=user,
        principal=principal,
        password=None if password is None else password.get_secret_value(),
    )
    await service.erase(database, identity, user_id=user.id)
