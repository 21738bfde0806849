"""What is done by a link from a mail: a new password, an address confirmed."""

from fastapi import APIRouter, Request

from app.accounts import proofs
from app.accounts.caller import CallerLanguage, TheLetters
from app.accounts.deps import CurrentUser, ProcessIdentity, account_key
from app.accounts.errors import AddressTokenInvalid, PasswordWeak
from app.accounts.schemas import Accepted, ProofIn, ResetIn, ResetRequestIn
from app.core.db import Scope
from app.core.limits import address_key, coarse_network, limit, take
from app.core.openapi import problems
from app.core.state import services

login = APIRouter(prefix="/login", tags=["login"])
users = APIRouter(prefix="/users", tags=["users"])


@login.post("/password-reset-request", status_code=202)
async def password_reset_request(
    body: ResetRequestIn, request: Request, language: CallerLanguage
) -> Accepted:
    """Have a link mailed by which a forgotten password is replaced.

    The answer is the same whether there is an account or not.
    """
    await take(request, "auth.password_reset", f"{body.email.casefold()}|{coarse_network(request)}")
    await take(request, "auth.password_reset_network", await address_key(request))
    async with services(request).database.write(Scope.system()) as session:
        await proofs.request_reset(session, email=body.email, language=language)
    return Accepted(detail="If there is an account with this address, a mail is on its way.")


@login.post(
    "/password-reset",
    status_code=202,
    dependencies=[limit("auth.mailed_token")],
    responses=problems(AddressTokenInvalid, PasswordWeak),
)
async def password_reset(
    body: ResetIn, request: Request, identity: ProcessIdentity, letters: TheLetters
) -> Accepted:
    """Set a new password with the token of a mailed link; every sign-in of the account ends.

    A token works once and for an hour, and only the newest one counts.
    """
    await proofs.reset_password(
        services(request).database,
        identity,
        letters,
        token=body.token,
        password=body.new_password.get_secret_value(),
    )
    return Accepted(detail="The password is changed. Sign in with the new one.")


@users.post(
    "/me/email-verification",
    status_code=202,
    dependencies=[limit("auth.password_reset", key=account_key)],
)
async def request_verification(
    request: Request, user: CurrentUser, letters: TheLetters, language: CallerLanguage
) -> Accepted:
    """Have the link mailed again by which you confirm your address."""
    async with services(request).database.write(Scope.system()) as session:
        await proofs.ask_for_proof(session, letters, user_id=user.id, language=language)
    return Accepted(detail="If the address is not confirmed yet, a mail is on its way.")


@users.post(
    "/email-verification",
    status_code=202,
    dependencies=[limit("auth.mailed_token")],
    responses=problems(AddressTokenInvalid),
)
async def verify_email(body: ProofIn, request: Request) -> Accepted:
    """Confirm an address with the token of a mailed link."""
    async with services(request).database.write(Scope.system()) as session:
        await proofs.prove_address(session, token=body.token)
    return Accepted(detail="The address is confirmed.")


router = APIRouter()
for part in (login, users):
    router.include_router(part)
