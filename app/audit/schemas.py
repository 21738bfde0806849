"""An entry of the audit log as it goes out."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.core.schema import Out


class EntryOut(Out):
    """One act: who did what, to what, when and from where."""

    id: UUID
    at: datetime
    action: str = Field(description="`room.verb`")
    actor_id: UUID | None = Field(description="Null when the server acted by itself")
    actor_email: str | None = Field(description="As it is now; null for an account that is gone")
    actor_name: str | None
    organization_id: UUID | None
    subject_type: str
    subject_id: str
    request_id: str
    network: str | None = Field(description="The caller's network: /24 for IPv4, /48 for IPv6")
    detail: dict[str, str | int | bool] = Field(description="Counts, ids and codes")
