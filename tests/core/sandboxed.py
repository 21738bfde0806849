"""A program that is begun as ours are, `python -m`, and has two things done in sandboxes."""

import asyncio

from app.core.sandbox import Sandbox, expect

LATER = "tests.core.sandboxed_later:loaded_by"


def shout(content: bytes) -> bytes:
    """The first of them."""
    return content.upper()


async def main() -> None:
    """Say what comes of both."""
    expect(LATER)
    for work in ("tests.core.sandboxed:shout", LATER):
        print((await Sandbox(work).run(b"done")).decode())  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
