"""Practices: what is taken, what is refused, who sees which."""

from typing import Any

import httpx
import pytest

from app.core.db import Database
from tests.claims.api.samples import API, make_practice
from tests.people import Crew

PRACTICES = f"{API}/practices"
NPI = "1234567893"


async def create(client: httpx.AsyncClient, crew: Crew, **changes: Any) -> httpx.Response:
    """Add a practice as the admin."""
    body = {"name": "North", "tin": "47-1000001", **changes}
    return await client.post(f"{PRACTICES}/", json=body, headers=crew.admin.headers)


async def test_a_practice(client: httpx.AsyncClient, crew: Crew) -> None:
    answer = await create(client, crew, npi=NPI)
    assert answer.status_code == 201, answer.text
    practice = answer.json()
    assert isinstance(practice["id"], int)
    assert answer.headers["location"] == f"{PRACTICES}/{practice['id']}"
    shown = await client.get(answer.headers["location"] + "/", headers=crew.viewer.headers)
    assert shown.json() == practice
    assert {name: practice[name] for name in ("name", "tin", "npi", "is_active")} == {
        "name": "North",
        "tin": "471000001",
        "npi": NPI,
        "is_active": True,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tin", "47100000"),
        ("tin", "4710000011"),
        ("tin", "47100000x"),
        ("tin", "٤٧١٠٠٠٠٠١"),
        ("tin", ""),
        ("tin", 471000001),
        ("npi", "1234567890"),
        ("npi", "123456789"),
        ("npi", "12345678930"),
        ("npi", "１２３４５６７８９３"),
        ("name", ""),
        ("name", "  "),
        ("name", "two\nlines"),
        ("name", "nul\0"),
        ("name", None),
        ("id", 7),
        ("organization_id", "00000000-0000-7000-8000-000000000000"),
    ],
)
async def test_values_that_are_refused(
    client: httpx.AsyncClient, crew: Crew, field: str, value: Any
) -> None:
    answer = await create(client, crew, **{field: value})
    assert (answer.status_code, answer.json()["code"]) == (422, "http.invalid"), answer.text
    assert answer.json()["errors"]
    assert (await client.get(PRACTICES, headers=crew.admin.headers)).json()["results"] == []


@pytest.mark.parametrize("npi", [NPI, "1245319599", "1999999984", "2000000002"])
async def test_check_digits_of_npis(client: httpx.AsyncClient, crew: Crew, npi: str) -> None:
    """Over 80840 and the ten digits; each other last digit is wrong."""
    for digit in "0123456789":
        answer = await create(client, crew, name=f"Practice {digit}", npi=npi[:-1] + digit)
        assert answer.status_code == (201 if digit == npi[-1] else 422), npi[:-1] + digit


async def test_two_of_a_name(client: httpx.AsyncClient, crew: Crew) -> None:
    first = (await create(client, crew)).json()
    taken = await create(client, crew, tin="471000002")
    assert (taken.status_code, taken.json()["code"]) == (409, "practices.name_taken")
    second = (await create(client, crew, name="South")).json()
    renamed = await client.patch(
        f"{PRACTICES}/{second['id']}", json={"name": "North"}, headers=crew.admin.headers
    )
    assert renamed.status_code == 409
    elsewhere = await client.post(
        PRACTICES, json={"name": "North", "tin": "471000001"}, headers=crew.stranger.headers
    )
    assert elsewhere.status_code == 201
    listed = (await client.get(PRACTICES, headers=crew.viewer.headers)).json()["results"]
    assert [practice["id"] for practice in listed] == [second["id"], first["id"]]


async def test_a_repeated_creation_is_answered_again(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = {**crew.admin.headers, "Idempotency-Key": "north"}
    body = {"name": "North", "tin": "471000001"}
    first = await client.post(PRACTICES, json=body, headers=headers)
    second = await client.post(PRACTICES, json=body, headers=headers)
    assert (first.status_code, second.status_code, second.json()) == (201, 201, first.json())


async def test_changes(client: httpx.AsyncClient, crew: Crew) -> None:
    made = (await create(client, crew, npi=NPI)).json()
    address = f"{PRACTICES}/{made['id']}"

    async def patch(body: Any, **headers: str) -> httpx.Response:
        return await client.patch(address, json=body, headers={**crew.admin.headers, **headers})

    assert (await patch({})).json() == made
    changed = await patch({"tin": "471000009", "is_active": False, "npi": None, "name": None})
    assert changed.status_code == 200, changed.text
    after = changed.json()
    assert [after[name] for name in ("name", "tin", "npi", "is_active")] == [
        "North",
        "471000009",
        None,
        False,
    ]
    assert (await patch({"tin": "1"})).status_code == 422
    assert (await patch({"id": 1})).status_code == 422
    tag = changed.headers["etag"]
    assert (await patch({"name": "West"}, **{"If-Match": tag})).status_code == 200
    stale = await patch({"name": "East"}, **{"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "http.precondition_failed")
    assert (await client.get(address, headers=crew.viewer.headers)).json()["name"] == "West"


async def test_removal(client: httpx.AsyncClient, crew: Crew) -> None:
    address = f"{PRACTICES}/{(await create(client, crew)).json()['id']}"
    assert (await client.delete(address, headers=crew.admin.headers)).status_code == 204
    for verb in ("GET", "DELETE"):
        answer = await client.request(verb, address, headers=crew.admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "practices.not_found")
    assert (await create(client, crew)).status_code == 201


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**62, -(2**62)])
async def test_numbers_that_no_practice_has(
    client: httpx.AsyncClient, crew: Crew, number: int
) -> None:
    for verb, body in (("GET", None), ("PATCH", {"name": "X"}), ("DELETE", None)):
        answer = await client.request(
            verb, f"{PRACTICES}/{number}", json=body, headers=crew.admin.headers
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "practices.not_found")


async def test_anothers_practice_answers_like_none(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    foreign = await make_practice(database, crew.other_organization_id)
    for verb, body in (("GET", None), ("PATCH", {"name": "X"}), ("DELETE", None)):
        bodies = []
        for number in (foreign, 2**31 - 1):
            answer = await client.request(
                verb, f"{PRACTICES}/{number}", json=body, headers=crew.admin.headers
            )
            assert answer.status_code == 404
            bodies.append({**answer.json(), "instance": "", "request_id": ""})
        assert bodies[0] == bodies[1]
