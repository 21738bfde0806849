"""A program that is begun as ours are, `python -m`, and has something done in a sandbox."""

import asyncio

from app.core.sandbox import Sandbox


def shout(content: bytes) -> bytes:
    """The work."""
    return content.upper()


if __name__ == "__main__":
    print(asyncio.run(Sandbox("tests.core.sandboxed:shout").run(b"done")).decode())  # noqa: T201
