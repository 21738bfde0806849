"""Our own access and refresh tokens."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from app.auth.errors import TokenExpired, TokenInvalid
from app.auth.tokens import RefreshToken, Tokens, token_digest
from app.core import clock
from app.core.ids import new_id
from app.core.settings import AuthSettings

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "a secret for the tests that is long enough"
USER, FAMILY = new_id(), new_id()


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def tokens(secret: str = SECRET, previous: str = "") -> Tokens:
    return Tokens(
        AuthSettings(secret_key=SecretStr(secret), secret_key_previous=SecretStr(previous))
    )


def refresh_facts(identifier: str = "first") -> RefreshToken:
    return RefreshToken(FAMILY, USER, 3, identifier, NOW, NOW + timedelta(days=7))


def test_an_access_token_names_person_and_session() -> None:
    principal = tokens().read_access(tokens().access(USER, FAMILY))
    assert (principal.provider, principal.subject) == ("local", str(USER))
    assert principal.session == str(FAMILY)
    assert principal.expires_at == int(NOW.timestamp()) + 900


def test_an_access_token_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens().access(USER, FAMILY)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=15, seconds=29))
    assert tokens().read_access(token).subject == str(USER)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=15, seconds=30))
    with pytest.raises(TokenExpired):
        tokens().read_access(token)
    assert tokens().read_ended(token).session == str(FAMILY)


def test_a_refresh_token_tells_its_facts_again() -> None:
    facts = refresh_facts()
    assert tokens().read_refresh(tokens().refresh(facts)) == facts
    assert tokens().refresh(facts) == tokens().refresh(facts)


def test_each_use_has_its_own_tokens() -> None:
    with pytest.raises(TokenInvalid):
        tokens().read_refresh(tokens().access(USER, FAMILY))
    with pytest.raises(TokenInvalid):
        tokens().read_access(tokens().refresh(refresh_facts()))


def test_another_secret_is_another_lock() -> None:
    with pytest.raises(TokenInvalid):
        tokens("another secret, also long enough").read_access(tokens().access(USER, FAMILY))


def test_a_former_secret_reads_and_does_not_sign() -> None:
    fresh = tokens("another secret, also long enough", f"one more, {SECRET}")
    assert fresh.read_access(tokens().access(USER, FAMILY)).subject == str(USER)
    assert fresh.read_refresh(tokens().refresh(refresh_facts())) == refresh_facts()
    with pytest.raises(TokenInvalid):
        tokens().read_access(fresh.access(USER, FAMILY))


def test_a_successor_is_said_again_as_its_secret_signed_it() -> None:
    given = tokens().following("parent", refresh_facts(), digest=None)
    fresh = tokens("another secret, also long enough", f"one more, {SECRET}")
    assert fresh.following("parent", refresh_facts(), digest=token_digest(given)) == given
    new = fresh.following("parent", refresh_facts(), digest=None)
    assert new != given
    assert fresh.following("parent", refresh_facts(), digest=token_digest(new)) == new


def test_a_successor_depends_on_all_of_its_past() -> None:
    keys = tokens()
    first = keys.successor(FAMILY, "parent", 1)
    assert first == keys.successor(FAMILY, "parent", 1)
    others = {
        keys.successor(FAMILY, "parent", 2),
        keys.successor(FAMILY, "other", 1),
        keys.successor(new_id(), "parent", 1),
        tokens("another secret, also long enough").successor(FAMILY, "parent", 1),
    }
    assert first not in others
    assert len(others) == 4


def test_what_is_stored_is_a_hash() -> None:
    token = tokens().refresh(refresh_facts())
    assert len(token_digest(token)) == 32
    assert token_digest(token) != token_digest(tokens().refresh(refresh_facts("other")))
