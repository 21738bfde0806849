"""Sealing and opening what a connection's row hides."""

import json
from uuid import UUID

from app.core.crypto import KeyRing, SealedColumn
from app.integrations.engine.oauth import Account
from app.integrations.models import ACCESS, ACCOUNT, REFRESH, Connection
from app.integrations.queries.connections import Owner


def _place(connection_id: UUID, owner: Owner) -> tuple[str, ...]:
    return (str(connection_id), str(owner.organization_id), str(owner.user_id), owner.provider)


def owner_of(row: Connection) -> Owner:
    """Whose connection a row is."""
    return Owner(row.organization_id, row.user_id, row.provider)


def seal(ring: KeyRing, column: SealedColumn, text: str, connection_id: UUID, owner: Owner) -> str:
    """A text as it is stored in `column` of this row."""
    return ring.seal(text.encode(), purpose=column.purpose, bound_to=_place(connection_id, owner))


def _opened(ring: KeyRing, column: SealedColumn, sealed: str, row: Connection) -> str:
    place = _place(row.id, owner_of(row))
    return ring.open(sealed, purpose=column.purpose, bound_to=place).decode()


def access_token(ring: KeyRing, row: Connection) -> str:
    """The access token.

    Raises:
        SealBroken: no key of ours opens it.
    """
    return _opened(ring, ACCESS, row.access_token, row)


def refresh_token(ring: KeyRing, row: Connection) -> str | None:
    """The refresh token, if the provider has given one.

    Raises:
        SealBroken: no key of ours opens it.
    """
    return None if row.refresh_token is None else _opened(ring, REFRESH, row.refresh_token, row)


def sealed_account(ring: KeyRing, account: Account, connection_id: UUID, owner: Owner) -> str:
    """An account as it is stored."""
    text = json.dumps({"id": account.id, "label": account.label})
    return seal(ring, ACCOUNT, text, connection_id, owner)


def account(ring: KeyRing, row: Connection) -> Account | None:
    """Whose account it is, where the provider has said so.

    Raises:
        SealBroken: no key of ours opens it.
    """
    if row.account is None:
        return None
    found = json.loads(_opened(ring, ACCOUNT, row.account, row))
    return Account(found["id"], found["label"])
