"""One API process of a supervisor's, over the socket that all of them share."""

import socket
from typing import Final

from fastapi import FastAPI

from app.core.serving import Manner, end_with
from app.core.serving import serve as run_server
from app.core.settings import Settings
from app.health.deps import is_ready
from app.main import create_app_from_environment

# A caller with an open connection asks again within this, or is no longer at it.
_LINGER_SECONDS: Final = 5.0


def serve_on(given: str, settings: Settings) -> bool:
    """Serve on a socket that a supervisor listens on, until told to end; False if it cannot start.

    `given` are numbers of descriptors: of the socket, of the pipe on which to say that it listens,
    and of the one that closes with the supervisor; after them perhaps `gated`: listen once ready.
    With the socket alone it ends at once when asked.
    """
    number, *pipes = given.split(",")
    manner = Manner()
    if pipes:
        end_with(int(pipes[1]))
        manner = Manner(
            delay_seconds=settings.server.shutdown_delay_seconds,
            linger_seconds=_LINGER_SECONDS,
            gate=_is_ready if "gated" in pipes else None,
            ready=int(pipes[0]),
        )
    sockets = [socket.socket(fileno=int(number))]
    return run_server(create_app_from_environment, host="", port=0, sockets=sockets, manner=manner)


async def _is_ready(app: FastAPI) -> bool:
    return await is_ready(app.state)
