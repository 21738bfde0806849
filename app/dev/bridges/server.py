"""Runs the local providers: in the loop of a test, or as a process of their own."""

import argparse
from collections.abc import Sequence

from app.dev import local_server
from app.dev.bridges.asgi import LocalProviders
from app.dev.bridges.front import Front


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="provider-sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9300)
    parser.add_argument("--api", default="http://127.0.0.1:8000", help="Where Intake is.")
    given = parser.parse_args(arguments)
    local_server.run(Front(LocalProviders(), given.api), given.host, given.port)


if __name__ == "__main__":
    main()
