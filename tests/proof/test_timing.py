"""Time tells nothing: what is another's takes as long as what is not there. `./scripts/scorecard 39`."""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from app.core.db import Database
from app.main import create_app
from tests.claims.api.samples import make_job
from tests.conftest import Servers, make_database, make_settings, running
from tests.people import API, Crew, make_crew, register
from tests.resumes.samples import make_resume

pytestmark = pytest.mark.usefixtures("real_hashes")
wanted = pytest.mark.skipif(not os.environ.get("INTAKE_PROOF"), reason="./scripts/scorecard 39")
Asked = Callable[[], Awaitable[httpx.Response]]
PAIRS = 1_000
SIGN_INS = 200


@dataclass(frozen=True)
class Place:
    """The application over a database of its own: in a test's one transaction each answer is slower."""

    client: httpx.AsyncClient
    database: Database
    crew: Crew


@pytest.fixture
async def place(servers: Servers) -> AsyncIterator[Place]:
    """Filled and answering."""
    settings = make_settings(servers, await make_database(servers, "intake_test_timing"))
    database = Database(settings.database)
    crew = await make_crew(database, settings)
    async with running(create_app(settings)) as client:
        yield Place(client, database, crew)
    await database.close()


@dataclass(frozen=True)
class Times:
    """Milliseconds of one question, asked many times."""

    taken: list[float]

    def at(self, share: float) -> float:
        """Which so large a share of them stayed below."""
        return sorted(self.taken)[int(len(self.taken) * share)]


async def in_turns(one: Asked, other: Asked, times: int) -> tuple[Times, Times]:
    """Both, now this first and now that, so that what else goes on meets both alike."""
    found = {one: Times([]), other: Times([])}
    for turn in range(times):
        for ask in (one, other) if turn % 2 else (other, one):
            began = time.perf_counter()
            await ask()
            found[ask].taken.append((time.perf_counter() - began) * 1_000)
    return found[one], found[other]


def close(one: Times, other: Times) -> bool:
    """Medians within 3 % or half a millisecond.

    Or the quickest tenths: on a machine that is busy with other things a median tells of those.
    """
    pairs = [(one.at(share), other.at(share)) for share in (0.5, 0.1)]
    return any(abs(a - b) < max(0.03 * max(a, b), 0.5) for a, b in pairs)


@wanted
@pytest.mark.parametrize("room", ["claims/csv-jobs", "resumes"])
async def test_a_foreign_id_takes_as_long_as_a_missing_one(
    place: Place, room: str, record_property: Callable[[str, object], None]
) -> None:
    client, crew = place.client, place.crew
    made = (
        await make_resume(place.database, crew)
        if room == "resumes"
        else await make_job(place.database, crew.organization_id)
    )

    async def foreign() -> httpx.Response:
        return await client.get(f"{API}/{room}/{made}", headers=crew.stranger.headers)

    async def missing() -> httpx.Response:
        return await client.get(f"{API}/{room}/{uuid4()}", headers=crew.stranger.headers)

    there, nowhere = await in_turns(foreign, missing, PAIRS)
    record_property(
        "figure", f"{room}: foreign {there.at(0.5):.2f} ms, missing {nowhere.at(0.5):.2f} ms"
    )
    assert close(there, nowhere)


@wanted
async def test_a_known_address_takes_as_long_as_an_unknown_one(
    place: Place, record_property: Callable[[str, object], None]
) -> None:
    """Before the limit that signing in has; each answer costs a hash."""
    client = place.client
    assert (await register(client)).status_code == 201

    async def sign_in(email: str) -> httpx.Response:
        form = {"username": email, "password": "no such password at all"}
        return await client.post(f"{API}/login/access-token", data=form)

    known, unknown = await in_turns(
        lambda: sign_in("ada@example.com"), lambda: sign_in("eve@example.com"), SIGN_INS
    )
    record_property(
        "figure", f"sign-in: known {known.at(0.5):.1f} ms, unknown {unknown.at(0.5):.1f} ms"
    )
    assert close(known, unknown)
