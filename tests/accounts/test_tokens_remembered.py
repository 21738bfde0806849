"""Our own tokens are verified once: what is remembered is the whole text, until its time is over."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from app.accounts.identity import Identity
from app.auth.errors import TokenExpired, TokenInvalid
from app.core import clock
from app.core.ids import new_id
from app.core.settings import AuthSettings


async def test_only_the_same_token_and_only_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = SecretStr("a-secret-of-this-test-with-more-than-32-bytes")
    identity = Identity.from_settings(AuthSettings(secret_key=secret))
    person = new_id()
    token = identity.tokens.access(person, new_id())
    principal = await identity.read_bearer(token)
    assert principal.subject == str(person)
    assert await identity.read_bearer(token) is principal
    forged = token[:-2] + ("AA" if not token.endswith("AA") else "BA")
    with pytest.raises(TokenInvalid):
        await identity.read_bearer(forged)
    later = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(TokenExpired):
        await identity.read_bearer(token)
