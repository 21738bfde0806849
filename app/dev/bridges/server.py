"""Runs the local providers: in the loop of a test, or as a process of their own."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import uvicorn

from app.dev.bridges.asgi import LocalProviders


@asynccontextmanager
async def serving(providers: LocalProviders, *, port: int = 0) -> AsyncIterator[str]:
    """Serve in the running loop, on a free port unless one is given; yields the address."""
    server = uvicorn.Server(_config(providers, "127.0.0.1", port, loop="none"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
            raise RuntimeError("the local providers did not start")
        await asyncio.sleep(0.005)
    bound = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{bound}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await task


def _config(providers: LocalProviders, host: str, port: int, *, loop: str) -> uvicorn.Config:
    return uvicorn.Config(
        providers,
        host=host,
        port=port,
        loop=loop,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="provider-sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9300)
    given = parser.parse_args(arguments)
    config = _config(LocalProviders(), given.host, given.port, loop="uvloop")
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
