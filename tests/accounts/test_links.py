"""Links by mail: a forgotten password replaced, an address confirmed, and nothing told."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, text, update

from app.accounts import proofs
from app.accounts.models import AddressProof, RefreshFamily, User
from app.accounts.tasks import purge_sessions
from app.auth.tokens import token_digest
from app.core import clock
from app.core.db import Database, Scope
from app.core.settings import Settings
from tests.mail.reading import Letter, acts, answer_requests, context_of, letters, newest
from tests.people import API, PASSWORD, Crew, bearer, log_in, register

REQUEST = f"{API}/login/password-reset-request"
RESET = f"{API}/login/password-reset"
VERIFY = f"{API}/users/email-verification"
FRESH = "an entirely different sentence"


async def ask(client: httpx.AsyncClient, email: str = "ada@example.com") -> httpx.Response:
    return await client.post(REQUEST, json={"email": email}, headers={"Accept-Language": "fr"})


async def mailed(client: httpx.AsyncClient, database: Database, settings: Settings) -> Letter:
    """The link that somebody gets who asks now."""
    await ask(client)
    await answer_requests(database, settings)
    return await newest(database, settings, "password_reset")


async def reset(client: httpx.AsyncClient, token: str, password: str = FRESH) -> httpx.Response:
    return await client.post(RESET, json={"token": token, "new_password": password})


async def test_a_forgotten_password_is_replaced(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    signed_in = await register(client)
    letter = await mailed(client, database, settings)
    assert (letter.to, letter.language) == ("ada@example.com", "fr")
    assert letter.link.startswith("https://front.example/reset-password#token=")
    assert len(letter.token) == 43
    assert (await reset(client, letter.token)).status_code == 202
    assert (await log_in(client)).status_code == 401
    assert (await log_in(client, password=FRESH)).status_code == 200
    assert (await newest(database, settings, "password_changed")).to == "ada@example.com"
    # Whoever was signed in before is not any more, with either token.
    me = await client.get(f"{API}/users/me", headers=bearer(signed_in))
    assert (me.status_code, me.json()["code"]) == (401, "auth.token_invalid")
    body = {"refresh_token": signed_in.json()["refresh_token"]}
    assert (await client.post(f"{API}/login/refresh-token", json=body)).status_code == 401
    again = await reset(client, letter.token)
    assert (again.status_code, again.json()["code"]) == (400, "accounts.link_invalid")
    done = [act for act in await acts(database) if "reset" in act]
    assert done == ["accounts.password_reset_mailed", "accounts.password_reset"]


async def test_the_answer_tells_nothing_about_an_account(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    await register(client)
    await client.patch(
        f"{API}/users/{crew.staff.id}", json={"is_active": False}, headers=crew.admin.headers
    )
    async with database.write(Scope.system()) as session:
        external = {"auth_provider": "keycloak"}
        await session.execute(update(User).where(User.id == crew.viewer.id).values(**external))
    asked = ["ada@example.com", "nobody@example.com", crew.staff.email, crew.viewer.email]
    answers = [await ask(client, email) for email in asked]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    async with database.read(Scope.system()) as session:
        rows = (
            await session.scalars(select(AddressProof).where(AddressProof.user_id.is_(None)))
        ).all()
        assert len(rows) == 4, "the same work is done for each before the answer"
    await answer_requests(database, settings)
    found = {one.to: one for one in await letters(database, settings)}
    assert "nobody@example.com" not in found
    assert crew.staff.email not in found
    elsewhere = found[crew.viewer.email]
    assert (elsewhere.template, elsewhere.context) == (
        "password_elsewhere",
        {"provider": "Keycloak"},
    )


async def test_only_the_newest_link_counts_and_a_weak_password_does_not_use_it_up(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await register(client)
    first = await mailed(client, database, settings)
    second = await mailed(client, database, settings)
    assert first.token != second.token
    assert (await reset(client, first.token)).json()["code"] == "accounts.link_invalid"
    weak = await reset(client, second.token, "password1234")
    assert (weak.status_code, weak.json()["code"]) == (422, "accounts.password_weak")
    assert weak.json()["errors"][0]["pointer"] == "/new_password"
    assert (await reset(client, second.token)).status_code == 202


async def test_a_link_is_over_after_an_hour_and_its_secret_is_stored_nowhere(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await register(client)
    letter = await mailed(client, database, settings)
    async with database.write(Scope.system()) as session:
        row = (
            await session.scalars(
                select(AddressProof).where(AddressProof.purpose == "password_reset")
            )
        ).one()
        assert row.token_hash == token_digest(letter.token)
        assert timedelta(minutes=59) < row.expires_at - clock.now() <= timedelta(hours=1)
        everything = (await session.execute(text("SELECT m::text FROM mails m"))).scalars().all()
        assert not any(letter.token in one for one in everything)
        await session.execute(
            text("UPDATE address_proofs SET expires_at = now() - interval '1 second'")
        )
    assert (await reset(client, letter.token)).status_code == 400
    await purge_sessions(context_of(database, settings))
    async with database.read(Scope.system()) as session:
        assert (await session.scalars(select(AddressProof))).all() == []


async def test_a_mailbox_is_not_flooded(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await register(client)
    for _ in range(proofs.MOST_AN_HOUR + 3):
        await ask(client)
    await answer_requests(database, settings)
    sent = [one for one in await letters(database, settings) if one.template == "password_reset"]
    # The rows of one transaction count each other; the newest link stays good.
    assert len(sent) <= proofs.MOST_AN_HOUR
    assert (await reset(client, sent[-1].token)).status_code == 202


async def test_a_disabled_account_is_not_opened_by_an_old_link(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    user_id = (await register(client)).json()["user_id"]
    letter = await mailed(client, database, settings)
    await client.patch(
        f"{API}/users/{user_id}", json={"is_active": False}, headers=crew.superuser.headers
    )
    assert (await reset(client, letter.token)).status_code == 400


async def test_requests_wait_until_a_worker_comes(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    """Rings may be lost: the look finds what waits, more than one helping of it."""
    await register(client)
    for number in range(25):
        await ask(client, f"nobody{number}@example.com")
    await ask(client)
    await answer_requests(database, settings)
    assert (await newest(database, settings, "password_reset")).to == "ada@example.com"
    async with database.read(Scope.system()) as session:
        waiting = select(AddressProof).where(AddressProof.user_id.is_(None))
        assert (await session.scalars(waiting)).all() == []


async def test_an_address_is_confirmed_by_its_mail(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    headers = bearer(await register(client))
    profile = f"{API}/profile/me"
    assert (await client.get(profile, headers=headers)).json()["email_verified_at"] is None
    first = await newest(database, settings, "email_verification")
    assert first.link.startswith("https://front.example/verify-email#token=")
    again = await client.post(f"{API}/users/me/email-verification", headers=headers)
    assert again.status_code == 202
    second = await newest(database, settings, "email_verification")
    for token, status in ((first.token, 400), (second.token, 202), (second.token, 400)):
        assert (await client.post(VERIFY, json={"token": token})).status_code == status
    assert (await client.get(profile, headers=headers)).json()["email_verified_at"] is not None
    before = len(await letters(database, settings))
    await client.post(f"{API}/users/me/email-verification", headers=headers)
    assert len(await letters(database, settings)) == before


async def test_a_link_for_one_purpose_is_none_for_another(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await register(client)
    verification = await newest(database, settings, "email_verification")
    assert (await reset(client, verification.token)).status_code == 400
    letter = await mailed(client, database, settings)
    assert (await client.post(VERIFY, json={"token": letter.token})).status_code == 400


async def test_nobody_but_the_system_sees_the_tokens(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    user_id = (await register(client)).json()["user_id"]
    await mailed(client, database, settings)
    for scope in (Scope.public(), Scope.person(user_id), Scope.tenant(crew.organization_id)):
        async with database.read(scope) as session:
            assert (await session.scalars(select(AddressProof))).all() == []


@pytest.mark.parametrize(
    "body",
    [
        {"email": "nobody"},
        {"email": "a@example.com\r\nBcc: b@example.com"},
        {"email": "a@example.com", "language": "fr"},
        {},
    ],
)
async def test_what_is_no_request(client: httpx.AsyncClient, body: dict[str, str]) -> None:
    assert (await client.post(REQUEST, json=body)).status_code == 422


async def test_a_sign_in_that_ended_stays_in_the_record(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await register(client, password=PASSWORD)
    letter = await mailed(client, database, settings)
    await reset(client, letter.token)
    async with database.read(Scope.system()) as session:
        (family,) = (await session.scalars(select(RefreshFamily))).all()
        assert family.end_reason == "password_reset"
