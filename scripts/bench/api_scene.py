"""What the benchmark of the API stands on: one database with jobs and people, and four servers over it."""

import asyncio
import hashlib
import hmac
import json
import os
import random
import secrets
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text

from app.accounts import sessions
from app.accounts.identity import Identity
from app.auth.passwords import Passwords
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.core.migrations import migrate
from app.core.settings import AuthSettings, DatabaseSettings
from app.dev.children import spawn, stop
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer
from scripts.bench.house import free_port, wait_for
from scripts.bench.peers_environment import PROJECT, peers_python

ACCOUNTS: Final = 200
PASSWORD: Final = "four words and a number 7"  # noqa: S105 - of accounts that live for a minute.
JOBS: Final = 21_000
OWN_JOBS: Final = 1000
WORDS: Final = [
    "data",
    "pipeline",
    "analyst",
    "nurse",
    "ward",
    "cloud",
    "platform",
    "claims",
    "review",
    "team",
    "patients",
    "software",
    "tests",
    "warehouse",
    "report",
    "budget",
    "audit",
    "network",
    "customers",
    "payroll",
    "design",
    "research",
    "quality",
    "training",
]
# All tables are vacuumed and analyzed before anything is asked. Once a minute it would be done again, in
# the same step with the rounds, and be counted to whoever is asked then.
_MEMORY: Final = {"shared_buffers": "256MB", "max_connections": "100", "autovacuum": "off"}
_FILL: Final = text(
    """
    INSERT INTO jobs (id, organization_id, posted_by, title, company, location, location_type,
        job_type, experience_level, description, requirements, skills, skills_text, salary_min,
        salary_max, currency, language, status, posted_at)
    SELECT uuidv7(), CAST(:organization AS uuid), CAST(:owner AS uuid), title, 'Northwind', 'Lyon',
        'hybrid', 'full_time', 'senior', description, 'Three years of it.',
        ARRAY['PostgreSQL', 'Python', 'SQL'], 'PostgreSQL, Python, SQL', 52000, 64000, 'EUR', 'en',
        'active', now() - number * interval '1 minute'
    FROM unnest(CAST(:titles AS text[]), CAST(:descriptions AS text[]), CAST(:numbers AS int[]))
        AS one(title, description, number)
    """
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in to Intake and has a token for each peer."""

    email: str
    token: str
    peer_token: str


@dataclass(frozen=True, slots=True)
class Server:
    """One program that answers."""

    port: int
    process: subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything up; the people, of whom the first posted the thousand jobs that are the owner's."""

    servers: dict[str, Server]
    people: list[Person]
    postgres: int
    valkey: int


def _peer_token(user_id: UUID, secret: str) -> str:
    """What both peers take: the claims of simplejwt, HS256."""
    now = int(time.time())
    claims = {"sub": str(user_id), "user_id": str(user_id), "token_type": "access"}
    claims |= {"jti": new_id().hex, "iat": now, "exp": now + 3600}  # type: ignore[dict-item]
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return b".".join((signed, urlsafe_b64encode(digest).rstrip(b"="))).decode()


async def _fill(url: str, secret: str, peer_secret: str) -> list[Person]:
    """Jobs and people, all signed in."""
    database = Database(DatabaseSettings(url=SecretStr(url)))
    identity = Identity.from_settings(AuthSettings(secret_key=SecretStr(secret)))
    hashed = await Passwords().hash(PASSWORD)
    people, owner, organization = [], new_id(), new_id()
    async with database.write(Scope.system()) as session:
        await session.execute(
            text("INSERT INTO organizations (id, name, slug) VALUES (:id, 'Northwind', 'north')"),
            {"id": organization},
        )
        for number in range(ACCOUNTS):
            user_id = owner if number == 0 else new_id()
            email = f"person{number}@bench.example.com"
            await session.execute(
                text(
                    "INSERT INTO users (id, email, full_name, password_hash)"
                    " VALUES (:id, :email, 'Bench', :hash)"
                ),
                {"id": user_id, "email": email, "hash": hashed},
            )
            grant = await sessions.open_session(session, identity, user_id)
            peer = _peer_token(user_id, peer_secret)
            people.append(Person(email, grant.access_token, peer))
    drawn = random.Random(20261121)
    for first in range(0, JOBS, 1000):
        numbers = list(range(first, first + 1000))
        titles = [f"{drawn.choice(WORDS)} {drawn.choice(WORDS)}".title() for _ in numbers]
        descriptions = [" ".join(drawn.choices(WORDS, k=45)) for _ in numbers]
        values = {"titles": titles, "descriptions": descriptions, "numbers": numbers}
        # The owner's are the newest: the page that all four lists give is the same.
        by = owner if first < OWN_JOBS else None
        async with database.write(Scope.system()) as session:
            await session.execute(_FILL, {"organization": organization, "owner": by, **values})
    async with database.engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None  # noqa: S101 - it is open.
        await raw.execute("SET ROLE NONE; SET statement_timeout = 0")
        await raw.execute("VACUUM ANALYZE")
        await connection.invalidate()
    await database.close()
    return people


def _peers_accounts(environment: dict[str, str]) -> None:
    """The same people in the tables that the peers have for theirs."""
    command = [str(peers_python()), "-m", "scripts.bench.peers.accounts"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])


def _commands(ports: dict[str, int]) -> dict[str, list[str]]:
    """How each server starts: one process each."""
    peers = str(peers_python())
    uvicorn = ["-m", "uvicorn", "--port"]
    return {
        "intake": [sys.executable, "-m", "app.cli", "serve"],
        "limit": [
            *(sys.executable, *uvicorn, str(ports["limit"]), "--no-access-log"),
            "scripts.bench.peers.limit:app",
        ],
        # What `fastapi run` does, with the one worker that all have here.
        "template": [
            *(peers, *uvicorn, str(ports["template"])),
            *("--proxy-headers", "scripts.bench.peers.template:app"),
        ],
        "rest": [
            *(peers, "-m", "gunicorn", "--bind", f"127.0.0.1:{ports['rest']}", "--threads", "8"),
            *("--workers", "1", "--keep-alive", "75", "scripts.bench.peers.rest:application"),
        ],
    }


@contextmanager
def running_scene(folder: Path) -> Iterator[Scene]:
    """One PostgreSQL, Valkey, and the four servers, ready."""
    secret, peer_secret = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer(folder / "pg", settings=_MEMORY))
        valkey = stack.enter_context(ValkeyServer(folder / "vk"))
        asyncio.run(migrate(postgres.url))
        people = asyncio.run(_fill(postgres.url, secret, peer_secret))
        ports = {name: free_port() for name in ("intake", "limit", "template", "rest")}
        environment = {
            **os.environ,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "SECRET_KEY": secret,
            "ENVIRONMENT": "production",
            "STORAGE_TYPE": "local",
            "LOCAL_STORAGE_DIR": str(folder / "files"),
            "PORT": str(ports["intake"]),
            "PEER_SECRET": peer_secret,
            "PEER_PASSWORD": PASSWORD,
            "PYTHONPATH": str(PROJECT),
        }
        _peers_accounts(environment)
        servers = {}
        for name, command in _commands(ports).items():
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = spawn(command, environment=environment, output=log)
            stack.callback(stop, process, by=SIGTERM, seconds=15)
            servers[name] = Server(ports[name], process)
        _wait(servers, folder)
        if postgres.process is None or valkey.process is None:
            sys.exit("PostgreSQL or Valkey has gone")
        yield Scene(servers, people, postgres.process.pid, valkey.process.pid)


def _wait(servers: dict[str, Server], folder: Path) -> None:
    # The peers have one route that wants a token; a page of their own tells that they are up.
    paths = {"intake": "/readyz", "limit": "/jobs", "template": "/openapi.json"}
    for name, path in paths.items():
        try:
            wait_for(f"http://127.0.0.1:{servers[name].port}{path}")
        except SystemExit:
            sys.stderr.write((folder / f"{name}.log").read_text()[-3000:])
            raise
