"""How often somebody may try a password: three limits, so that no stranger locks a person out.

Narrowest first: an account from one neighbourhood of addresses, whatever comes of it; then failures
of the account from anywhere, and failures from one address at any account. The server of a frontend
signs in everybody from one address, so only failures count there. Whoever tries from a network that
the account has signed in from before is not held back by what strangers elsewhere have used up.
"""

from dataclasses import dataclass
from typing import Self

from fastapi import Request

from app.accounts import families
from app.core.db import Scope
from app.core.limits import address_key, coarse_network, count, look, refused, take
from app.core.state import services


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one account's password that the limits have let through."""

    request: Request
    account: str
    address: str

    @classmethod
    async def begin(cls, request: Request, email: str) -> Self:
        """Let a try through, or refuse it.

        Raises:
            TooManyRequests: a limit is used up; Retry-After says for how long.
        """
        account, network = email.casefold(), coarse_network(request)
        await take(request, "auth.login", f"{account}|{network}")
        address = await address_key(request)
        verdict = await look(request, "auth.login_network", address)
        if verdict is not None and not verdict.allowed:
            raise refused(verdict)
        verdict = await look(request, "auth.login_account", account)
        if verdict is not None and not verdict.allowed:
            async with services(request).database.read(Scope.system()) as session:
                is_known = await families.has_come_from(session, email=email, network=network)
            if not is_known:
                raise refused(verdict)
        return cls(request, account, address)

    async def failed(self) -> None:
        """The password was wrong, or there is no such account."""
        await count(self.request, "auth.login_network", self.address)
        await count(self.request, "auth.login_account", self.account)
