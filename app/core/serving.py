"""The HTTP server: uvicorn, told early that the end is near, and impatient with idle callers."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from app.core.log import logger
from app.core.patience import PatientProtocol, look_at

_MOST_FILES: Final = 65_536
_GATE_PAUSE_SECONDS: Final = 0.2
_CLOSE: Final = (b"connection", b"close")

Gate = Callable[[FastAPI], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a process begins and ends.

    It listens once `gate` lets it, and writes a byte to `ready` then. Told to end, it says so at
    /readyz for `delay_seconds` and listens on; then callers with an open connection may ask once
    more for `linger_seconds`, and are told to connect anew.
    """

    delay_seconds: float = 0.0
    linger_seconds: float = 0.0
    gate: Gate | None = None
    gate_seconds: float = 60.0
    ready: int | None = None


class DrainingServer(uvicorn.Server):
    """Says at the first signal that the process is closing, before it stops listening.

    /readyz then answers 503 and event streams end with a retry, so that open streams do not hold
    the shutdown for its whole grace period.
    """

    def __init__(self, config: uvicorn.Config, manner: Manner) -> None:
        super().__init__(config)
        self._manner = manner
        self._ends_at: float | None = None

    @property
    def _app(self) -> Any:
        """The application; None while its modules are still being loaded."""
        return getattr(self.config, "loaded_app", None)

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first SIGTERM begins the delay; a second one, or SIGINT, ends it."""
        services = getattr(getattr(self._app, "state", None), "services", None)
        if services is not None:
            services.closing.set()
        is_first = self.started and self._ends_at is None
        if sig == signal.SIGTERM and is_first and self._manner.delay_seconds > 0:
            self._ends_at = time.monotonic() + self._manner.delay_seconds
            return
        super().handle_exit(sig, frame)

    @override
    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            look_at(self.server_state.connections)
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            self.should_exit = True
        return await super().on_tick(counter)

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        begin: Any = self.lifespan.startup

        async def begin_and_wait() -> None:
            await begin()
            if not self.lifespan.should_exit and not await self._let_in():
                self.lifespan.should_exit = True

        # uvicorn listens as soon as the application has started; there is no place between.
        self.lifespan.startup = begin_and_wait
        await super().startup(sockets)
        if self._manner.ready is not None:
            os.write(self._manner.ready, b"!")
            os.close(self._manner.ready)

    async def _let_in(self) -> bool:
        gate, deadline = self._manner.gate, time.monotonic() + self._manner.gate_seconds
        while gate is not None and not await gate(self._app):
            if time.monotonic() > deadline or self.should_exit:
                logger.error("core.never_ready", seconds=self._manner.gate_seconds)
                return False
            await asyncio.sleep(_GATE_PAUSE_SECONDS)
        return True

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        # Whoever has an open connection may be sending its next request at this very moment.
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                connection.shutdown()
        ends_at = time.monotonic() + self._manner.linger_seconds
        while self.server_state.connections and time.monotonic() < ends_at:
            look_at(self.server_state.connections)
            await asyncio.sleep(0.05)
        await super().shutdown([])


def serve(
    factory: Callable[[], FastAPI],
    *,
    host: str,
    port: int,
    sockets: Sequence[socket.socket] | None = None,
    manner: Manner | None = None,
) -> bool:
    """Serve until told to stop; False when it could not start.

    Forwarded headers are left to us (`TRUSTED_PROXIES`), because uvicorn believes any caller on
    this machine; httptools, because h11 takes a length together with chunks.
    """
    _allow_many_files()
    config = uvicorn.Config(
        factory,
        factory=True,
        host=host,
        port=port,
        http=PatientProtocol,
        loop="uvloop",
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )
    server = DrainingServer(config, manner or Manner())
    server.run(sockets=None if sockets is None else list(sockets))
    return server.started


def end_with(lifeline: int) -> None:
    """Ask this process to end, as SIGTERM does, once nobody holds the pipe's other end any more."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            os.read(lifeline, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def _allow_many_files() -> None:
    """A thousand open sockets are soon held by callers who only wait."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
