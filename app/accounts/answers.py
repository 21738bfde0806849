"""The answer of every route that signs somebody in."""

from fastapi import Depends, Response

from app.accounts.schemas import TokenOut, UserOut
from app.accounts.sessions import Grant


async def _never_stored(response: Response) -> None:
    """Tokens stay out of every cache (RFC 6749, 5.1)."""
    response.headers["Cache-Control"] = "no-store"


NEVER_STORED = Depends(_never_stored)


def token_answer(grant: Grant) -> TokenOut:
    """A grant as clients read it."""
    user = UserOut.model_validate(grant.card)
    return TokenOut(
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        token_type="bearer",  # noqa: S106 - the scheme's name, no secret.
        expires_in=grant.expires_in,
        user=user,
        user_id=user.id,
        email=user.email,
        full_name=user.full_name,
    )
