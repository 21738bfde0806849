"""The access token: asked for once, renewed early, renewed once on a refusal."""

import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr

from app.claims.payers.port import (
    CredentialsRefused,
    FaultKind,
    PayerBadResponse,
    PayerFault,
    PayerRateLimited,
    PayerTimeout,
    PayerUnavailable,
)
from app.claims.payers.token import Tokens
from app.core.http import open_client
from tests.claims.payers.payer_stand import Stand, ask


async def test_fifty_callers_fetch_one_token(stand: Stand) -> None:
    adapter = stand.adapter(concurrency=50)
    await asyncio.gather(*(adapter.search(ask(days)) for days in range(1, 30)))
    assert stand.calls["token_calls"] == 1


async def test_token_is_renewed_at_80_percent_of_its_life(stand: Stand) -> None:
    now = [0.0]
    client = open_client(timeout_seconds=5, connections=2)
    tokens = Tokens(client, stand.options, clock=lambda: now[0])
    first = await tokens.current()
    now[0] = 3600 * 0.8 - 1
    assert await tokens.current() is first
    now[0] = 3600 * 0.8 + 1
    assert (await tokens.current()).value != first.value
    assert stand.calls["token_calls"] == 2
    await client.aclose()


async def test_refused_once_is_renewed_once_for_all(stand: Stand) -> None:
    adapter = stand.adapter()
    await adapter.search(ask())
    stand.payer.revoke_tokens()
    pages = await asyncio.gather(*(adapter.search(ask(days)) for days in range(1, 11)))
    assert all(page.claims for page in pages)
    assert stand.calls["token_calls"] == 2


async def test_a_late_refusal_of_the_old_token_does_not_spend_the_new_one(stand: Stand) -> None:
    client = open_client(timeout_seconds=5, connections=2)
    tokens = Tokens(client, stand.options)
    old = await tokens.current()
    new = await tokens.after_refusal(old)
    assert await tokens.after_refusal(old) is new
    assert stand.calls["token_calls"] == 2
    await client.aclose()


async def test_one_401_out_of_the_blue(stand: Stand) -> None:
    stand.play(unauthorized="once")
    assert (await stand.adapter().search(ask())).claims
    assert stand.calls["token_calls"] == 2


async def test_refused_for_ever_is_about_credentials(stand: Stand) -> None:
    stand.play(unauthorized="always")
    with pytest.raises(CredentialsRefused) as raised:
        await stand.adapter().search(ask())
    assert raised.value.kind is FaultKind.CREDENTIALS
    assert raised.value.row_code is None
    assert raised.value.facts.http_status == 401
    assert stand.calls["calls"] == 2
    assert stand.calls["token_calls"] == 2


async def test_token_that_ends_early_is_renewed(stand: Stand) -> None:
    stand.play(token_seconds=1)
    adapter = stand.adapter()
    await adapter.search(ask())
    await asyncio.sleep(0.9)
    await adapter.search(ask())
    assert stand.calls["token_calls"] == 2
    assert stand.calls["by_status"] == {"200": 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": SecretStr("wrong")},
        {"client_id": "nobody"},
    ],
)
async def test_wrong_credentials(stand: Stand, changes: dict[str, object]) -> None:
    with pytest.raises(CredentialsRefused):
        await stand.adapter(**changes).search(ask())
    assert stand.calls["calls"] == 0


@pytest.mark.parametrize("changes", [{"client_id": ""}, {"client_secret": SecretStr("")}])
async def test_missing_credentials_are_not_sent(stand: Stand, changes: dict[str, object]) -> None:
    with pytest.raises(CredentialsRefused):
        await stand.adapter(**changes).search(ask())
    assert stand.calls["token_calls"] == 0


@pytest.mark.parametrize(
    ("status", "fault", "calls"),
    [
        (400, CredentialsRefused, 1),
        (403, CredentialsRefused, 1),
        (429, PayerRateLimited, 3),
        (408, PayerTimeout, 3),
        (500, PayerUnavailable, 3),
        (503, PayerUnavailable, 3),
        (302, PayerBadResponse, 2),
        (201, PayerBadResponse, 2),
    ],
)
async def test_token_endpoint_fails(
    stand: Stand, status: int, fault: type[PayerFault], calls: int
) -> None:
    stand.play(token_status=status)
    with pytest.raises(fault):
        await stand.adapter(patience_seconds=2).search(ask())
    assert stand.calls["token_calls"] == calls
    assert stand.calls["calls"] == 0


async def test_token_address_that_answers_something_else(stand: Stand) -> None:
    with pytest.raises(PayerBadResponse):
        await stand.adapter(token_url=stand.url + "/_sandbox/calls").search(ask())


async def test_all_who_wait_get_the_same_fault(stand: Stand) -> None:
    stand.play(token_status=500)
    adapter = stand.adapter(tries=1, concurrency=20)
    outcomes = await asyncio.gather(
        *(adapter.search(ask(days)) for days in range(1, 11)), return_exceptions=True
    )
    assert all(isinstance(outcome, PayerUnavailable) for outcome in outcomes)
    assert stand.calls["token_calls"] == 1


async def test_a_caller_who_gives_up_takes_nothing_from_the_others(stand: Stand) -> None:
    adapter = stand.adapter()
    impatient = asyncio.create_task(adapter.search(ask()))
    patient = asyncio.create_task(adapter.search(ask()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).claims
    assert stand.calls["token_calls"] == 1


async def test_the_secret_is_not_shown(stand: Stand) -> None:
    options = replace(stand.options, client_secret=SecretStr("very-secret"))
    assert "very-secret" not in repr(options)
    client = open_client(timeout_seconds=5, connections=2)
    token = await Tokens(client, stand.options).current()
    assert token.value not in repr(token)
    await client.aclose()
