"""The payers and an organization's totals."""

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import update

from app.claims.models import ClaimJob
from app.claims.payers.brakes import BrakeLimits, Brakes
from app.claims.payers.optum_options import optum_options
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.core.redis_client import open_redis
from app.core.settings import Settings
from app.core.settings_payers import OptumSettings, UhcSettings
from app.main import create_app
from tests.claims.api.samples import API, make_job, make_running_job
from tests.conftest import running
from tests.people import Crew


async def test_payers_and_what_they_can_do(client: httpx.AsyncClient, crew: Crew) -> None:
    answer = await client.get(f"{API}/claims/providers/", headers=crew.viewer.headers)
    uhc, optum = answer.json()
    assert (uhc["code"], uhc["name"]) == ("uhc", "UnitedHealthcare")
    assert (optum["code"], optum["name"]) == ("optum", "Optum Real Claim Inquiry")
    for payer in (uhc, optum):
        assert (payer["is_configured"], payer["status"]) == (False, "not_configured")
        assert payer["capabilities"]["max_window_days"] > 0
        assert payer["circuit"] == "closed"
    assert optum["capabilities"]["by_claim_number"]


async def test_what_all_workers_know_of_a_payer_is_shown(
    settings: Settings, database: Database, crew: Crew
) -> None:
    variables = {"OPTUM_CLIENT_ID": str(new_id()), "OPTUM_CLIENT_SECRET": "something"}
    signed_in = OptumSettings.model_validate(variables)
    settings = settings.model_copy(update={"optum": signed_in})
    redis = open_redis(settings.redis)
    brakes = Brakes(
        BrakeLimits(60, 2),
        credential_digest=optum_options(signed_in).credential_digest,
        store=redis,
    )
    async with running(create_app(settings, database=database)) as client:

        async def shown() -> dict[str, Any]:
            answer = await client.get(f"{API}/claims/providers", headers=crew.viewer.headers)
            _, optum = answer.json()
            return dict(optum)

        assert (await shown())["status"] == "ok"
        await brakes.slow_down(40.0)
        slowed = await shown()
        assert (slowed["status"], slowed["pace_percent"]) == ("throttled", 50)
        assert 0 < slowed["paused_seconds"] <= 40
        assert slowed["trouble_since"] is not None
        await brakes.open_circuit()
        opened = await shown()
        assert (opened["status"], opened["circuit"]) == ("trouble", "open")
        assert "Optum Real Claim Inquiry does not answer" in opened["status_reason"]
        health = (await client.get("/health")).json()
        assert health["checks"]["payers"]["status"] == "degraded"
        assert "Optum Real Claim Inquiry" in health["checks"]["payers"]["detail"]
    await brakes.close()
    await redis.aclose()


async def test_how_a_payer_is(settings: Settings, database: Database, crew: Crew) -> None:
    signed_in = UhcSettings.model_validate(
        {"UHC_CLIENT_ID": "someone", "UHC_CLIENT_SECRET": "something"}
    )
    app = create_app(settings.model_copy(update={"uhc": signed_in}), database=database)
    async with running(app) as client:

        async def shown(headers: dict[str, str]) -> tuple[str, str | None, str | None]:
            uhc, _ = (await client.get(f"{API}/claims/providers", headers=headers)).json()
            return uhc["status"], uhc["status_reason"], uhc["trouble_since"]

        assert await shown(crew.viewer.headers) == ("ok", None, None)
        job_id = await make_running_job(database, crew.organization_id)
        assert await shown(crew.viewer.headers) == ("ok", None, None)
        since = now() - timedelta(minutes=3)
        async with database.write(Scope.system()) as session:
            await session.execute(
                update(ClaimJob)
                .where(ClaimJob.id == job_id)
                .values(status_reason="It does not answer.", outage_since=since)
            )
        status, reason, told = await shown(crew.viewer.headers)
        assert (status, reason) == ("trouble", "It does not answer.")
        assert told is not None
        assert await shown(crew.stranger.headers) == ("ok", None, None)


async def test_totals_by_day_and_by_reason(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    here = crew.organization_id
    yesterday = now() - timedelta(days=1)
    await make_job(database, here, created_at=yesterday)
    await make_job(database, here)
    await make_running_job(database, here)
    await make_job(database, crew.other_organization_id)
    answer = await client.get(f"{API}/claims/stats/", headers=crew.viewer.headers)
    assert answer.json() == {
        "by_day": [
            {
                "day": now().date().isoformat(),
                "jobs": 2,
                "rows": 14,
                "succeeded": 2,
                "failed": 6,
            },
            {
                "day": yesterday.date().isoformat(),
                "jobs": 1,
                "rows": 4,
                "succeeded": 1,
                "failed": 3,
            },
        ],
        "failures_by_reason": {"payer.not_found": 6, "row.bad_date": 3},
    }


async def test_totals_of_nothing(client: httpx.AsyncClient, crew: Crew) -> None:
    answer = await client.get(f"{API}/claims/stats", headers=crew.viewer.headers)
    assert answer.json() == {"by_day": [], "failures_by_reason": {}}
