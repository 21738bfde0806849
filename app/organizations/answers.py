"""What the routes of this room share: repeats by key, and the answer for something new."""

from typing import Annotated

from fastapi import Depends, Request, Response

from app.accounts.deps import version
from app.core.dependencies import in_the_loop
from app.core.openapi import IdempotencyKey
from app.organizations.schemas import MemberOut, OrganizationOut


class Attempt:
    """A request that may be sent again with the same Idempotency-Key; made by FastAPI."""

    def __init__(self, request: Request, idempotency_key: IdempotencyKey = None) -> None:
        # The header is read from the request; its parameter puts it into the document.
        self.request = request
        self.has_key = idempotency_key is not None


Repeatable = Annotated[Attempt, Depends(in_the_loop(Attempt))]


def created(answer: OrganizationOut | MemberOut, place: str, *, status: int = 201) -> Response:
    """201, or 202 for what somebody else has to say yes to, with the address of what was made."""
    return Response(
        answer.model_dump_json(),
        status_code=status,
        media_type="application/json",
        headers={"Location": f"/api/v1/organizations/{place}", "ETag": version(answer)},
    )
