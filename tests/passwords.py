"""Passwords that cost nothing, where what a hash costs is not looked at."""

from collections.abc import Iterator
from typing import Final

import pytest
from argon2 import PasswordHasher

from app.auth import passwords

# Of the product's twenty milliseconds of a core for each hash, a thousandth.
_QUICK: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_REAL: Final = passwords._HASHER


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", _QUICK)
        passwords._nobodys_hash.cache_clear()
        yield


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The product's own, for tests of their strength and of their time."""
    monkeypatch.setattr(passwords, "_HASHER", _REAL)
    passwords._nobodys_hash.cache_clear()
    yield
    passwords._nobodys_hash.cache_clear()
