"""Asked before an upload is read: is there a token, and does it hold?"""

from starlette.requests import Request
from starlette.types import Scope

from app.accounts.deps import optional_user
from app.core.problems import Problem, Unauthorized


async def turn_away(scope: Scope) -> Problem | None:
    """Why this request is not let in, or None for one whose token holds.

    It asks for what the upload routes themselves ask for. The route asks again after the body has
    been read; within five seconds it is told from memory.
    """
    request = Request(scope)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token if kind.lower() == "bearer" else None
    try:
        user = await optional_user(request, bearer)
    except Problem as problem:
        return problem
    return None if user is not None else Unauthorized()
