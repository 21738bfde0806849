"""Runs the local Cloudinary as a process of its own."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.dev import local_server
from app.dev.cloudinary.asgi import LocalCloudinary
from app.dev.cloudinary.faults import Faults


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="cloudinary-sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9300)
    parser.add_argument("--folder", type=Path, help="keep everything here, over restarts")
    parser.add_argument(
        "--delivers-pdfs",
        action="store_true",
        help="its CDN gives PDFs away, as the setting in an account's security page makes it",
    )
    given = parser.parse_args(arguments)
    faults = Faults(pdf_blocked=not given.delivers_pdfs)
    cloud = LocalCloudinary(faults=faults, folder=given.folder)
    local_server.run(cloud, given.host, given.port)


if __name__ == "__main__":
    main()
