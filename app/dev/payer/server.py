"""Runs the local payer: in the loop of a test, or as a process of its own."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import uvicorn

from app.dev.payer.asgi import LocalPayer, PayerOptions
from app.dev.payer.faults import Faults, parse_faults


def run(
    host: str = "127.0.0.1",
    port: int = 9100,
    *,
    options: PayerOptions | None = None,
    faults: Faults | None = None,
    books: Sequence[tuple[str, int]] = (),
) -> None:
    """Serve until told to stop; `books` names TINs that have another number of claims."""
    payer = LocalPayer(options, faults=faults)
    for tin, claims in books:
        payer.books.write(tin, claims=claims, days=payer.options.days)
    uvicorn.Server(_config(payer, host, port, loop="uvloop")).run()


@asynccontextmanager
async def serving(payer: LocalPayer, *, port: int = 0) -> AsyncIterator[str]:
    """Serve in the running loop, on a free port unless one is given; yields the address."""
    server = uvicorn.Server(_config(payer, "127.0.0.1", port, loop="none"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
            raise RuntimeError("the local payer did not start")
        await asyncio.sleep(0.005)
    bound = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{bound}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await task


def _config(payer: LocalPayer, host: str, port: int, *, loop: str) -> uvicorn.Config:
    return uvicorn.Config(
        payer,
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


def _book(text: str) -> tuple[str, int]:
    tin, equals, claims = text.partition("=")
    if not (equals and len(tin) == 9 and tin.isdigit() and claims.isdigit() and int(claims)):
        raise argparse.ArgumentTypeError("TIN=CLAIMS, as in 471000001=100000")
    return tin, int(claims)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; `--fault` takes any switch of `Faults` as name=value."""
    parser = argparse.ArgumentParser(prog="payer-sandbox", description=__doc__)
    usual = PayerOptions()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--client-id", default=usual.client_id)
    parser.add_argument("--client-secret", default=usual.client_secret)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--claims", type=int, default=usual.claims, help="claims of each TIN")
    parser.add_argument("--days", type=int, default=usual.days, help="days they are spread over")
    parser.add_argument("--book", type=_book, action="append", default=[], metavar="TIN=CLAIMS")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args(arguments)
    try:
        faults = parse_faults(given.fault)
    except ValueError as invalid:
        parser.error(str(invalid))
    options = PayerOptions(
        given.client_id, given.client_secret, given.seed, given.claims, given.days
    )
    run(given.host, given.port, options=options, faults=faults, books=given.book)


if __name__ == "__main__":
    main()
