"""What the programs of `intake dev` find around them: signals, ports, answers, variables."""

import http.client
import os
import random
import select
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.parse import urlsplit

from app.dev.bridges.places import local_providers, provider_redirects
from app.dev.cloudinary.places import local_cloudinary
from app.dev.issuers import instance, realm
from app.dev.payer.asgi import PayerOptions
from app.dev.postgres import PostgresServer
from app.dev.secrets import development_secrets, read_variables
from app.dev.valkey import ValkeyServer

_PORTS_TRIED: Final = 50
_PORTS: Final = range(10_240, 32_768)
# Where the local payer plays each payer: its base, and where it gives tokens.
_PAYER_PATHS: Final = {
    "UHC": ("/Claims", "/v1/oauthtoken"),
    "OPTUM": ("", "/apip/auth/sntl/v1/token"),
}


class Ending:
    """The wish to end, told by a signal. A second signal ends everything at once."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        # The interpreter's own handler writes here the moment a signal comes, so that one that
        # comes just before the wait ends the wait all the same.
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._is_asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if self._is_asked:
            # The kernel takes every child with us.
            os._exit(128 + number)
        self._is_asked = True

    def is_asked(self) -> bool:
        """Whether a signal has come."""
        return self._is_asked

    def wait(self, seconds: float) -> bool:
        """Wait for the wish, `seconds` at the most; whether there is one."""
        if not self._is_asked:
            select.select([self._reader], [], [], seconds)
            with suppress(BlockingIOError):
                os.read(self._reader, 64)
        return self._is_asked


@dataclass(frozen=True)
class Surroundings:
    """The variables that are given to all programs, and those of them that were made here."""

    variables: Mapping[str, str]
    made: Mapping[str, str]
    payer: str | None
    mail: str | None
    issuers: str | None
    providers: str | None = None
    cloudinary: str | None = None

    def at(self, url: str) -> "Surroundings":
        """The same once it is known where the API is: the local providers send people back there."""
        back = provider_redirects(self.made, url)
        return replace(self, variables={**self.variables, **back}, made={**self.made, **back})


def surround(servers: ExitStack, data: Path) -> Surroundings:
    """Start what the environment and `.env` do not name, and say where everything is.

    Raises:
        HomeTaken: another process runs a server in the data folder.
        ServerFailed: PostgreSQL or Valkey did not come up.
    """
    given = read_variables(Path(".env"))
    given |= {name: value for name, value in os.environ.items() if value}
    made = {
        "ENVIRONMENT": "development",
        "LOCAL_STORAGE_DIR": str(data / "files"),
        **development_secrets(data),
    }
    if "DATABASE_URL" not in given:
        made["DATABASE_URL"] = servers.enter_context(PostgresServer(data / "postgres")).url
    if "REDIS_URL" not in given:
        made["REDIS_URL"] = servers.enter_context(ValkeyServer(data / "valkey")).url
    made = {name: value for name, value in made.items() if name not in given}
    ports = free_ports()
    payer = None
    if not any(f"{name}_BASE_URL" in given for name in _PAYER_PATHS):
        payer = f"http://127.0.0.1:{next(ports)}"
        for name in _PAYER_PATHS:
            made |= _payer_variables(name, payer, given)
    mail = None
    if "SMTP_HOST" not in given:
        mail = f"127.0.0.1:{next(ports)}"
        made |= _mail_variables(mail)
    issuers = None
    if not given.keys() & {"KEYCLOAK_ISSUER", "CLERK_ISSUER"}:
        issuers = f"http://127.0.0.1:{next(ports)}"
        made |= _issuer_variables(issuers)
    providers, leading = local_providers(given, f"http://127.0.0.1:{next(ports)}")
    made |= leading
    cloud, leading = local_cloudinary(given, f"http://127.0.0.1:{next(ports)}")
    made |= leading
    return Surroundings({**given, **made}, made, payer, mail, issuers, providers, cloud)


def _mail_variables(address: str) -> dict[str, str]:
    """Settings that lead to the local catcher; a real login must never be sent to it."""
    host, _, port = address.rpartition(":")
    variables = {"SMTP_HOST": host, "SMTP_PORT": port, "SMTP_SECURITY": "none"}
    return {**variables, "SMTP_USERNAME": "", "SMTP_PASSWORD": ""}


def _payer_variables(name: str, address: str, given: Mapping[str, str]) -> dict[str, str]:
    """Settings that lead to the local payer; real credentials must never be sent to it."""
    usual = PayerOptions()
    base, token = _PAYER_PATHS[name]
    variables = {
        f"{name}_BASE_URL": f"{address}{base}",
        f"{name}_TOKEN_URL": f"{address}{token}",
        f"{name}_CLIENT_ID": usual.client_id,
        f"{name}_CLIENT_SECRET": usual.client_secret,
    }
    if f"{name}_REQUESTS_PER_MINUTE" not in given:
        # The limit protects the real payer's quota; the local one has none.
        variables[f"{name}_REQUESTS_PER_MINUTE"] = "0"
    return variables


def _issuer_variables(address: str) -> dict[str, str]:
    """Settings that believe the local issuers; a real secret must never be sent to them."""
    return {
        "KEYCLOAK_ISSUER": address + realm.REALM_PATH,
        "KEYCLOAK_JWKS_URL": f"{address}{realm.REALM_PATH}/protocol/openid-connect/certs",
        "KEYCLOAK_CLIENT_ID": f"{realm.CLIENT},{realm.SERVICE[0]}",
        "KEYCLOAK_CONSOLE_CLIENT_ID": realm.CONSOLE_CLIENT,
        "CLERK_CONSOLE_CLIENT_ID": instance.CONSOLE_CLIENT,
        "CLERK_CONSOLE_CLIENT_SECRET": instance.CONSOLE_SECRET,
        "CLERK_ISSUER": address + instance.INSTANCE_PATH,
        "CLERK_JWKS_URL": f"{address}{instance.INSTANCE_PATH}/.well-known/jwks.json",
        "CLERK_API_URL": address,
        "CLERK_SECRET_KEY": instance.SECRET_KEY,
        "CLERK_AUTHORIZED_PARTIES": instance.ORIGIN,
    }


def listen(wanted: int) -> socket.socket:
    """A socket that listens on `wanted` of this machine, or on the next port that is free.

    Raises:
        OSError: fifty ports in a row are taken.
    """
    for port in range(wanted, wanted + _PORTS_TRIED):
        listener = socket.socket()
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(2048)
        except (OSError, OverflowError):
            listener.close()
            continue
        return listener
    raise OSError(f"ports {wanted} to {wanted + _PORTS_TRIED - 1} are all taken")


def free_ports() -> Iterator[int]:
    """Ports of this machine that nobody listens on, in no order and each only once.

    They lie below those that systems lend to callers (from 32768 on Linux, 49152 by RFC 6335), or a
    caller could be lent one before the program that it is meant for listens there.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        if _is_free(port):
            yield port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Any port of this machine that nobody listens on."""
    return next(free_ports())


def ask(url: str) -> tuple[int, bytes]:
    """Status and body of a local address; status 0 when it does not answer within a second."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=1)
    with suppress(OSError, http.client.HTTPException):
        try:
            connection.request("GET", parts.path or "/")
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
    return 0, b""
