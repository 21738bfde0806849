"""Sending a long text packed (RFC 9110, 8.4.1.3), piece by piece, to whoever takes it so."""

import asyncio
import zlib
from collections.abc import AsyncGenerator
from typing import Final

# The gzip format at its fastest: lines that repeat each other shrink by it as well as by a slow one.
_WINDOW: Final = 31
_LEVEL: Final = 1


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether an Accept-Encoding names gzip, and not with a weight of nothing."""
    for part in (accept_encoding or "")[:500].lower().split(","):
        name, *parameters = [word.strip() for word in part.split(";")]
        if name == "gzip":
            return not any(word.replace(" ", "").rstrip("0.") == "q=" for word in parameters)
    return False


async def packed(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The pieces as one gzip stream; each comes out before the next one is asked for."""
    packer = zlib.compressobj(_LEVEL, wbits=_WINDOW)
    try:
        async for piece in pieces:
            made = await asyncio.to_thread(packer.compress, piece)
            if made:
                yield made
        yield packer.flush()
    finally:
        await pieces.aclose()
