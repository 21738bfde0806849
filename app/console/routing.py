"""Routes whose failures are pages: who is not signed in is led there, all else is told in words."""

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from app.accounts import cookies
from app.auth.errors import TokenExpired, TokenInvalid
from app.console.errors import CrossSite
from app.console.rendering import page
from app.core.http_problems import Internal, InvalidRequest
from app.core.log import request_id
from app.core.problem_answers import answer_to
from app.core.problems import Problem, Unauthorized
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

SIGN_IN = f"{cookies.PLACE}/sign-in"
_SAFE = frozenset({"GET", "HEAD"})


async def same_site(request: Request) -> None:
    """Refuse actions that another site asks the browser for.

    Browsers say since 2020-2023 from where a request comes (Sec-Fetch-Site); one that does not say
    it must at least name our origin.

    Raises:
        CrossSite: it came from elsewhere.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise CrossSite
        return
    origin = request.headers.get("origin", "")
    if origin.partition("://")[2] != request.headers.get("host", ""):
        raise CrossSite


class ConsoleRoute(APIRoute):
    """A route that answers with pages, also when something is wrong."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI's, with problems shown to people."""
        answer = super().get_route_handler()

        async def shown(request: Request) -> Response:
            return await told(request, answer)

        return shown


async def told(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer, or the page that says what is wrong and what to do.

    The route's transaction ends in here, and not where FastAPI would end it: out there the failure
    has become a page already, and what was written before it would be committed.
    """
    try:
        async with AsyncExitStack() as transactions:
            request.scope["fastapi_function_astack"] = transactions
            return await answer(request)
    except (Unauthorized, TokenExpired, TokenInvalid):
        return _to_sign_in(request)
    except (OrganizationRequired, OrganizationAmbiguous):
        return redirect(request, f"{cookies.PLACE}/organization")
    except RequestValidationError:
        return _failure(request, InvalidRequest())
    except Problem as problem:
        return _failure(request, problem)
    except Exception as fault:  # noqa: BLE001 - a page for people stands where the API's answer would.
        # It writes the fault into the log, as it does for the API.
        answer_to(fault, request.scope)
        return _failure(request, Internal())


def _to_sign_in(request: Request) -> Response:
    wanted = request.url.path
    if request.url.query:
        wanted += f"?{request.url.query}"
    after = f"?next={quote(wanted)}" if request.method in _SAFE else ""
    answer = redirect(request, SIGN_IN + after)
    cookies.forget(answer)
    return answer


def _failure(request: Request, problem: Problem) -> Response:
    return page(
        request,
        "problem.html.jinja",
        status=problem.status,
        problem=problem,
        detail=str(problem.detail or ""),
        request_id=request_id.get(),
    )


def redirect(request: Request, to: str) -> Response:
    """Go on to another page of the console; a request by script replaces the whole page."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": to})
    return RedirectResponse(to, status_code=303)


def console_router() -> APIRouter:
    """A router of the console: pages at /console, in no document, guarded against other sites."""
    return APIRouter(
        prefix=cookies.PLACE,
        include_in_schema=False,
        route_class=ConsoleRoute,
        dependencies=[Depends(same_site)],
    )
