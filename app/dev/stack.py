"""`intake dev`: everything on one machine, from nothing, and nothing left behind.

The database and Valkey of the environment (or `.env`) win; otherwise both are started here, with
their data in the data folder. The kernel ends every child when this process dies, however it dies.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from app.core.migrations import migrate
from app.core.settings import PROJECT
from app.dev.payer.asgi import PayerOptions
from app.dev.postgres import PostgresServer
from app.dev.programs import Program, SourceWatch, stop_all
from app.dev.secrets import development_secrets, write_private
from app.dev.valkey import ValkeyServer

READY_SECONDS = 60.0


@dataclass(frozen=True)
class DevOptions:
    """What the command line says."""

    port: int
    data: Path
    reload: bool
    fresh: bool


@dataclass
class Timed:
    """Lines of the table that is printed at the end: what, where, and how long it took."""

    lines: list[str]
    since: float

    def add(self, what: str, where: str) -> None:
        """One more thing is there."""
        now = time.monotonic()
        self.lines.append(f"  ✔ {what:<12} {where:<58} {now - self.since:5.1f} s")
        self.since = now


def run(options: DevOptions) -> None:
    """Bring everything up, say where it is, and keep it running until a signal comes.

    Raises:
        HomeTaken: another process uses the data folder.
        ServerFailed: PostgreSQL or Valkey did not come up.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    data = options.data.resolve()
    if options.fresh:
        shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    timed = Timed([], time.monotonic())
    with ExitStack() as servers:
        environment = _environment(servers, data, timed)
        asyncio.run(migrate(environment["DATABASE_URL"]))
        timed.add("Schema", "up to date")
        environment["PORT"] = str(_free_port(options.port))
        programs = _programs(environment)
        try:
            _run_programs(programs, environment, options, (timed, stopping))
        finally:
            stop_all(programs)


def _environment(servers: ExitStack, data: Path, timed: Timed) -> dict[str, str]:
    """The variables of all programs: the caller's own first, then what this machine made."""
    given = {name: value for name, value in dotenv_values(".env").items() if value}
    given |= {name: value for name, value in os.environ.items() if value}
    environment = {**development_secrets(data), "ENVIRONMENT": "development", **given}
    if "DATABASE_URL" not in given:
        postgres = servers.enter_context(PostgresServer(data / "postgres"))
        environment["DATABASE_URL"] = postgres.url
    timed.add("PostgreSQL", "DATABASE_URL" if "DATABASE_URL" in given else str(data / "postgres"))
    if "REDIS_URL" not in given:
        environment["REDIS_URL"] = servers.enter_context(ValkeyServer(data / "valkey")).url
    timed.add("Valkey", "REDIS_URL" if "REDIS_URL" in given else str(data / "valkey"))
    if "UHC_BASE_URL" not in given:
        payer = f"http://127.0.0.1:{_free_port(0)}"
        environment["INTAKE_DEV_PAYER"] = payer
        environment["UHC_BASE_URL"] = f"{payer}/Claims"
        environment["UHC_TOKEN_URL"] = f"{payer}/v1/oauthtoken"
        environment["UHC_CLIENT_ID"] = PayerOptions().client_id
        environment["UHC_CLIENT_SECRET"] = PayerOptions().client_secret
        # The limit protects the real payer's quota; the local one has none.
        environment.setdefault("UHC_REQUESTS_PER_MINUTE", "0")
    return environment


def _programs(environment: dict[str, str]) -> list[Program]:
    programs = [
        Program("api", ["serve"], environment),
        Program("worker", ["worker", "--concurrency", "2"], environment),
        Program("beat", ["beat"], environment),
    ]
    payer = environment.get("INTAKE_DEV_PAYER")
    if payer:
        port = payer.rsplit(":", 1)[1]
        programs.append(Program("payer", ["payer-sandbox", "--port", port], environment))
    return programs


def _run_programs(
    programs: list[Program],
    environment: dict[str, str],
    options: DevOptions,
    run: tuple[Timed, threading.Event],
) -> None:
    timed, stopping = run
    url = f"http://127.0.0.1:{environment['PORT']}"
    for program in programs:
        program.start()
    if not _wait_until_ready(url, programs, stopping):
        return
    timed.add("Programs", ", ".join(program.name for program in programs))
    tour = {"INTAKE_URL": url} | {
        name: environment[name] for name in ("SUPERUSER_EMAIL", "SUPERUSER_PASSWORD")
    }
    data = options.data.resolve()
    write_private(data / "tour.env", tour)
    _say_where_everything_is(url, environment, data, timed)
    watch = SourceWatch(PROJECT / "app")
    while not stopping.wait(1.0):
        if options.reload and watch.changed():
            changed = [program for program in programs if program.reloads]
            sys.stderr.write("dev    | the code has changed: loading it\n")
            stop_all(changed)
        for program in programs:
            program.mind()
    print("\nStopping …")


def _wait_until_ready(url: str, programs: list[Program], stopping: threading.Event) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and not stopping.is_set():
        for program in programs:
            program.mind()
        if fetch(f"{url}/readyz") is not None:
            return True
        stopping.wait(0.1)
    if not stopping.is_set():
        sys.stderr.write(f"The API was not ready in {READY_SECONDS:.0f} s; its lines are above.\n")
    return False


def fetch(url: str) -> object | None:
    """The JSON at a local address, or nothing when it does not answer with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own http address.
            return json.loads(answer.read() or b"{}")  # type: ignore[no-any-return]
    except (OSError, ValueError, urllib.error.URLError):
        return None


def _say_where_everything_is(
    url: str, environment: dict[str, str], data: Path, timed: Timed
) -> None:
    version = fetch(f"{url}/version")
    commit = version.get("commit", "") if isinstance(version, dict) else ""
    payer = environment.get("INTAKE_DEV_PAYER")
    print("\n".join(timed.lines))
    print(f"\n  Intake is running (commit {str(commit)[:12]}, development)\n")
    for what, where in (
        ("API", f"{url}/api/v1"),
        ("API docs", f"{url}/docs"),
        ("Health", f"{url}/health"),
        (
            "Payer",
            f"{payer}  (local, speaks UnitedHealthcare's wire format)"
            if payer
            else environment["UHC_BASE_URL"],
        ),
        ("Sign in as", f"{environment['SUPERUSER_EMAIL']}, password in {data / 'secrets.env'}"),
        ("Data", f"{data}  (--fresh starts over)"),
    ):
        print(f"    {what:<12} {where}")
    print("\n  Press Ctrl-C to stop.", flush=True)


def _free_port(wanted: int) -> int:
    """`wanted`, or the next port that nobody listens on; any free one for 0."""
    for port in range(wanted, wanted + 50) if wanted else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"ports {wanted} to {wanted + 49} are all taken")
