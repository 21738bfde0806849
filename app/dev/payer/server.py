"""Runs the local payer: in the loop of a test, or as a process of its own."""

import argparse
from collections.abc import Sequence

from app.dev import local_server
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
    local_server.run(payer, host, port)


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
