"""`intake doctor`: where each setting comes from, what does not work, and what to do about it."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings
from sqlalchemy import pool, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.core.audit_chain import verify
from app.core.borrowed import borrow
from app.core.clock import now
from app.core.db import APP_ROLE, Database, DatabaseAway, DatabaseBusy, database_url
from app.core.http import HttpFailure
from app.core.redis_client import REDIS_FAULTS, open_redis
from app.core.revisions import head_on_disk
from app.core.settings import ROOMS, Settings, load_settings
from app.core.settings_payers import OptumSettings, UhcSettings
from app.health.doctor_issuers import Finding, clerk_instance, realm
from app.health.registry import registered

_SECONDS = 5.0
_NEWEST_ENTRIES = 100
_MOST_CHAINS = 200


def setting_lines(
    settings: Settings, borrowed: Collection[str] = (), lender: str = ""
) -> list[str]:
    """Every setting with its value and source; secrets show only whether they are there.

    `borrowed` are variables that came from the file `lender` and not from the environment.
    """
    in_file = dotenv_values(".env")
    lines = []
    for part in (getattr(settings, name) for name in type(settings).model_fields):
        if not isinstance(part, BaseSettings) or type(part) not in ROOMS:
            continue
        for name, field in type(part).model_fields.items():
            variable = str(field.validation_alias)
            source = ".env" if in_file.get(variable) else "default"
            if os.environ.get(variable):
                source = lender if variable in borrowed else "environment"
            lines.append(f"  {variable:<36} {_shown(getattr(part, name)):<44} {source}")
    return lines


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(empty)"
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return str(value)


async def examine(settings: Settings) -> list[Finding]:
    """Ask every dependency once, each for at most five seconds."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[list[Finding]]], str]] = [
        ("PostgreSQL", _database, "Check DATABASE_URL, and that the server runs and lets us in."),
        ("Audit log", _audit, "Run: intake audit verify"),
        ("Redis", _redis, "Check REDIS_URL, and that the server runs. Nothing is lost meanwhile."),
        ("Mail", _mail, "Check SMTP_HOST and SMTP_PORT, and this machine's way out to it."),
        ("Keycloak", realm, "Check KEYCLOAK_JWKS_URL and this machine's way to it."),
        ("Clerk", clerk_instance, "Check CLERK_ISSUER and this machine's way out to it."),
        ("Payer", _payers, "Check UHC_BASE_URL, OPTUM_BASE_URL and the way out to them."),
    ]
    return [finding for check in checks for finding in await _guarded(settings, *check)]


async def _guarded(
    settings: Settings,
    what: str,
    check: Callable[[Settings], Awaitable[list[Finding]]],
    cure: str,
) -> list[Finding]:
    try:
        async with asyncio.timeout(_SECONDS):
            return await check(settings)
    except (
        *REDIS_FAULTS,
        SQLAlchemyError,
        ValueError,
        HttpFailure,
        DatabaseAway,
        DatabaseBusy,
    ) as error:
        # The text of a driver's error may hold the address with its password.
        return [Finding(what, False, f"no answer ({type(error).__name__})", cure)]


async def _database(settings: Settings) -> list[Finding]:
    url = database_url(settings.database.url.get_secret_value())
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            return [*await _server(connection), await _schema(connection)]
    finally:
        await engine.dispose()


async def _server(connection: AsyncConnection) -> list[Finding]:
    row = (
        await connection.execute(
            text(
                "SELECT current_setting('server_version'), current_setting('server_version_num')::int,"
                " clock_timestamp(), (SELECT count(*) FROM pg_roles WHERE rolname = :role)"
            ),
            {"role": APP_ROLE},
        )
    ).one()
    version, number, at, roles = row
    drift = abs((now() - at).total_seconds())
    return [
        Finding("PostgreSQL", number >= 150_000, version, "Intake needs PostgreSQL 15 or newer."),
        Finding("Role", roles == 1, f"{APP_ROLE}", "Run: intake migrate"),
        Finding(
            "Clock", drift < 5, f"{drift:.1f} s from the database's", "Set this machine's clock."
        ),
    ]


async def _schema(connection: AsyncConnection) -> Finding:
    wanted = head_on_disk()
    known = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    there = (
        await connection.scalar(text("SELECT version_num FROM alembic_version")) if known else ""
    )
    said = there or "empty"
    return Finding("Schema", there == wanted, f"{said}, code wants {wanted}", "Run: intake migrate")


async def _audit(settings: Settings) -> list[Finding]:
    """The ends of some chains: walking a long log takes longer than anybody waits here."""
    database = Database(settings.database, application="intake-doctor")
    try:
        found = await verify(database, newest=_NEWEST_ENTRIES, most_chains=_MOST_CHAINS)
    finally:
        await database.close()
    said = f"{len(found.faults)} of {found.chains} chains broken in their newest {_NEWEST_ENTRIES}"
    return [Finding("Audit log", not found.faults, said, "Run: intake audit verify")]


async def _redis(settings: Settings) -> list[Finding]:
    client = open_redis(settings.redis, patience_seconds=2)
    try:
        facts = await client.info("server")
        records = await registered(client)
    finally:
        await client.aclose()
    workers = [record for record in records if record.role == "worker"]
    stale = [f"{record.role} {record.pid}" for record in records if record.stale]
    found = [
        Finding("Redis", True, str(facts.get("valkey_version") or facts.get("redis_version"))),
        Finding("Workers", bool(workers), f"{len(workers)} alive", "Start one: intake worker"),
    ]
    if stale:
        said = f"{', '.join(stale)} run older code than the disk holds"
        found.append(Finding("Code", False, said, "Restart these processes."))
    return found


async def _mail(settings: Settings) -> list[Finding]:
    mail = settings.mail
    if not mail.smtp_host:
        # Whoever only tries Intake out needs none; people who forget a password do.
        is_well = settings.server.environment != "production"
        said = "not configured: mails wait"
        return [Finding("Mail", is_well, said, "Set SMTP_HOST, MAIL_FROM and a login.")]
    await _knock(mail.smtp_host, mail.port)
    return [Finding("Mail", True, f"{mail.smtp_host}:{mail.port} takes connections")]


async def _knock(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    await writer.wait_closed()


async def _payers(settings: Settings) -> list[Finding]:
    parts: dict[str, UhcSettings | OptumSettings] = {"UHC": settings.uhc, "OPTUM": settings.optum}
    known = {name: part for name, part in parts.items() if part.client_id}
    if not known:
        cure = "Set UHC_CLIENT_ID or OPTUM_CLIENT_ID, and its secret."
        return [Finding("Payer", False, "no credentials", cure)]
    return [await _payer(name, part.base_url) for name, part in known.items()]


async def _payer(name: str, base_url: str) -> Finding:
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    place = f"{parts.hostname}:{port}"
    try:
        await _knock(str(parts.hostname), port)
    except OSError as error:
        cure = f"Check {name}_BASE_URL and this machine's way out to it."
        return Finding("Payer", False, f"{place}: no answer ({type(error).__name__})", cure)
    return Finding("Payer", True, f"{place} takes connections ({name})")


async def run(stage_file: Path) -> int:
    """Print the examination; 0 when all is well, 1 when something is not.

    `stage_file` is where ./scripts/dev leaves what it has made; it need not exist.
    """
    borrowed = borrow(stage_file)
    try:
        settings = load_settings()
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            place = ".".join(str(part) for part in fault["loc"]) or "settings"
            _say(f"✘ {place}: {fault['msg']}")
        _say(
            "  → Set it in the environment or in .env (see .env.template), or start ./scripts/dev."
        )
        return 1
    _say("Settings", *setting_lines(settings, borrowed, str(stage_file)), "", "Checks")
    findings = await examine(settings)
    for finding in findings:
        mark = "✔" if finding.is_well else "✘"
        _say(f"  {mark} {finding.what:<12} {finding.said}")
        if not finding.is_well:
            _say(f"    → {finding.cure}")
    return 0 if all(finding.is_well for finding in findings) else 1


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
