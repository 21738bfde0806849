"""Runs the local providers: in the loop of a test, or as a process of their own."""

import argparse
from collections.abc import Sequence

from app.dev import local_server
from app.dev.bridges.asgi import LocalProviders


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="provider-sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9300)
    given = parser.parse_args(arguments)
    local_server.run(LocalProviders(), given.host, given.port)


if __name__ == "__main__":
    main()
