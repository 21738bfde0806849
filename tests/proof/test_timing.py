"""Time tells nothing: what is another's takes as long as what is not there. `./scripts/scorecard 39`."""

import os
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest

from app.core.db import Database
from tests.claims.api.samples import make_job
from tests.people import API, Crew, register
from tests.resumes.samples import make_resume

wanted = pytest.mark.skipif(not os.environ.get("INTAKE_PROOF"), reason="./scripts/scorecard 39")
Asked = Callable[[], Awaitable[httpx.Response]]
PAIRS = 1_000
SIGN_INS = 60


async def medians(one: Asked, other: Asked, times: int) -> tuple[float, float]:
    """Milliseconds of both, asked in turns, so that what else goes on meets both alike."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for ask, times_of in zip((one, other), taken, strict=True):
            began = time.perf_counter()
            await ask()
            times_of.append((time.perf_counter() - began) * 1_000)
    return statistics.median(taken[0]), statistics.median(taken[1])


def close(one: float, other: float) -> bool:
    """Within 3 % or half a millisecond."""
    return abs(one - other) < max(0.03 * max(one, other), 0.5)


@wanted
@pytest.mark.parametrize("room", ["claims/csv-jobs", "resumes"])
async def test_a_foreign_id_takes_as_long_as_a_missing_one(
    client: httpx.AsyncClient,
    database: Database,
    crew: Crew,
    room: str,
    record_property: Callable[[str, object], None],
) -> None:
    made = (
        await make_resume(database, crew)
        if room == "resumes"
        else await make_job(database, crew.organization_id)
    )

    async def foreign() -> httpx.Response:
        return await client.get(f"{API}/{room}/{made}", headers=crew.stranger.headers)

    async def missing() -> httpx.Response:
        return await client.get(f"{API}/{room}/{uuid4()}", headers=crew.stranger.headers)

    there, nowhere = await medians(foreign, missing, PAIRS)
    record_property("figure", f"{room}: foreign {there:.2f} ms, missing {nowhere:.2f} ms")
    assert close(there, nowhere)


@wanted
async def test_a_known_address_takes_as_long_as_an_unknown_one(
    client: httpx.AsyncClient, record_property: Callable[[str, object], None]
) -> None:
    """Before the limit that signing in has; each answer costs a hash."""
    assert (await register(client)).status_code == 201

    async def sign_in(email: str) -> httpx.Response:
        form = {"username": email, "password": "no such password at all"}
        return await client.post(f"{API}/login/access-token", data=form)

    known, unknown = await medians(
        lambda: sign_in("ada@example.com"), lambda: sign_in("eve@example.com"), SIGN_INS
    )
    record_property("figure", f"sign-in: known {known:.1f} ms, unknown {unknown:.1f} ms")
    assert close(known, unknown)
