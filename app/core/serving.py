"""The HTTP server: uvicorn, told early that the end is near."""

import socket
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from typing_extensions import override


class DrainingServer(uvicorn.Server):
    """Says at the first signal that the process is closing, before it stops listening.

    /readyz then answers 503 and event streams end with a retry, so that open streams do not hold
    the shutdown for its whole grace period.
    """

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Set the process's `closing` event, then do what uvicorn does."""
        app: Any = self.config.loaded_app
        services = getattr(app.state, "services", None)
        if services is not None:
            services.closing.set()
        super().handle_exit(sig, frame)


def serve(
    factory: Callable[[], FastAPI],
    *,
    host: str,
    port: int,
    sockets: Sequence[socket.socket] | None = None,
) -> bool:
    """Serve until told to stop; False when it could not start.

    Forwarded headers are left to us (`TRUSTED_PROXIES`), because uvicorn believes any caller on
    this machine; httptools, because h11 takes a length together with chunks.
    """
    config = uvicorn.Config(
        factory,
        factory=True,
        host=host,
        port=port,
        http="httptools",
        loop="uvloop",
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )
    server = DrainingServer(config)
    server.run(sockets=None if sockets is None else list(sockets))
    return server.started
