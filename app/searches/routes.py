"""Saved searches over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.accounts.deps import CurrentUser, SessionRead, SessionWrite
from app.core.db import Scope
from app.core.etags import require_match, tagged
from app.core.idempotency import body_digest, run_once
from app.core.openapi import IdempotencyKey, IfMatch, problems
from app.core.pages import Page, Pages
from app.core.routing import RoomRouter
from app.core.state import services
from app.mail.languages import negotiate
from app.searches import service
from app.searches.errors import SearchNotFound, TooManySearches, UnsubscribeInvalid
from app.searches.links import UnsubscribeLinks
from app.searches.schemas import SearchIn, SearchOut, SearchPatch, UnsubscribedOut

router = RoomRouter(prefix="/saved-searches", tags=["searches"])
Accepted = Annotated[str | None, Header(alias="Accept-Language", max_length=200)]
Token = Annotated[str, Query(max_length=200, description="As it stands in the link of a mail")]


@router.get("")
async def browse(user: CurrentUser, session: SessionRead, query: Pages) -> Page[SearchOut]:
    """The searches that you have saved, the newest first."""
    found = await service.browse(session, user_id=user.id, query=query)
    return found.page(SearchOut.model_validate)


@router.post("", status_code=201, response_model=SearchOut, responses=problems(TooManySearches))
async def create(
    request: Request,
    body: SearchIn,
    user: CurrentUser,
    session: SessionWrite,
    accepted: Accepted = None,
    _key: IdempotencyKey = None,
) -> Response:
    """Save a search, and be told of jobs that are posted from now on."""

    async def work() -> Response:
        made = await service.create(
            session,
            user_id=user.id,
            language=negotiate(accepted),
            values=body.model_dump(mode="json"),
        )
        answer = SearchOut.model_validate(made)
        headers = {"Location": f"/api/v1/saved-searches/{answer.id}"}
        return Response(
            answer.model_dump_json(), 201, headers=headers, media_type="application/json"
        )

    digest = await body_digest(request)
    return await run_once(session, request, scope=str(user.id), digest=digest, work=work)


@router.get("/unsubscribe", status_code=303, response_class=RedirectResponse)
async def confirm_unsubscribe(request: Request, token: Token) -> RedirectResponse:
    """Lead a browser to the page that asks whether to switch an alert off.

    Nothing is changed: programs that look through mails open every link.
    """
    frontend_url = services(request).settings.server.frontend_url.rstrip("/")
    place = f"{frontend_url}/unsubscribe"
    known = UnsubscribeLinks(services(request).settings.auth).read(token)
    return RedirectResponse(f"{place}#token={token}" if known else place, 303)


@router.post("/unsubscribe", responses=problems(UnsubscribeInvalid))
async def unsubscribe(request: Request, token: Token) -> UnsubscribedOut:
    """Switch an alert off by the link of its mail, without signing in (RFC 8058)."""
    known = UnsubscribeLinks(services(request).settings.auth).read(token)
    if known is None:
        raise UnsubscribeInvalid
    search_id, user_id = known
    async with services(request).database.write(Scope.person(user_id)) as session:
        done = await service.unsubscribe(session, user_id=user_id, search_id=search_id)
    return UnsubscribedOut.model_validate(done)


@router.get("/{search_id}", response_model=SearchOut, responses=problems(SearchNotFound))
async def get(
    request: Request, search_id: UUID, user: CurrentUser, session: SessionRead
) -> Response:
    """One saved search."""
    found = await service.get(session, user_id=user.id, search_id=search_id)
    return tagged(request, SearchOut.model_validate(found))


@router.patch("/{search_id}", response_model=SearchOut, responses=problems(SearchNotFound))
async def update(
    request: Request,
    search_id: UUID,
    body: SearchPatch,
    user: CurrentUser,
    session: SessionWrite,
    if_match: IfMatch = None,
) -> Response:
    """Change a saved search, or how often it alerts."""
    if if_match is not None:
        present = await service.get(session, user_id=user.id, search_id=search_id, locked=True)
        etag = tagged(request, SearchOut.model_validate(present)).headers["etag"]
        require_match(request, etag)
    changed = await service.update(
        session,
        user_id=user.id,
        search_id=search_id,
        values=body.model_dump(mode="json", exclude_unset=True),
    )
    return tagged(request, SearchOut.model_validate(changed))


@router.delete("/{search_id}", status_code=204, responses=problems(SearchNotFound))
async def remove(search_id: UUID, user: CurrentUser, session: SessionWrite) -> None:
    """Delete a saved search."""
    await service.remove(session, user_id=user.id, search_id=search_id)
