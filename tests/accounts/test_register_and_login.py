"""Registering, signing in, and what the answers never tell."""

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from app.accounts.models import RefreshToken, User
from app.auth.passwords import Passwords
from app.core.db import Database, Scope
from app.core.settings import LimitSettings, Settings
from app.main import create_app
from tests.people import API, PASSWORD, Crew, bearer, log_in, register

USER_FIELDS = {
    "id",
    "email",
    "full_name",
    "role",
    "organization_id",
    "organization_name",
    "is_active",
    "is_superuser",
    "auth_provider",
    "created_at",
    "updated_at",
}


async def test_registering_answers_a_token_and_a_candidate(client: httpx.AsyncClient) -> None:
    answer = await register(client)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["user"].keys() == USER_FIELDS
    user = body["user"]
    assert (user["role"], user["organization_id"], user["organization_name"]) == (
        "candidate",
        None,
        None,
    )
    assert (user["is_active"], user["is_superuser"], user["auth_provider"]) == (
        True,
        False,
        "local",
    )
    assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
    assert (body["user_id"], body["email"], body["full_name"]) == (
        user["id"],
        "ada@example.com",
        "Ada Lovelace",
    )
    me = await client.get(f"{API}/users/me", headers=bearer(answer))
    assert me.json() == user


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com", "Ada@EXAMPLE.com"])
async def test_an_address_is_taken_whatever_its_case(client: httpx.AsyncClient, email: str) -> None:
    await register(client)
    answer = await register(client, email)
    assert answer.status_code == 409
    assert answer.json()["code"] == "accounts.email_taken"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elevenchars", "password.too_short"),
        ("x" * 257, "password.too_long"),
        ("password1234", "password.too_common"),
        ("Ada.Lovelace1", "password.too_common"),
    ],
)
async def test_weak_passwords_are_refused_by_name(
    client: httpx.AsyncClient, password: str, code: str
) -> None:
    answer = await register(client, password=password)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "accounts.password_weak"
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/password", code)]
    assert password not in answer.text


@pytest.mark.parametrize(
    "extra",
    [
        {"role": "admin"},
        {"is_superuser": True},
        {"is_active": True},
        {"organization_id": "0199d3c8-5a10-7c3e-9f00-2b8f6f6a1c11"},
        {"id": "0199d3c8-5a10-7c3e-9f00-2b8f6f6a1c11"},
    ],
)
async def test_nobody_gives_themselves_rights(
    client: httpx.AsyncClient, extra: dict[str, object]
) -> None:
    body = {"email": "eve@example.com", "password": PASSWORD, "full_name": "Eve", **extra}
    assert (await client.post(f"{API}/users", json=body)).status_code == 422
    assert (await log_in(client, "eve@example.com")).status_code == 401


@pytest.mark.parametrize("email", ["no address", "a@b@c.example", "", "a@", "x\u0000@example.com"])
async def test_an_address_must_be_one(client: httpx.AsyncClient, email: str) -> None:
    assert (await register(client, email)).status_code == 422


async def test_signing_in(client: httpx.AsyncClient) -> None:
    made = await register(client)
    answer = await log_in(client, "ADA@example.com")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["user"] == made.json()["user"]
    assert answer.json()["refresh_token"] != made.json()["refresh_token"]


async def test_every_failed_sign_in_answers_the_same(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    """Wrong password, unknown address, account without password, disabled account."""
    await register(client)
    await register(client, "off@example.com")
    async with database.write(Scope.system()) as session:
        await session.execute(
            update(User).where(User.email == "off@example.com").values(is_active=False)
        )
    answers = [
        await log_in(client, password="not the password"),
        await log_in(client, "nobody@example.com"),
        await log_in(client, "not an address"),
        await log_in(client, crew.staff.email),
        await log_in(client, "off@example.com"),
    ]
    problems = [{**answer.json(), "request_id": ""} for answer in answers]
    assert problems == [problems[0]] * len(problems)
    assert problems[0]["code"] == "auth.credentials_invalid"
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


async def test_an_unknown_address_costs_a_hash_as_well(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long that hash takes is tested beside it; here it must not be left out."""
    await register(client)
    compared: list[str | None] = []
    matches = Passwords.matches

    async def counted(self: Passwords, password: str, stored: str | None) -> bool:
        compared.append(stored)
        return await matches(self, password, stored)

    monkeypatch.setattr(Passwords, "matches", counted)
    for email in ("ada@example.com", "nobody@example.com"):
        assert (await log_in(client, email, "not the password")).status_code == 401
    known, unknown = compared
    assert (known is None, unknown is None) == (False, True)


@pytest.mark.usefixtures("real_hashes")
async def test_a_hash_of_old_figures_is_renewed_at_sign_in(
    client: httpx.AsyncClient, database: Database
) -> None:
    await register(client)
    old = PasswordHasher(memory_cost=8192, time_cost=1, parallelism=1).hash(PASSWORD)
    async with database.write(Scope.system()) as session:
        await session.execute(update(User).values(password_hash=old))
    assert (await log_in(client)).status_code == 200
    async with database.read(Scope.system()) as session:
        stored = (await session.execute(select(User.password_hash))).scalar_one()
    assert stored is not None
    assert "m=19456,t=2,p=1" in stored
    assert (await log_in(client)).status_code == 200


async def test_no_secret_is_stored_in_clear(client: httpx.AsyncClient, database: Database) -> None:
    answer = await register(client)
    async with database.read(Scope.system()) as session:
        row = (await session.scalars(select(RefreshToken))).one()
        user = (await session.scalars(select(User))).one()
    assert len(row.token_hash) == 32
    assert row.token_hash not in answer.json()["refresh_token"].encode()
    assert user.password_hash is not None
    assert PASSWORD not in user.password_hash


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"username": "ada@example.com"}, 422),
        ({"password": PASSWORD}, 422),
        ({"username": "ada@example.com", "password": PASSWORD, "grant_type": "implicit"}, 422),
        ({"username": "a\x00da@example.com", "password": PASSWORD}, 422),
        ({"username": "a" * 255, "password": PASSWORD}, 422),
        ({"username": "ada@example.com", "password": PASSWORD, "grant_type": "password"}, 200),
        ({"username": " ada@example.com ", "password": PASSWORD, "scope": "", "x": "y"}, 200),
    ],
)
async def test_the_password_form(
    client: httpx.AsyncClient, form: dict[str, str], status: int
) -> None:
    await register(client)
    answer = await client.post(f"{API}/login/access-token", data=form)
    assert answer.status_code == status


async def test_sign_in_is_limited_by_account_and_not_by_address(
    settings: Settings, database: Database
) -> None:
    """All users of a server-rendered frontend come from one address."""
    limited = settings.model_copy(update={"limits": LimitSettings(rate_limits="on")})
    app = create_app(limited, database=database)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://intake.example") as client,
    ):
        for _ in range(10):
            answer = await log_in(client, "Guessed@example.com", "not the password")
            assert answer.status_code == 401
        refused = await log_in(client, "guessed@EXAMPLE.com", "not the password")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert "auth.login" in refused.headers["ratelimit-policy"]
        other = await log_in(client, "other@example.com", "not the password")
        assert other.status_code == 401
