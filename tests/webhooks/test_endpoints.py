"""Webhooks over the API: secrets shown once, addresses refused, other organizations kept out."""

import base64
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from app.core.audit_model import AuditEntry
from app.core.crypto import KeyRing, SealBroken
from app.core.db import Database, Scope, driver
from app.core.models import Base
from app.core.rotation import rotate
from app.core.settings import Settings
from app.webhooks.engine.keys import unseal
from app.webhooks.schemas import EVENT_TYPES
from app.webhooks.service import MOST_ENDPOINTS
from tests.people import API, Actor, Crew
from tests.webhooks.conftest import Office
from tests.webhooks.receiver import Receiver

HOOKS = f"{API}/webhooks"
URL = "https://hooks.example.com/intake"


async def create(client: httpx.AsyncClient, actor: Actor, **body: Any) -> httpx.Response:
    """Add a webhook."""
    return await client.post(HOOKS, json={"url": URL, **body}, headers=actor.headers)


async def test_a_webhook_and_its_secret(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    answer = await create(client, crew.admin, description="Abrechnung München")
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["events"] == list(EVENT_TYPES)
    assert (made["is_active"], made["failures"], made["disabled_reason"]) == (True, 0, None)
    place = answer.headers["location"]
    assert place == f"{HOOKS}/{made['id']}"
    assert (await client.get(f"{place}/", headers=crew.admin.headers)).json() == made
    listed = (await client.get(f"{HOOKS}/", headers=crew.admin.headers)).json()
    assert listed["results"] == [made]
    async with database.read(Scope.system()) as session:
        connection = await driver(session)
        (row,) = await connection.fetch("SELECT * FROM webhook_endpoints")
    assert secret not in str(row)
    ring = KeyRing.from_settings(settings.auth)
    opened = unseal(ring, row["secret"], row["organization_id"], row["id"])
    assert Webhook(opened)._whsecret == Webhook(secret)._whsecret
    assert len(opened) == 32


async def test_a_repeated_creation_shows_the_same_secret_and_keeps_it_nowhere(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    headers = {**crew.admin.headers, "Idempotency-Key": "one"}
    first = await client.post(HOOKS, json={"url": URL}, headers=headers)
    again = await client.post(HOOKS, json={"url": URL}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.post(HOOKS, json={"url": f"{URL}/2"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    async with database.read(Scope.system()) as session:
        kept = await (await driver(session)).fetch("SELECT body FROM idempotency_keys")
    assert [bytes(row["body"]) for row in kept] == [first.json()["id"].encode()]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "hooks.example.com",
        "https://",
        "https:///path",
        "https://user:secret@hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://exa mple.com/",
        "https://exa%20mple.com/",
        "https://hooks.example.com/\nX",
        "https://hooks.example.com:0/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://10.0.0.8/",
        "https://172.16.3.4/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
    ],
)
async def test_addresses_that_are_refused(client: httpx.AsyncClient, crew: Crew, url: str) -> None:
    answer = await create(client, crew.admin, url=url)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "webhooks.url_refused"), answer.text
    assert problem["errors"][0]["pointer"] == "/url"
    assert (await client.get(HOOKS, headers=crew.admin.headers)).json()["results"] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com:8443/a?b=c",
        "https://münchen.example/",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        f"https://hooks.example.com/{'x' * 1970}",
    ],
)
async def test_addresses_that_are_taken(client: httpx.AsyncClient, crew: Crew, url: str) -> None:
    answer = await create(client, crew.admin, url=url)
    assert (answer.status_code, answer.json()["url"]) == (201, url)


@pytest.mark.parametrize(
    "body",
    [
        {"url": ""},
        {"url": f"https://hooks.example.com/{'x' * 1980}"},
        {"url": "https://hooks.example.com/\0"},
        {"events": []},
        {"events": ["claims.nothing"]},
        {"description": "x" * 201},
        {"secret": "whsec_x"},
        {"is_active": False},
    ],
)
async def test_bodies_that_are_refused(
    client: httpx.AsyncClient, crew: Crew, body: dict[str, Any]
) -> None:
    answer = await create(client, crew.admin, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "http.invalid"), answer.text


async def test_an_organization_has_ten_at_most(client: httpx.AsyncClient, crew: Crew) -> None:
    made = [await create(client, crew.admin) for _ in range(MOST_ENDPOINTS)]
    assert MOST_ENDPOINTS == 10
    assert {answer.status_code for answer in made} == {201}
    over = await create(client, crew.admin)
    assert (over.status_code, over.json()["code"]) == (409, "webhooks.too_many")
    assert (await create(client, crew.stranger)).status_code == 201
    place = made[0].headers["location"]
    assert (await client.delete(place, headers=crew.admin.headers)).status_code == 204
    assert (await create(client, crew.admin)).status_code == 201


async def test_another_organizations_webhook_answers_like_none(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    foreign = (await create(client, crew.stranger)).json()["id"]
    missing = foreign[:-4] + "0000"
    for verb, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("POST", "/rotate-secret"),
        ("GET", "/deliveries"),
        ("POST", f"/deliveries/{missing}/redeliver"),
    ):
        bodies = []
        for name in (foreign, missing):
            answer = await client.request(
                verb,
                f"{HOOKS}/{name}{path}",
                json={} if verb == "PATCH" else None,
                headers=crew.admin.headers,
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "webhooks.not_found")
            bodies.append({**answer.json(), "instance": "", "request_id": ""})
        assert bodies[0] == bodies[1]


async def test_changes(client: httpx.AsyncClient, crew: Crew) -> None:
    made = (await create(client, crew.admin)).json()
    place = f"{HOOKS}/{made['id']}"

    async def patch(**body: Any) -> httpx.Response:
        return await client.patch(place, json=body, headers=crew.admin.headers)

    assert {**(await patch()).json(), "secret": made["secret"]} == made
    two = ["claims.job_failed", "claims.job_failed", "claims.job_cancelled"]
    changed = (await patch(url=f"{URL}/2", events=two, description=None)).json()
    assert changed["url"] == f"{URL}/2"
    assert changed["events"] == two[1:]
    refused = await patch(url="https://10.0.0.1/")
    assert (refused.status_code, refused.json()["code"]) == (422, "webhooks.url_refused")
    assert (await patch(secret="x")).status_code == 422


async def test_a_rotation_is_not_repeated_by_a_second_click(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    made = (await create(client, crew.admin)).json()
    place = f"{HOOKS}/{made['id']}/rotate-secret"
    headers = {**crew.admin.headers, "Idempotency-Key": "turn"}
    first = await client.post(place, headers=headers)
    assert first.status_code == 200, first.text
    assert first.json()["secret"] != made["secret"]
    assert first.json()["previous_secret_until"] is not None
    assert (await client.post(place, headers=headers)).json() == first.json()
    second = await client.post(place, headers=crew.admin.headers)
    assert (second.status_code, second.json()["code"]) == (409, "webhooks.rotation_open")
    leak = await client.post(place, json={"keep_previous_hours": 0}, headers=crew.admin.headers)
    assert leak.json()["previous_secret_until"] is None
    assert leak.json()["secret"] not in (made["secret"], first.json()["secret"])
    for hours in (-1, 73):
        answer = await client.post(
            place, json={"keep_previous_hours": hours}, headers=crew.admin.headers
        )
        assert answer.status_code == 422


async def test_trying_it_out_and_sending_again(
    office: Office, receiver: Receiver, client: httpx.AsyncClient, crew: Crew
) -> None:
    endpoint_id, secret = await office.endpoint(receiver.url, events=["claims.job_failed"])
    place = f"{HOOKS}/{endpoint_id}"
    tried = await client.post(f"{place}/test", headers=crew.admin.headers)
    assert tried.status_code == 202, tried.text
    assert (tried.json()["state"], tried.json()["event_type"]) == ("pending", "webhooks.test")
    await office.send()
    shown = (await client.get(f"{place}/deliveries/", headers=crew.admin.headers)).json()
    (delivery,) = shown["results"]
    assert (delivery["state"], delivery["response_status"]) == ("delivered", 204)
    assert delivery["next_attempt_at"] is None
    assert [entry["status"] for entry in delivery["history"]] == [204]
    again = await client.post(
        f"{place}/deliveries/{delivery['id']}/redeliver", headers=crew.admin.headers
    )
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    assert again.json()["next_attempt_at"] is not None
    await office.send()
    assert [head["webhook-id"] for head in receiver.heads] == [delivery["event_id"]] * 2
    assert Webhook(secret).verify(receiver.bodies[1], receiver.heads[1])["data"] == {
        "organization_id": str(crew.organization_id),
        "webhook_id": str(endpoint_id),
    }
    missing = await client.post(
        f"{place}/deliveries/{endpoint_id}/redeliver", headers=crew.admin.headers
    )
    assert (missing.status_code, missing.json()["code"]) == (404, "webhooks.delivery_not_found")


async def test_what_is_switched_off_is_sent_nothing(
    office: Office, receiver: Receiver, client: httpx.AsyncClient, crew: Crew
) -> None:
    endpoint_id, _ = await office.endpoint(receiver.url)
    place = f"{HOOKS}/{endpoint_id}"
    await office.emit(job_id="1")
    off = await client.patch(place, json={"is_active": False}, headers=crew.admin.headers)
    assert (off.json()["is_active"], off.json()["disabled_reason"]) == (False, None)
    assert off.json()["disabled_at"] is not None
    await office.send()
    (delivery,) = (await client.get(f"{place}/deliveries", headers=crew.admin.headers)).json()[
        "results"
    ]
    assert (delivery["state"], delivery["error"]) == ("failed", "endpoint_disabled")
    for path in ("test", f"deliveries/{delivery['id']}/redeliver"):
        answer = await client.post(f"{place}/{path}", headers=crew.admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "webhooks.inactive")
    await office.do("UPDATE webhook_endpoints SET failures = 7, failing_since = now()")
    on = (await client.patch(place, json={"is_active": True}, headers=crew.admin.headers)).json()
    assert (on["is_active"], on["disabled_at"], on["failures"]) == (True, None, 0)
    assert on["failing_since"] is None
    await office.send()
    assert receiver.heads == []
    await client.post(f"{place}/deliveries/{delivery['id']}/redeliver", headers=crew.admin.headers)
    await office.send()
    assert len(receiver.heads) == 1


async def test_what_admins_do_is_in_the_audit_log(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place = (await create(client, crew.admin)).headers["location"]
    await client.patch(place, json={"description": "x"}, headers=crew.admin.headers)
    await client.post(f"{place}/rotate-secret", headers=crew.admin.headers)
    await client.delete(place, headers=crew.admin.headers)
    async with database.read(Scope.system()) as session:
        entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    assert [entry.action for entry in entries] == [
        "webhooks.created",
        "webhooks.updated",
        "webhooks.secret_rotated",
        "webhooks.removed",
    ]
    assert {entry.actor_id for entry in entries} == {crew.admin.id}
    assert {entry.subject_id for entry in entries} == {place.rpartition("/")[2]}


async def test_secrets_move_to_a_new_key(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    made = (await create(client, crew.admin)).json()
    place = f"{HOOKS}/{made['id']}/rotate-secret"
    turned = (await client.post(place, headers=crew.admin.headers)).json()
    old = KeyRing.from_settings(settings.auth)
    key = bytes(range(32))
    keys = SecretStr(f"next:{base64.b64encode(key).decode()}")
    auth = settings.auth.model_copy(update={"encryption_keys": keys})
    await rotate(database, KeyRing.from_settings(auth), Base.metadata)
    alone = KeyRing({"next": key})
    async with database.read(Scope.system()) as session:
        (row,) = await (await driver(session)).fetch("SELECT * FROM webhook_endpoints")
    for column, shown in (("secret", turned), ("previous_secret", made)):
        opened = unseal(alone, row[column], row["organization_id"], row["id"])
        assert Webhook(opened)._whsecret == Webhook(shown["secret"])._whsecret
        with pytest.raises(SealBroken):
            unseal(old, row[column], row["organization_id"], row["id"])
