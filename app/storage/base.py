"""What every store can do, and how it says that it could not."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

Kind = Literal["local", "s3", "cloudinary"]
# What we name ourselves: a bucket may hold other things, which are not ours to judge.
OUR_PREFIXES: Final = ("org/", "person/", "probes/")


class StoreTrouble(Exception):
    """The store did not do it, now; `code` is a short word for logs and health, never a text of it.

    Whether the bytes are there is not known: a store that did not answer may have kept them.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NoSuchObject(Exception):
    """The store has nothing under this key."""


class AlreadyThere(Exception):
    """Something is kept under this key; it was not overwritten."""


@dataclass(frozen=True, slots=True)
class Stat:
    """What a store says of one object. `sha256` is None where it does not keep it."""

    key: str
    size: int
    sha256: str | None
    version: str | None
    modified_at: datetime | None


class Store(Protocol):
    """A place for whole objects by key. Keys are ours: lower-case words, digits, `/` and `-`.

    Every call ends within its own time limits and raises StoreTrouble where it could not.
    """

    kind: Kind

    async def put(self, key: str, content: bytes, *, content_type: str, sha256: str) -> str | None:
        """Keep an object and give its version, if the store has such.

        Raises:
            AlreadyThere: something has this key.
            StoreTrouble: it was refused, or nothing was heard.
        """

    def open(
        self, key: str, version: str | None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The object's bytes in pieces.

        Raises:
            NoSuchObject: there is none.
            StoreTrouble: it was refused, or nothing was heard.
        """

    async def stat(self, key: str) -> Stat | None:
        """What is kept under a key, or None.

        Raises:
            StoreTrouble: it was refused, or nothing was heard.
        """

    async def delete(self, key: str) -> None:
        """Forget an object; one that is not there is no trouble.

        Raises:
            StoreTrouble: it was refused, or nothing was heard.
        """

    def browse(self, prefix: str) -> AsyncIterator[Stat]:
        """Everything under a prefix, in no order.

        Raises:
            StoreTrouble: it was refused, or nothing was heard.
        """

    async def tidy(self, before: datetime) -> int:
        """Forget what was begun before then and never finished; how many pieces of work.

        Raises:
            StoreTrouble: it was refused, or nothing was heard.
        """

    async def close(self) -> None:
        """Give back connections and threads."""
