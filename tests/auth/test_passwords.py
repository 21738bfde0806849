"""Hashing off the loop, and what is no password."""

import asyncio
import time

import pytest
from argon2 import PasswordHasher

from app.auth.common_passwords import COMMON
from app.auth.passwords import Passwords
from app.auth.strength import password_fault
from app.core.problems import Unavailable

pytestmark = pytest.mark.usefixtures("real_hashes")
PASSWORD = "correct horse battery"


async def test_a_hash_is_argon2id_with_the_figures_of_owasp() -> None:
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.matches(PASSWORD, stored)
    assert not await passwords.matches(PASSWORD + "!", stored)
    assert not passwords.is_outdated(stored)
    assert passwords.is_outdated(PasswordHasher(memory_cost=8192, time_cost=1).hash(PASSWORD))


async def test_keyboards_that_compose_differently_agree() -> None:
    passwords = Passwords()
    stored = await passwords.hash("caf\u00e9 au lait, please")
    assert await passwords.matches("cafe\u0301 au lait, please", stored)


async def test_nobody_is_as_slow_as_somebody_and_never_right() -> None:
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)

    async def seconds(hashed: str | None) -> float:
        times = []
        for _ in range(7):
            started = time.perf_counter()
            assert not await passwords.matches("nobody has this password!", hashed)
            times.append(time.perf_counter() - started)
        return min(times)

    somebody, nobody = await seconds(stored), await seconds(None)
    assert nobody > somebody / 3
    assert not await passwords.matches("nobody has this password", None)


async def test_a_damaged_hash_matches_nothing() -> None:
    assert not await Passwords().matches(PASSWORD, "not a hash")


async def test_the_loop_goes_on_while_hashes_are_computed() -> None:
    passwords = Passwords()
    hashing = asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(6)))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(set(await hashing)) == 6
    assert turns > 20


async def test_a_flood_is_turned_away() -> None:
    passwords = Passwords()
    passwords._waiting = 64
    with pytest.raises(Unavailable) as caught:
        await passwords.hash(PASSWORD)
    assert caught.value.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short", "password.too_short"),
        ("elevenchars", "password.too_short"),
        ("x" * 257, "password.too_long"),
        ("password1234", "password.too_common"),
        ("Password2026!", "password.too_common"),
        ("P@ssw0rd1234", "password.too_common"),
        ("123456789012", "password.too_common"),
        ("qwertyuiop12", "password.too_common"),
        ("passwordpassword", "password.too_common"),
        ("iloveyou1234", "password.too_common"),
        ("letmein12345", "password.too_common"),
        ("adminadmin123", "password.too_common"),
        ("Summer2024!!!", "password.too_common"),
        ("aaaaaaaaaaaa", "password.too_common"),
        ("abcabcabcabc", "password.too_common"),
        ("1qaz2wsx3edc", "password.too_common"),
        ("zyxwvutsrqpo", "password.too_common"),
        ("grace.hopper1", "password.too_common"),
        ("correct horse battery staple", None),
        ("dragon monkey football sunshine", None),
        ("kX9#mQ2$vL7p", None),
        ("ein langer Satz mit Umlauten äöü", None),
        ("пароль из пяти разных слов", None),
    ],
)
def test_passwords_that_are_guessed_first(password: str, fault: str | None) -> None:
    assert password_fault(password, personal=["grace.hopper", "Grace", "Hopper"]) == fault


def test_the_list_is_in_the_form_in_which_it_is_searched() -> None:
    assert len(COMMON) > 500
    assert all(word == word.casefold().strip() for word in COMMON)
