"""The professional profile."""

import httpx
import pytest

from tests.people import API, Crew

PROFILE = {
    "headline": "Analyst",
    "location": "London",
    "phone": "+44 20 7946 0000",
    "summary": "Numbers\nand looms.",
    "links": [{"label": "Notes", "url": "https://example.com/notes"}],
    "skills": ["mathematics", "weaving"],
}


async def test_a_profile_is_kept_and_replaced(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = crew.candidate.headers
    empty = (await client.get(f"{API}/profile/me", headers=headers)).json()
    assert (empty["email"], empty["headline"], empty["skills"]) == (
        crew.candidate.email,
        None,
        [],
    )
    put = await client.put(
        f"{API}/profile/me", json={**PROFILE, "full_name": "Ada"}, headers=headers
    )
    assert put.status_code == 200
    got = await client.get(f"{API}/profile/me/", headers=headers)
    assert got.json() == put.json()
    assert {name: got.json()[name] for name in PROFILE} == PROFILE
    assert got.json()["full_name"] == "Ada"
    emptied = await client.put(f"{API}/profile/me", json={"headline": "Poet"}, headers=headers)
    body = emptied.json()
    assert (body["headline"], body["location"], body["links"], body["full_name"]) == (
        "Poet",
        None,
        [],
        "Ada",
    )


async def test_a_profile_is_nobody_elses(client: httpx.AsyncClient, crew: Crew) -> None:
    await client.put(f"{API}/profile/me", json=PROFILE, headers=crew.staff.headers)
    other = (await client.get(f"{API}/profile/me", headers=crew.viewer.headers)).json()
    assert other["headline"] is None


async def test_a_stale_profile_is_not_written(client: httpx.AsyncClient, crew: Crew) -> None:
    headers = crew.staff.headers
    got = await client.get(f"{API}/profile/me", headers=headers)
    etag = got.headers["etag"]
    same = await client.get(f"{API}/profile/me", headers={**headers, "If-None-Match": etag})
    assert same.status_code == 304
    guarded = {**headers, "If-Match": etag}
    first = await client.put(f"{API}/profile/me", json=PROFILE, headers=guarded)
    assert first.status_code == 200
    stale = await client.put(f"{API}/profile/me", json={"headline": "x"}, headers=guarded)
    assert stale.status_code == 412
    fresh = {**headers, "If-Match": first.headers["etag"]}
    second = await client.put(f"{API}/profile/me", json={"headline": "x"}, headers=fresh)
    assert second.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"role": "admin"},
        {"email": "eve@example.com"},
        {"id": "0199d3c8-5a10-7c3e-9f00-2b8f6f6a1c11"},
        {"headline": "two\nlines"},
        {"headline": "\u202egnp.exe"},
        {"summary": "nul \u0000"},
        {"links": [{"url": "javascript:alert(1)"}]},
        {"links": [{"url": "https://example.com", "extra": 1}]},
        {"links": [{"url": "https://example.com"}] * 21},
        {"skills": ["x"] * 101},
        {"skills": [7]},
    ],
)
async def test_what_a_profile_does_not_take(
    client: httpx.AsyncClient, crew: Crew, change: dict[str, object]
) -> None:
    answer = await client.put(f"{API}/profile/me", json=change, headers=crew.candidate.headers)
    assert answer.status_code == 422
