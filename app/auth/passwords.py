"""Password hashes: argon2id by the figures of OWASP's cheat sheet, off the event loop."""

import asyncio
import functools
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.problems import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

# Each hash takes 19 MiB and some 20 ms of one core; more callers than this would wait over a second.
_THREADS: Final = 2
_MOST_WAITING: Final = 64
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@functools.cache
def _nobodys_hash() -> str:
    """What an unknown user's password is compared with, so that both take the same time."""
    return _HASHER.hash("nobody has this password")


class Passwords:
    """Hashes and checks passwords in two threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="password")
        self._waiting = 0
        # Made at the start, so that the first unknown user is not told apart by waiting longer.
        self._nobody = _nobodys_hash()

    async def hash(self, password: str) -> str:
        """The hash of `password`, with its salt and parameters in it.

        Raises:
            Unavailable: too many are waiting already.
        """
        return await self._off_the_loop(_HASHER.hash, _normal(password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the one behind `stored`; without one, False after the same time.

        Raises:
            Unavailable: too many are waiting already.
        """
        is_right = await self._off_the_loop(self._matches, _normal(password), stored)
        return is_right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than today's."""
        return _HASHER.check_needs_rehash(stored)

    def _matches(self, password: str, stored: str | None) -> bool:
        try:
            return _HASHER.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _off_the_loop(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= _MOST_WAITING:
            raise Unavailable(headers={"Retry-After": "1"})
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            call = functools.partial(work, *args, **kwargs)
            return await loop.run_in_executor(self._threads, call)
        finally:
            self._waiting -= 1


def _normal(password: str) -> str:
    """One form for what different keyboards send for the same keys (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)
