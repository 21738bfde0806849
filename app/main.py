"""Puts the application together: settings in, a FastAPI application out; no logic."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.accounts.gate import turn_away
from app.accounts.service import ensure_superuser_from
from app.api import body_limits, include_rooms
from app.auth.issuers import open_issuers
from app.core import log, memory, sandbox, telemetry
from app.core.application import Intake
from app.core.db import Database
from app.core.parameters import ask_only_what_is_given
from app.core.processes import registered_as
from app.core.settings import Settings, load_settings
from app.core.state import open_services, own_gauges
from app.core.version import release
from app.health.deps import end_pulse
from app.organizations import logos
from app.organizations.provisioning import place
from app.resumes import originals
from app.storage.stores import open_stores
from app.worker import doorbell

__all__ = ["Intake", "create_app", "create_app_from_environment"]


def create_app(settings: Settings, *, database: Database | None = None) -> Intake:
    """The application over `settings`; tests hand in a database of their own."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_services(settings, database=database) as services,
            open_issuers(settings, services.http) as issuers,
            open_stores(settings.files),
        ):
            app.state.services, app.state.issuers = services, issuers
            app.state.place = place
            await ensure_superuser_from(settings, services.database)
            with doorbell.connected(settings.redis):
                async with registered_as(services.redis, "api", own_gauges(services)):
                    try:
                        yield
                    finally:
                        await end_pulse(app.state)

    app = Intake(
        server=settings.server,
        release=release().short,
        body_limits=body_limits(settings.limits),
        upload_gate=turn_away,
        lifespan=lifespan,
    )
    include_rooms(app)
    sandbox.expect(logos.WORK, originals.WORK)
    ask_only_what_is_given()
    return app


def create_app_from_environment() -> Intake:
    """The application as a server starts it: settings from the environment, the log opened."""
    settings = load_settings()
    is_production = settings.server.environment == "production"
    log.configure(as_json=is_production, release=release().short, role="api")
    telemetry.begin("api")
    with memory.loading():
        app = create_app(settings)
    memory.settle()
    return app
