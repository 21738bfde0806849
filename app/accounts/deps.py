"""Who is asking, and with whose eyes a request reads and writes."""

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel

from app.accounts import cookies, external, sessions
from app.accounts.identity import Identity, SignedIn
from app.auth.errors import IssuerAway, TokenExpired, TokenInvalid
from app.auth.principal import LOCAL, Principal
from app.core.db import ReadSession, Scope, WriteSession
from app.core.dependencies import in_the_loop
from app.core.etags import etag_of, require_match, tagged
from app.core.limits import address_key
from app.core.openapi import IfMatch
from app.core.problems import Forbidden, Unauthorized
from app.core.state import services

_bearer = OAuth2PasswordBearer(
    tokenUrl="/api/v1/login/access-token",
    auto_error=False,
    description="An access token from one of the /login routes, or one of Keycloak or Clerk",
)
Bearer = Annotated[str | None, Depends(_bearer)]


async def identity_of(request: Request) -> Identity:
    """The process's identity, made at its first use from the process's settings."""
    state = request.app.state
    known: Identity | None = getattr(state, "identity", None)
    if known is None:
        auth = services(request).settings.auth
        known = state.identity = Identity.from_settings(auth, state.issuers, state.place)
    return known


ProcessIdentity = Annotated[Identity, Depends(identity_of)]


async def _principal(request: Request, identity: Identity, token: str) -> Principal:
    """The bearer of a true token, whoever made it; verified once a request.

    Raises:
        TokenExpired: its time is over.
        TokenInvalid: anything else is wrong with it.
        IssuerAway: its issuer's keys cannot be had now.
    """
    known: Principal | None = getattr(request.state, "principal", None)
    if known is None:
        known = request.state.principal = await identity.read_bearer(token)
    return known


async def bearer_principal(request: Request, identity: ProcessIdentity, token: Bearer) -> Principal:
    """Whom the request's token speaks for, in the words of its issuer."""
    if token is None:
        raise Unauthorized
    return await _principal(request, identity, token)


BearerPrincipal = Annotated[Principal, Depends(bearer_principal)]


async def optional_user(request: Request, token: Bearer) -> SignedIn | None:
    """The signed-in user, or None without a token; a token that does not hold is refused.

    What it needs of the process it takes itself: FastAPI walks through every dependency of a
    dependency once for each that names it, also when the answer is known.
    """
    identity = await identity_of(request)
    if token is None:
        if "authorization" in request.headers:
            raise Unauthorized
        principal = cookies.principal_of(request, identity)
        if principal is None:
            return None
    else:
        principal = await _principal(request, identity, token)
    recognize = sessions.recognize if principal.provider == LOCAL else external.recognize
    return await recognize(services(request).database, identity, principal)


OptionalUser = Annotated[SignedIn | None, Depends(optional_user)]


async def current_user(user: OptionalUser) -> SignedIn:
    """The signed-in user."""
    if user is None:
        raise Unauthorized
    return user


CurrentUser = Annotated[SignedIn, Depends(current_user)]


async def current_superuser(user: CurrentUser) -> SignedIn:
    """The signed-in user, who runs the platform."""
    if not user.is_superuser:
        raise Forbidden
    return user


Superuser = Annotated[SignedIn, Depends(current_superuser)]


class Precondition:
    """The If-Match header of a change; made by FastAPI, asked by the route."""

    def __init__(self, request: Request, if_match: IfMatch = None) -> None:
        # The header is read from the request; its parameter puts it into the document.
        self._request = request
        self.names_version = if_match is not None

    def require(self, answer: BaseModel) -> None:
        """Refuse the change when the caller saw another version than this one.

        Raises:
            PreconditionFailed: If-Match names another version.
        """
        require_match(self._request, version(answer))

    def tagged(self, answer: BaseModel, *, status: int = 200) -> Response:
        """The answer with its ETag."""
        return tagged(self._request, answer, etag=version(answer), status=status)


Conditional = Annotated[Precondition, Depends(in_the_loop(Precondition))]


def version(answer: BaseModel) -> str:
    """The ETag of exactly this content; a role that changes elsewhere changes it too."""
    return etag_of(answer.model_dump_json())


async def caller_key(request: Request) -> str:
    """The rate-limit key of any route: the bearer of a good token, else the caller's address.

    The header is read here and not by `Bearer`, so that routes without sign-in stay without it in
    the document, and a token that does not hold is no failure where none is needed.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        with contextlib.suppress(TokenInvalid, TokenExpired, IssuerAway):
            return (await _principal(request, await identity_of(request), token)).rate_key
    return await address_key(request)


async def account_key(user: CurrentUser) -> str:
    """The rate-limit key of routes that need a user: `limit("api", key=account_key)`."""
    return str(user.id)


def _directory_scope(user: SignedIn) -> Scope:
    """Whose memberships a user sees in the lists of users: all, their organization's, their own."""
    if user.is_superuser:
        return Scope.system()
    if user.organization_id is not None:
        return Scope.tenant(user.organization_id, user.id)
    return Scope.person(user.id)


async def directory_read(request: Request, user: CurrentUser) -> AsyncIterator[ReadSession]:
    """A transaction over the users that the caller may see."""
    async with services(request).database.read(_directory_scope(user)) as session:
        yield session


async def directory_write(request: Request, user: CurrentUser) -> AsyncIterator[WriteSession]:
    """A writing transaction over the users that the caller may see."""
    async with services(request).database.write(_directory_scope(user)) as session:
        yield session


async def session_read(request: Request, user: CurrentUser) -> AsyncIterator[ReadSession]:
    """A transaction with the eyes of the signed-in person, whatever their organization."""
    async with services(request).database.read(Scope.person(user.id)) as session:
        yield session


async def session_write(request: Request, user: CurrentUser) -> AsyncIterator[WriteSession]:
    """A writing transaction of the signed-in person; it is committed before the answer goes out."""
    async with services(request).database.write(Scope.person(user.id)) as session:
        yield session


DirectoryRead = Annotated[ReadSession, Depends(directory_read, scope="function")]
DirectoryWrite = Annotated[WriteSession, Depends(directory_write, scope="function")]
SessionRead = Annotated[ReadSession, Depends(session_read, scope="function")]
SessionWrite = Annotated[WriteSession, Depends(session_write, scope="function")]
