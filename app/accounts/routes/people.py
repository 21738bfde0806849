"""Users, signing in and profiles over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from app.accounts import external, service, sessions
from app.accounts.answers import NEVER_STORED, token_answer
from app.accounts.attempts import Attempt
from app.accounts.caller import CallerLanguage, TheLetters, ThisDevice
from app.accounts.deps import (
    Bearer,
    Conditional,
    CurrentUser,
    DirectoryRead,
    DirectoryWrite,
    ProcessIdentity,
    SessionRead,
    SessionWrite,
    version,
)
from app.accounts.errors import (
    AccountDisabled,
    CredentialsInvalid,
    EmailTaken,
    LastAdmin,
    PasswordWeak,
    RefreshReused,
)
from app.accounts.identity import SignedIn
from app.accounts.models import User
from app.accounts.schemas import (
    ClerkIn,
    LoginForm,
    LogoutIn,
    ProfileIn,
    ProfileOut,
    RefreshIn,
    RegisterIn,
    TokenOut,
    UserOut,
    UserPatch,
)
from app.auth.errors import ClerkNotConfigured, IssuerAway, TokenExpired, TokenInvalid
from app.core.etags import tagged
from app.core.limits import address_key, limit, take
from app.core.openapi import problems
from app.core.pages import Page, Pages
from app.core.problems import Forbidden
from app.core.state import services

users = APIRouter(prefix="/users", tags=["users"])
login = APIRouter(prefix="/login", tags=["login"])
profile = APIRouter(prefix="/profile", tags=["profile"])


@users.post(
    "",
    status_code=201,
    dependencies=[limit("auth.register"), NEVER_STORED],
    responses=problems(EmailTaken, PasswordWeak),
)
async def register(
    body: RegisterIn,
    request: Request,
    identity: ProcessIdentity,
    letters: TheLetters,
    device: ThisDevice,
    language: CallerLanguage,
) -> TokenOut:
    """Make an account and sign it in: a candidate without an organization.

    A mail asks to confirm the address; the account works without that, too.

    There is no Idempotency-Key here: a stored answer would hold tokens. A repeated request answers
    409, and signing in gives what the lost answer had.
    """
    newcomer = service.Newcomer(
        email=body.email,
        password=body.password.get_secret_value(),
        full_name=body.full_name,
        language=language,
        device=device,
    )
    grant = await service.register(services(request).database, identity, letters, newcomer)
    return token_answer(grant)


@users.get("", responses=problems(Forbidden))
async def browse(user: CurrentUser, session: DirectoryRead, query: Pages) -> Page[UserOut]:
    """The users of your organization, for its admins; for a superuser all users. Newest first."""
    found = await service.browse(session, reader=user, query=query)
    return found.page(UserOut.model_validate)


@users.get("/me", response_model=UserOut)
async def me(request: Request, user: CurrentUser) -> Response:
    """Yourself."""
    answer = UserOut.model_validate(user)
    return tagged(request, answer, etag=version(answer))


@users.get("/{user_id}", response_model=UserOut)
async def get(
    user_id: UUID, request: Request, user: CurrentUser, session: DirectoryRead
) -> Response:
    """Yourself, or a member of the organization that you are admin of."""
    answer = UserOut.model_validate(await service.get(session, reader=user, user_id=user_id))
    return tagged(request, answer, etag=version(answer))


@users.patch("/{user_id}", response_model=UserOut, responses=problems(LastAdmin))
async def update(
    user_id: UUID,
    body: UserPatch,
    user: CurrentUser,
    identity: ProcessIdentity,
    session: DirectoryWrite,
    condition: Conditional,
) -> Response:
    """Change a name; role and is_active are changed by admins, and nobody raises themselves."""
    card = await service.get_locked(session, reader=user, user_id=user_id)
    condition.require(UserOut.model_validate(card))
    changes = body.model_dump(exclude_none=True)
    card = await service.update(session, identity, reader=user, card=card, changes=changes)
    return condition.tagged(UserOut.model_validate(card))


@login.post(
    "/access-token",
    dependencies=[NEVER_STORED],
    responses=problems(CredentialsInvalid),
)
async def access_token(
    form: Annotated[LoginForm, Form()],
    request: Request,
    identity: ProcessIdentity,
    device: ThisDevice,
) -> TokenOut:
    """Sign in with e-mail address and password (OAuth 2.0 password form)."""
    email = form.username.strip()
    attempt = await Attempt.begin(request, email)
    try:
        grant = await sessions.sign_in(
            services(request).database,
            identity,
            email=email,
            password=form.password.get_secret_value(),
            device=device,
        )
    except CredentialsInvalid:
        await attempt.failed()
        raise
    return token_answer(grant)


@login.post(
    "/clerk-auth",
    dependencies=[NEVER_STORED],
    responses=problems(AccountDisabled, ClerkNotConfigured, IssuerAway, TokenExpired, TokenInvalid),
)
async def clerk_auth(
    body: ClerkIn, request: Request, identity: ProcessIdentity, device: ThisDevice
) -> TokenOut:
    """Exchange a Clerk session token for tokens of ours; makes or links the account.

    Good tokens count against the person, bad ones against the address that they come from: a
    frontend server that signs in all its people from one address locks none of them out.
    """
    try:
        token, principal = await identity.issuers.read_clerk(body.clerk_token)
    except (TokenExpired, TokenInvalid):
        await take(request, "auth.token_exchange_network", await address_key(request))
        raise
    await take(request, "auth.token_exchange", principal.rate_key)
    grant = await external.exchange(services(request).database, identity, token, principal, device)
    return token_answer(grant)


@login.post(
    "/refresh-token",
    dependencies=[NEVER_STORED],
    responses=problems(RefreshReused, TokenExpired, TokenInvalid),
)
async def refresh_token(body: RefreshIn, request: Request, identity: ProcessIdentity) -> TokenOut:
    """Exchange a refresh token for a new pair.

    The old one can be sent once more within 30 seconds, for answers that got lost, and gives the
    same new one. Later it ends every token of this sign-in.
    """
    family = identity.tokens.read_refresh(body.refresh_token).family_id
    await take(request, "auth.refresh", str(family))
    grant = await sessions.refresh(services(request).database, identity, body.refresh_token)
    return token_answer(grant)


@login.post("/logout", status_code=204)
async def logout(
    request: Request, identity: ProcessIdentity, token: Bearer, body: LogoutIn | None = None
) -> None:
    """End the sign-in of the access token, or of the refresh token in the body, if there is one."""
    refresh = body.refresh_token if body else None
    await sessions.sign_out(services(request).database, identity, access=token, refresh=refresh)


def _profile_answer(user: SignedIn, row: User) -> ProfileOut:
    account = UserOut.model_validate(user).model_dump()
    own = {name: getattr(row, name) for name in ProfileOut.model_fields if name not in account}
    # The rest of the account may be five seconds old; what was just written is not.
    current = {"full_name": row.full_name, "updated_at": row.updated_at}
    return ProfileOut.model_validate({**account, **own, **current})


@profile.get("/me", name="get", response_model=ProfileOut)
async def get_profile(request: Request, user: CurrentUser, session: SessionRead) -> Response:
    """Your account and your professional profile."""
    answer = _profile_answer(user, await service.profile(session, user_id=user.id))
    return tagged(request, answer, etag=version(answer))


@profile.put("/me", name="update", response_model=ProfileOut)
async def update_profile(
    body: ProfileIn,
    user: CurrentUser,
    identity: ProcessIdentity,
    session: SessionWrite,
    condition: Conditional,
) -> Response:
    """Replace your professional profile; what is left out is emptied, but for the name."""
    await service.lock(session, user.id)
    condition.require(_profile_answer(user, await service.profile(session, user_id=user.id)))
    values = body.model_dump()
    if body.full_name is None:
        del values["full_name"]
    row = await service.update_profile(session, identity, user_id=user.id, values=values)
    return condition.tagged(_profile_answer(user, row))


router = APIRouter()
for part in (users, login, profile):
    router.include_router(part)
