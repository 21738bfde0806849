"""Serving a local stand-in of somebody else's system: in a test's loop, or as a process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


def run(application: Any, host: str, port: int) -> None:
    """Serve until told to stop."""
    uvicorn.Server(_config(application, host, port, loop="uvloop")).run()


@asynccontextmanager
async def serving(application: Any, *, port: int = 0) -> AsyncIterator[str]:
    """Serve in the running loop, on a free port unless one is given; yields the address.

    Raises:
        RuntimeError: it did not start.
    """
    server = uvicorn.Server(_config(application, "127.0.0.1", port, loop="none"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
            raise RuntimeError(f"{type(application).__name__} did not start")
        await asyncio.sleep(0.005)
    bound = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{bound}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await task


def _config(application: Any, host: str, port: int, *, loop: str) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        loop=loop,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=75,
    )
