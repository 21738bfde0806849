"""Secrets of endpoints, sealed to their organization and endpoint."""

from uuid import UUID

from app.core.crypto import KeyRing
from app.webhooks.models import SECRET


def seal(ring: KeyRing, secret: bytes, organization_id: UUID, endpoint_id: UUID) -> str:
    """The secret as it is stored; copied into another endpoint's row it cannot be opened."""
    return ring.seal(
        secret, purpose=SECRET.purpose, bound_to=(str(organization_id), str(endpoint_id))
    )


def unseal(ring: KeyRing, sealed: str, organization_id: UUID, endpoint_id: UUID) -> bytes:
    """The secret itself.

    Raises:
        SealBroken: it was changed, moved, or sealed with a key that is not known any more.
    """
    return ring.open(
        sealed, purpose=SECRET.purpose, bound_to=(str(organization_id), str(endpoint_id))
    )
