"""The whole house for a benchmark: its own servers, API, worker, beat and payer, in one folder."""

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Any

import httpx

from app.core.migrations import migrate
from app.dev.children import spawn, stop
from app.dev.payer.asgi import PayerOptions
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer
from scripts.bench.processor import Meter, family

IN_FLIGHT = 100
"""Calls to the payer at once, all worker processes together."""
_WORKERS = 2
# PostgreSQL's own default is a machine of the nineties; what is written stays as safe as it was.
_MEMORY = {"shared_buffers": "512MB", "max_wal_size": "4GB"}


@dataclass(frozen=True)
class House:
    """Where everything is, and the process numbers to measure."""

    url: str
    database: str
    redis: str
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]]
    payer_url: str
    servers: dict[str, int]
    """The process numbers of PostgreSQL and Valkey, as they were started."""
    valkey: ValkeyServer
    files: Path
    """The folder of the local store."""

    def payer(self, name: str, body: dict[str, Any] | None = None) -> Any:
        """Use a switch of the local payer: `calls` is read, every other is set."""
        url = f"{self.payer_url}/_sandbox/{name}"
        answer = httpx.get(url) if name == "calls" else httpx.post(url, json=body or {})
        answer.raise_for_status()
        return answer.json()

    def family(self, name: str) -> list[int]:
        """A program's process and its children."""
        return family(self.processes[name].pid)

    def meter(self) -> Meter:
        """The processor time of all programs, from now on."""
        running = {name: process.pid for name, process in self.processes.items()}
        return Meter(running | self.servers)

    def forget_peaks(self) -> None:
        """Begin anew with the peak memory of API and worker."""
        for pid in self.family("api") + self.family("worker"):
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak_megabytes(self, name: str) -> float:
        """Peak resident memory of the program's largest process since `forget_peaks`."""
        statuses = (Path(f"/proc/{pid}/status").read_text() for pid in self.family(name))
        lines = (line for status in statuses for line in status.splitlines())
        peaks = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")]
        return max(peaks)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_house(folder: Path, books: dict[str, int]) -> Iterator[House]:
    """Everything up and ready; PostgreSQL with safe defaults and some memory, a payer without latency."""
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer(folder / "pg", settings=_MEMORY))
        valkey = stack.enter_context(ValkeyServer(folder / "vk"))
        asyncio.run(migrate(postgres.url))
        payer, port = free_port(), free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "RATE_LIMITS": "off",
            # Nobody of the benches' clients signs in again, and some go on for longer than 15 minutes.
            "ACCESS_TOKEN_MINUTES": "1440",
            "LOCAL_STORAGE_DIR": str(folder / "files"),
            "ENVIRONMENT": "development",
            "PORT": str(port),
            "UHC_BASE_URL": f"http://127.0.0.1:{payer}/Claims",
            "UHC_TOKEN_URL": f"http://127.0.0.1:{payer}/v1/oauthtoken",
            "UHC_CLIENT_ID": PayerOptions().client_id,
            "UHC_CLIENT_SECRET": PayerOptions().client_secret,
            "UHC_REQUESTS_PER_MINUTE": "0",
            "UHC_CONCURRENCY": str(IN_FLIGHT),
        }
        flags = [word for tin, claims in books.items() for word in ("--book", f"{tin}={claims}")]
        processes = {}
        for name, command in {
            "payer": ["payer-sandbox", "--port", str(payer), *flags],
            "api": ["serve"],
            "worker": ["worker", "--concurrency", str(_WORKERS)],
            "beat": ["beat"],
        }.items():
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = spawn(
                [sys.executable, "-m", "app.cli", *command], environment=environment, output=log
            )
            stack.callback(stop, process, by=SIGTERM, seconds=15)
            processes[name] = process
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{url}/readyz")
        except SystemExit:
            sys.stderr.write((folder / "api.log").read_text()[-3000:])
            raise
        wait_for(f"http://127.0.0.1:{payer}/_sandbox/calls")
        payer_url = f"http://127.0.0.1:{payer}"
        started = {"postgres": postgres.process, "valkey": valkey.process}
        servers = {name: process.pid for name, process in started.items() if process}
        yield House(
            url=url,
            database=postgres.url,
            redis=valkey.url,
            environment=environment,
            processes=processes,
            payer_url=payer_url,
            servers=servers,
            valkey=valkey,
            files=folder / "files",
        )


def wait_for(url: str, seconds: float = 60) -> None:
    """Wait until the address answers with 200."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - an address of this machine.
                return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{url} did not answer in {seconds:.0f} s")


def open_organization(house: House, name: str, tins: list[str]) -> httpx.Client:
    """A client signed in as the admin of a new organization with a practice for each TIN."""
    client = httpx.Client(base_url=f"{house.url}/api/v1", timeout=600)
    account = {
        "email": f"{name}@bench.example.com",
        "password": secrets.token_urlsafe(18),
        "full_name": "Bench",
    }
    answer = client.post("/users/", json=account)
    answer.raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    client.post("/organizations/", json={"name": name}).raise_for_status()
    for tin in tins:
        client.post("/practices/", json={"name": tin, "tin": tin}).raise_for_status()
    return client
