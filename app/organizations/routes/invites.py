"""The other end of an invitation: whoever holds the link from the mail."""

from fastapi import APIRouter, Request

from app.accounts.answers import NEVER_STORED, token_answer
from app.accounts.caller import ThisDevice
from app.accounts.deps import CurrentUser, ProcessIdentity
from app.accounts.errors import EmailTaken, PasswordWeak
from app.accounts.schemas import ProofIn, TokenOut
from app.accounts.service import Newcomer
from app.core.db import Scope
from app.core.limits import limit
from app.core.openapi import problems
from app.core.state import services
from app.organizations import invites
from app.organizations.errors import AlreadyMember, InviteForAnother, InviteInvalid
from app.organizations.schemas import InviteOut, InviteRegisterIn

router = APIRouter(prefix="/invites", tags=["invites"])


@router.post(
    "/preview", dependencies=[limit("auth.mailed_token")], responses=problems(InviteInvalid)
)
async def preview(body: ProofIn, request: Request) -> InviteOut:
    """What a link invites to, for the page that it leads to."""
    async with services(request).database.read(Scope.system()) as session:
        return InviteOut.model_validate(await invites.get(session, token=body.token))


@router.post(
    "/accept",
    dependencies=[limit("auth.mailed_token")],
    responses=problems(InviteInvalid, InviteForAnother, AlreadyMember),
)
async def accept(
    body: ProofIn, request: Request, user: CurrentUser, identity: ProcessIdentity
) -> InviteOut:
    """Join the organization with your account, whose address the link was sent to."""
    async with services(request).database.write(Scope.system()) as session:
        joined = await invites.accept(session, identity, token=body.token, user=user)
        return InviteOut.model_validate(joined)


@router.post(
    "/register",
    status_code=201,
    dependencies=[limit("auth.mailed_token"), NEVER_STORED],
    responses=problems(InviteInvalid, EmailTaken, PasswordWeak),
)
async def register(
    body: InviteRegisterIn, request: Request, identity: ProcessIdentity, device: ThisDevice
) -> TokenOut:
    """Make an account for the invited address, join the organization, and sign in."""
    database = services(request).database
    async with database.read(Scope.system()) as session:
        found = await invites.get(session, token=body.token)
    newcomer = Newcomer(
        email=found.email,
        password=body.password.get_secret_value(),
        full_name=body.full_name,
        device=device,
    )
    grant = await invites.register(database, identity, token=body.token, newcomer=newcomer)
    return token_answer(grant)
