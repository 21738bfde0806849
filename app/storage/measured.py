"""A store whose calls are counted: which store, what was asked, how it ended, how long it took."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

from app.core.meters import STORAGE_CALLS, Outcome, timed
from app.core.telemetry import call_span
from app.storage.base import AlreadyThere, NoSuchObject, Stat, Store, StoreTrouble


class MeasuredStore:
    """Does what the store inside does; listing and tidying, which are upkeep, are not counted."""

    def __init__(self, inside: Store) -> None:
        self.inside = inside
        self.kind = inside.kind

    @contextmanager
    def _timed(self, operation: str) -> Iterator[Outcome]:
        span = call_span(f"storage {operation}", intake__store=self.kind)
        with span as told, timed(STORAGE_CALLS, self.kind, operation) as outcome:
            try:
                yield outcome
            finally:
                told["intake.outcome"] = outcome.word

    async def put(self, key: str, content: bytes, *, content_type: str, sha256: str) -> str | None:
        """As the store inside."""
        with self._timed("put") as outcome:
            try:
                version = await self.inside.put(
                    key, content, content_type=content_type, sha256=sha256
                )
            except (AlreadyThere, StoreTrouble) as error:
                _say(outcome, error)
                raise
            outcome.word = "ok"
        return version

    @asynccontextmanager
    async def open(self, key: str, version: str | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """As the store inside; timed until the whole has been read."""
        with self._timed("open") as outcome:
            try:
                async with self.inside.open(key, version) as pieces:
                    yield pieces
            except (NoSuchObject, StoreTrouble) as error:
                _say(outcome, error)
                raise
            outcome.word = "ok"

    async def stat(self, key: str) -> Stat | None:
        """As the store inside."""
        with self._timed("stat") as outcome:
            try:
                found = await self.inside.stat(key)
            except StoreTrouble as error:
                _say(outcome, error)
                raise
            outcome.word = "ok"
        return found

    async def delete(self, key: str) -> None:
        """As the store inside."""
        with self._timed("delete") as outcome:
            try:
                await self.inside.delete(key)
            except StoreTrouble as error:
                _say(outcome, error)
                raise
            outcome.word = "ok"

    def browse(self, prefix: str) -> AsyncIterator[Stat]:
        """As the store inside."""
        return self.inside.browse(prefix)

    async def tidy(self, before: datetime) -> int:
        """As the store inside."""
        return await self.inside.tidy(before)

    async def close(self) -> None:
        """As the store inside."""
        await self.inside.close()


def _say(outcome: Outcome, error: Exception) -> None:
    """Trouble by its code, of which there are a dozen; what is there or not is no trouble."""
    words: dict[type[Exception], str] = {AlreadyThere: "there_already", NoSuchObject: "missing"}
    outcome.word = error.code if isinstance(error, StoreTrouble) else words[type(error)]
