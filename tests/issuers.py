"""Local issuers over loopback HTTP, an application that believes them, and tokens of any shape."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from starlette.datastructures import State

from app.core.db import Database
from app.core.settings import Settings
from app.core.settings_identity import ClerkSettings, KeycloakSettings
from app.dev.issuers import instance, realm
from app.dev.issuers.asgi import Faults, LocalIssuers
from app.dev.issuers.instance import INSTANCE_PATH, ORIGIN, SECRET_KEY, Instance
from app.dev.issuers.keys import SigningKeys
from app.dev.issuers.realm import CLIENT, REALM_PATH, Realm
from app.dev.local_server import serving
from app.main import Intake, create_app
from tests.conftest import RollbackDatabase, running


@dataclass
class Rehearsal:
    """The local issuers, and tokens that they sign."""

    issuers: LocalIssuers
    address: str

    @property
    def realm(self) -> Realm:
        return self.issuers.realm

    @property
    def instance(self) -> Instance:
        return self.issuers.instance

    @property
    def keycloak_issuer(self) -> str:
        return self.address + REALM_PATH

    @property
    def clerk_issuer(self) -> str:
        return self.address + INSTANCE_PATH

    def keycloak_claims(self, username: str = "ada", **changes: Any) -> dict[str, Any]:
        """An access token's claims; None removes one."""
        person = self.realm.people[username]
        claims = self.realm.access_claims(person, self.keycloak_issuer, "openid organization")
        return _changed(claims, changes)

    def keycloak(self, username: str = "ada", **changes: Any) -> dict[str, str]:
        """The header of somebody with an access token of Keycloak's."""
        return _header(self.realm.keys.sign(self.keycloak_claims(username, **changes)))

    def clerk_claims(self, username: str = "ada", **changes: Any) -> dict[str, Any]:
        """A session token's claims; None removes one."""
        person = self.instance.people[username]
        return _changed(self.instance.session_claims(person, self.clerk_issuer), changes)

    def clerk_token(self, username: str = "ada", **changes: Any) -> str:
        """A session token of Clerk's."""
        return self.instance.keys.sign(self.clerk_claims(username, **changes))

    def clerk(self, username: str = "ada", **changes: Any) -> dict[str, str]:
        """The header of somebody with a session token of Clerk's."""
        return _header(self.clerk_token(username, **changes))


def _changed(claims: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def _header(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="session")
def rsa_keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """Two keys of the test process: each takes a tenth of a second to make."""
    first, second = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    return first, second


@pytest.fixture(scope="session")
async def _issuer_server(
    rsa_keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
) -> AsyncIterator[Rehearsal]:
    issuers = LocalIssuers(keys=rsa_keys)
    async with serving(issuers) as address:
        yield Rehearsal(issuers, address)


@pytest.fixture
def rehearsal(
    _issuer_server: Rehearsal, rsa_keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]
) -> Rehearsal:
    """The local issuers, behaving, with keys that nobody has fetched yet."""
    issuers = _issuer_server.issuers
    issuers.faults = Faults()
    issuers.calls.clear()
    issuers.realm.keys = SigningKeys(first=rsa_keys[0])
    issuers.realm.organization_shape = "list"
    issuers.instance.keys = SigningKeys("ins_", first=rsa_keys[1])
    issuers.instance.version = 2
    return _issuer_server


def provider_settings(settings: Settings, rehearsal: Rehearsal, **clerk: Any) -> Settings:
    """Settings that believe the local issuers."""
    return settings.model_copy(
        update={
            "keycloak": KeycloakSettings(
                issuer=rehearsal.keycloak_issuer,
                client_ids=(CLIENT,),
                console_client_id=realm.CONSOLE_CLIENT,
            ),
            "clerk": ClerkSettings(
                **{
                    "issuer": rehearsal.clerk_issuer,
                    "authorized_parties": (ORIGIN,),
                    "secret_key": SecretStr(SECRET_KEY),
                    "api_url": rehearsal.address,
                    "console_client_id": instance.CONSOLE_CLIENT,
                    "console_client_secret": SecretStr(instance.CONSOLE_SECRET),
                    **clerk,
                }
            ),
        }
    )


@pytest.fixture(scope="session")
def _built_portal(
    settings: Settings, rollback_database: RollbackDatabase, _issuer_server: Rehearsal
) -> Intake:
    return create_app(provider_settings(settings, _issuer_server), database=rollback_database)


@pytest.fixture
def portal_app(_built_portal: Intake) -> Intake:
    """The application that believes the local issuers."""
    return _built_portal


@pytest.fixture
async def portal(
    _built_portal: Intake, database: Database, rehearsal: Rehearsal
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that believes the local issuers; what it writes is undone."""
    _built_portal.state = State()
    async with running(_built_portal) as client:
        yield client
