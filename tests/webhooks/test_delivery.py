"""Sending: signed, tried again, given up, and never twice at once."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.core import meters
from app.core.clock import now
from app.core.public_http import open_public_client
from app.webhooks.engine import deliver, schedule
from app.webhooks.engine.deliver import AT_ONCE, attempt, claim, record
from app.webhooks.outbox import MAX_PAYLOAD_BYTES, body_of
from app.webhooks.queries.deliveries import KEPT_TRIES
from tests.conftest import Stage
from tests.mail.reading import acts, letters
from tests.people import Crew, make_crew
from tests.webhooks.conftest import Office, local
from tests.webhooks.receiver import Receiver, status

JOB = {"job_id": "0193", "status": "COMPLETED", "total_rows": 3}


async def test_an_event_arrives_signed(office: Office, receiver: Receiver) -> None:
    _, secret = await office.endpoint(receiver.url)
    assert await office.emit(**JOB) == 1
    await office.send()
    (head,), (body,) = receiver.heads, receiver.bodies
    assert head[":request"] == "POST /hook?key=1 HTTP/1.1"
    assert head["content-type"] == "application/json"
    event = Webhook(secret).verify(body, head)
    assert event["type"] == "claims.job_completed"
    assert event["data"] == JOB
    assert event["timestamp"].endswith("Z")
    (delivery,) = await office.deliveries()
    assert head["webhook-id"] == str(delivery["event_id"])
    assert (delivery["state"], delivery["response_status"]) == ("delivered", 204)
    assert delivery["delivered_at"] is not None
    assert delivery["duration_ms"] >= 0
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", head)


async def test_both_secrets_sign_while_one_is_replaced(
    office: Office, receiver: Receiver, client: Any, crew: Any
) -> None:
    endpoint_id, old = await office.endpoint(receiver.url)
    answer = await client.post(
        f"/api/v1/webhooks/{endpoint_id}/rotate-secret", headers=crew.admin.headers
    )
    new = answer.json()["secret"]
    await office.emit(**JOB)
    await office.send()
    assert len(receiver.heads[0]["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Webhook(secret).verify(receiver.bodies[0], receiver.heads[0])
    await office.do(
        "UPDATE webhook_endpoints SET previous_secret_until = now() - interval '1 second'"
    )
    await office.emit(**JOB)
    await office.send()
    Webhook(new).verify(receiver.bodies[1], receiver.heads[1])
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(receiver.bodies[1], receiver.heads[1])


@pytest.mark.parametrize("code", [301, 302, 307, 400, 404, 429, 500, 503])
async def test_what_is_no_success_is_tried_again_with_the_same_words(
    office: Office, receiver: Receiver, code: int
) -> None:
    receiver.answer(status(code, f"Location: {receiver.url}"), status(200))
    await office.endpoint(receiver.url)
    await office.emit(**JOB)
    await office.send()
    await office.send()
    (delivery,) = await office.deliveries()
    assert (delivery["state"], delivery["attempts"]) == ("pending", 1)
    assert (delivery["response_status"], delivery["error"]) == (code, "status")
    assert len(receiver.bodies) == 1
    await office.hurry()
    await office.send()
    assert receiver.bodies[0] == receiver.bodies[1]
    assert receiver.heads[0]["webhook-id"] == receiver.heads[1]["webhook-id"]
    (delivery,) = await office.deliveries()
    assert (delivery["state"], delivery["error"]) == ("delivered", None)
    assert [entry["status"] for entry in delivery["history"]] == [code, 200]
    (endpoint,) = await office.endpoints()
    assert (endpoint["failures"], endpoint["failing_since"]) == (0, None)


def test_the_pauses_grow_over_three_days() -> None:
    waits = [[schedule.pause_after(n) or 0.0 for _ in range(50)] for n in range(1, schedule.TRIES)]
    for wait, pause in zip(waits, schedule.PAUSES, strict=True):
        assert 0.8 * pause <= min(wait) < max(wait) <= 1.2 * pause
    assert sorted(schedule.PAUSES) == list(schedule.PAUSES)
    assert timedelta(days=3) <= timedelta(seconds=sum(schedule.PAUSES)) <= timedelta(days=3.5)
    assert schedule.pause_after(schedule.TRIES) is None
    assert schedule.pause_after(1, 600.0) == 600.0
    assert schedule.pause_after(1, 1e9) == 3600.0


async def test_the_pause_is_the_schedules_and_a_receiver_may_ask_for_more(
    office: Office, receiver: Receiver
) -> None:
    receiver.answer(
        status(500), status(429, "Retry-After: 900"), status(500, "Retry-After: 900"), status(200)
    )
    await office.endpoint(receiver.url)
    await office.emit(**JOB)
    pauses = []
    for _ in range(3):
        await office.hurry()
        await office.send()
        (delivery,) = await office.deliveries()
        pauses.append((delivery["run_after"] - delivery["last_attempt_at"]).total_seconds())
    assert 3.9 <= pauses[0] <= 6.1
    assert 899 <= pauses[1] <= 901
    assert 1439 <= pauses[2] <= 2161


async def test_after_the_last_try_it_has_failed(office: Office, receiver: Receiver) -> None:
    receiver.answer(status(500))
    await office.endpoint(receiver.url)
    await office.emit(**JOB)
    for _ in range(schedule.TRIES + 2):
        await office.send()
        await office.hurry()
    (delivery,) = await office.deliveries()
    assert (delivery["state"], delivery["attempts"]) == ("failed", schedule.TRIES)
    assert len(receiver.bodies) == len(delivery["history"]) == schedule.TRIES
    # All within a second: an outage that short switches nothing off.
    assert (await office.endpoints())[0]["is_active"]


async def test_the_history_is_bounded(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    await office.emit(**JOB)
    await office.do(
        "UPDATE webhook_deliveries SET history = (SELECT jsonb_agg(n) FROM generate_series(1, $1) n)",
        KEPT_TRIES,
    )
    await office.send()
    (delivery,) = await office.deliveries()
    assert len(delivery["history"]) == KEPT_TRIES
    assert delivery["history"][0] == 2
    assert delivery["history"][-1]["status"] == 204


async def test_gone_switches_off_at_once(office: Office, receiver: Receiver) -> None:
    receiver.answer(status(410))
    await office.endpoint(receiver.url)
    await office.emit(**JOB)
    await office.emit(**JOB)
    await office.send()
    (endpoint,) = await office.endpoints()
    assert (endpoint["is_active"], endpoint["disabled_reason"]) == (False, "gone")
    assert endpoint["disabled_at"] is not None
    first, second = await office.deliveries()
    assert (first["state"], first["response_status"]) == ("failed", 410)
    assert first["error"] == "status"
    assert (second["state"], second["error"]) == ("failed", "endpoint_disabled")
    assert len(receiver.bodies) == 1
    assert await office.emit(**JOB) == 0


@pytest.mark.parametrize(
    ("failures", "hours", "is_active"), [(9, 24, False), (8, 25, True), (30, 23, True)]
)
async def test_a_day_of_nothing_but_failures_switches_off(
    office: Office, receiver: Receiver, failures: int, hours: int, is_active: bool
) -> None:
    receiver.answer(status(503))
    await office.endpoint(receiver.url)
    await office.emit(**JOB)
    since = now() - timedelta(hours=hours)
    await office.do(
        "UPDATE webhook_endpoints SET failures = $1, failing_since = $2", failures, since
    )
    await office.send()
    (endpoint,) = await office.endpoints()
    assert endpoint["failures"] == failures + 1
    assert endpoint["is_active"] is is_active
    assert endpoint["disabled_reason"] == (None if is_active else "failing")


async def test_admins_get_one_mail_when_a_webhook_is_switched_off(
    office: Office, receiver: Receiver, crew: Crew
) -> None:
    receiver.answer(status(410))
    endpoint_id, _ = await office.endpoint(receiver.url + "?token=hunter2")
    await office.emit(**JOB)
    await office.emit(**JOB)
    bench = office.bench()
    first, late = await claim(bench), await claim(bench)
    assert first is not None
    assert late is not None
    for leased in (first, late):
        await record(bench, leased, await attempt(bench, leased))
    await office.send()
    sent = await letters(office.database, office.settings)
    assert [(letter.template, letter.to) for letter in sent] == [
        ("webhook_disabled", crew.admin.email)
    ]
    assert sent[0].context["webhook_id"] == str(endpoint_id)
    assert sent[0].context["cause"] == "gone"
    assert "hunter2" not in str(sent[0].context)
    assert (await acts(office.database)).count("webhooks.disabled") == 1


async def test_nobody_there_and_nobody_answering(office: Office, receiver: Receiver) -> None:
    meters._forget()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        await office.endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        receiver.hold = asyncio.Event()
        await office.endpoint(receiver.url)
        await office.emit(**JOB)
        await office.send(timeout_seconds=0.3)
    errors = [delivery["error"] for delivery in await office.deliveries()]
    assert errors == ["unreachable", "timeout"]
    counted = {field.split("|")[1] for field in meters._PENDING if field.startswith("webhook_")}
    assert counted == {"unreachable", "timeout"}


async def test_the_inside_is_never_reached_without_the_setting(
    office: Office, receiver: Receiver
) -> None:
    """Also when the address was stored before the setting was taken away."""
    await office.endpoint(receiver.url)
    await office.endpoint(receiver.url.replace("http:", "https:"))
    await office.emit(**JOB)
    strict = open_public_client(timeout_seconds=1.0, connections=1)
    await office.send(client=strict)
    await strict.aclose()
    assert [delivery["error"] for delivery in await office.deliveries()] == ["address_refused"] * 2
    assert receiver.heads == []


async def test_a_secret_that_cannot_be_opened_sends_nothing(
    office: Office, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    """Copied from another endpoint: it is bound to its own."""
    await office.endpoint(receiver.url)
    await office.endpoint(receiver.url)
    first, second = await office.endpoints()
    await office.do(
        "UPDATE webhook_endpoints SET secret = $2 WHERE id = $1", first["id"], second["secret"]
    )
    await office.emit(**JOB)
    await office.send()
    assert [delivery["state"] for delivery in await office.deliveries()] == ["pending", "delivered"]
    assert len(receiver.bodies) == 1


async def test_an_unforeseen_fault_is_an_outcome_too(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("whatever")

    monkeypatch.setattr(deliver, "fetch_head", broken)
    await office.endpoint(receiver.url)
    await office.emit(**JOB)
    await office.send()
    (delivery,) = await office.deliveries()
    assert (delivery["state"], delivery["error"]) == ("pending", "unreachable")


async def test_nothing_is_sent_to_what_was_switched_off_meanwhile(
    office: Office, receiver: Receiver
) -> None:
    """An event may be written in the moment in which its endpoint is switched off."""
    await office.endpoint(receiver.url)
    await office.emit(**JOB)
    await office.do("UPDATE webhook_endpoints SET is_active = false, disabled_at = now()")
    await office.send()
    assert receiver.heads == []


async def test_a_late_sender_is_fenced_off(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    await office.emit(**JOB)
    bench = office.bench()
    zombie = await claim(bench)
    assert zombie is not None
    assert await claim(bench) is None
    await office.do("UPDATE webhook_deliveries SET lease_until = now() - interval '1 second'")
    heir = await claim(bench)
    assert heir is not None
    outcome = await attempt(bench, zombie)
    assert not await record(bench, zombie, outcome)
    (delivery,) = await office.deliveries()
    assert (delivery["state"], delivery["token"]) == ("pending", heir.token)
    assert await record(bench, heir, await attempt(bench, heir))
    # At least once: both posts arrived, and the receiver can tell by their id.
    assert receiver.heads[0]["webhook-id"] == receiver.heads[1]["webhook-id"]


@pytest.fixture
async def committed(stage: Stage) -> AsyncIterator[Office]:
    """An office over a database with several connections."""
    crew = await make_crew(stage.database, stage.settings)
    client = open_public_client(timeout_seconds=5.0, connections=20, allow_local=True)
    yield Office(stage.database, local(stage.settings), crew.organization_id, crew.admin.id, client)
    await client.aclose()


async def test_many_senders_send_each_once(committed: Office, receiver: Receiver) -> None:
    await committed.endpoint(receiver.url)
    for _ in range(30):
        await committed.emit(**JOB)
    await asyncio.gather(committed.send(4), committed.send(4))
    ids = [head["webhook-id"] for head in receiver.heads]
    assert len(ids) == len(set(ids)) == 30


async def test_a_receiver_that_hangs_does_not_hold_up_another(
    committed: Office, receiver: Receiver
) -> None:
    receiver.hold = asyncio.Event()
    for _ in range(AT_ONCE + 2):
        await committed.endpoint(receiver.url)
    slow, *_ = await committed.endpoints()
    await committed.do("DELETE FROM webhook_endpoints WHERE id <> $1", slow["id"])
    for _ in range(AT_ONCE + 3):
        await committed.emit(**JOB)
    leased = [await claim(committed.bench()) for _ in range(AT_ONCE + 3)]
    assert sum(one is not None for one in leased) == AT_ONCE
    await committed.endpoint(receiver.url)
    await committed.emit(**JOB)
    other = await claim(committed.bench())
    assert other is not None
    assert other.endpoint_id != slow["id"]


def test_a_body_is_bounded_to_the_byte() -> None:
    empty = len(body_of("claims.job_completed", {"x": ""}).encode())
    room = MAX_PAYLOAD_BYTES - empty
    # Two bytes a letter: it is bytes that count.
    fits = "é" * (room // 2) + "x" * (room % 2)
    body = body_of("claims.job_completed", {"x": fits})
    assert len(body.encode()) == MAX_PAYLOAD_BYTES == 20_000
    assert json.loads(body)["data"]["x"] == fits
    with pytest.raises(ValueError, match="too large"):
        body_of("claims.job_completed", {"x": f"{fits}x"})
