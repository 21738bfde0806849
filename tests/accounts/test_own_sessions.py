"""A person's open sign-ins: seen, ended, and ended by a new password."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
import pytest

from app.accounts.devices import Device, describe
from app.core import cache
from app.core.db import Database
from app.core.settings import Settings
from app.main import create_app
from tests.conftest import running
from tests.mail.reading import acts, newest
from tests.people import API, PASSWORD, Crew, bearer, log_in, register

OWN = f"{API}/users/me/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
)


@pytest.mark.parametrize(
    ("said", "browser", "system"),
    [
        (FIREFOX, "Firefox 145", "Linux"),
        (IPHONE, "Safari 18", "iOS"),
        (EDGE, "Edge 142", "Windows"),
        ("curl/8.9.1", "curl 8", None),
        ("node", "Node.js", None),
        ("<script>alert(1)</script>", None, None),
        ("Firefox/" * 100_000, None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_what_a_user_agent_tells(said: str | None, browser: str | None, system: str | None) -> None:
    assert describe(said, "192.0.2.0/24") == Device("192.0.2.0/24", browser, system)


async def sign_in(
    client: httpx.AsyncClient, agent: str, password: str = PASSWORD
) -> dict[str, str]:
    client.headers["User-Agent"] = agent
    answer = await log_in(client, password=password)
    assert answer.status_code == 200
    return bearer(answer)


async def test_open_sign_ins_are_listed_newest_first(client: httpx.AsyncClient) -> None:
    await register(client)
    await sign_in(client, IPHONE)
    here = await sign_in(client, FIREFOX)
    page = (await client.get(OWN, headers=here)).json()
    assert [one["browser"] for one in page["results"]] == ["Firefox 145", "Safari 18", "Python 0"]
    assert [one["is_current"] for one in page["results"]] == [True, False, False]
    assert {one["network"] for one in page["results"]} == {"127.0.0.0/24"}
    assert page["results"][0]["system"] == "Linux"
    assert all(one["last_used_at"] for one in page["results"])
    first = (await client.get(f"{OWN}?limit=1", headers=here)).json()
    second = (await client.get(first["next"], headers=here)).json()
    assert second["results"][0]["browser"] == "Safari 18"


async def test_one_is_ended_and_felt(client: httpx.AsyncClient) -> None:
    phone = bearer(await register(client))
    here = await sign_in(client, FIREFOX)
    other = (await client.get(OWN, headers=phone)).json()["results"][1]["id"]
    assert (await client.delete(f"{OWN}/{other}", headers=here)).status_code == 204
    assert (await client.get(OWN, headers=phone)).status_code == 401
    assert len((await client.get(OWN, headers=here)).json()["results"]) == 1
    assert (await client.delete(f"{OWN}/{other}", headers=here)).status_code == 404


async def test_the_others_are_ended_at_once(client: httpx.AsyncClient) -> None:
    phone = bearer(await register(client))
    here = await sign_in(client, FIREFOX)
    assert (await client.delete(OWN, headers=here)).status_code == 204
    assert (await client.get(OWN, headers=phone)).status_code == 401
    assert (await client.get(OWN, headers=here)).status_code == 200


async def test_a_sign_in_of_somebody_else_is_not_there(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    own = (await client.get(OWN, headers=crew.staff.headers)).json()["results"][0]["id"]
    answer = await client.delete(f"{OWN}/{own}", headers=crew.admin.headers)
    assert answer.status_code == 404
    await client.delete(OWN, headers=crew.admin.headers)
    assert (await client.get(OWN, headers=crew.staff.headers)).status_code == 200


async def test_refreshing_is_using(client: httpx.AsyncClient) -> None:
    answer = await register(client)
    before = (await client.get(OWN, headers=bearer(answer))).json()["results"][0]
    body = {"refresh_token": answer.json()["refresh_token"]}
    await client.post(f"{API}/login/refresh-token", json=body)
    after = (await client.get(OWN, headers=bearer(answer))).json()["results"][0]
    used = [datetime.fromisoformat(one["last_used_at"]) for one in (before, after)]
    assert used[0] < used[1]
    assert after["id"] == before["id"]


async def test_a_new_password_ends_the_other_sign_ins(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    phone = bearer(await register(client))
    here = await sign_in(client, FIREFOX)
    url = f"{API}/users/me/password"
    fresh = "an entirely different sentence"
    wrong = {"current_password": "not the password", "new_password": fresh}
    refused = await client.put(url, json=wrong, headers=here)
    assert (refused.status_code, refused.json()["code"]) == (422, "accounts.password_wrong")
    weak = {"current_password": PASSWORD, "new_password": "Lovelace1815"}
    assert (await client.put(url, json=weak, headers=here)).json()["code"] == (
        "accounts.password_weak"
    )
    right = {"current_password": PASSWORD, "new_password": fresh}
    assert (await client.put(url, json=right, headers=here)).status_code == 204
    assert (await client.get(OWN, headers=phone)).status_code == 401
    assert (await client.get(OWN, headers=here)).status_code == 200
    assert (await log_in(client)).status_code == 401
    assert (await newest(database, settings, "password_changed")).to == "ada@example.com"
    done = await acts(database)
    assert {"accounts.password_changed", "accounts.sessions_ended"} <= set(done)


@asynccontextmanager
async def two_processes(
    settings: Settings, database: Database
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Two API processes, as far as memory goes: each has its own."""
    here, there = (create_app(settings, database=database) for _ in range(2))
    async with running(here) as one, running(there) as other:
        yield one, other


async def test_every_process_feels_a_change_within_five_seconds(
    settings: Settings, database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one process was told, the others know when what they remember is five seconds old."""
    members = f"{API}/organizations/me/members"
    later = 0.0

    class Later:
        @staticmethod
        def monotonic() -> float:
            return later

    monkeypatch.setattr(cache, "time", Later)
    async with two_processes(settings, database) as (here, there):
        for actor in (crew.viewer, crew.staff, crew.employer):
            assert (await there.get(OWN, headers=actor.headers)).status_code == 200
        admin = crew.admin.headers
        role = {"role": "admin"}
        await here.patch(f"{members}/{crew.viewer.id}", json=role, headers=admin)
        off = {"is_active": False}
        await here.patch(f"{API}/users/{crew.staff.id}", json=off, headers=admin)
        await here.delete(f"{members}/{crew.employer.id}", headers=admin)
        later = 5.1
        assert (await there.get(members, headers=crew.viewer.headers)).status_code == 200
        assert (await there.get(OWN, headers=crew.staff.headers)).status_code == 401
        me = (await there.get(f"{API}/users/me", headers=crew.employer.headers)).json()
        assert me["organization_id"] is None
