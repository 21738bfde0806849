"""What comes in and goes out about webhooks."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.schema import CleanText, In, OptionalLine, Out

EventType = Literal["claims.job_completed", "claims.job_failed", "claims.job_cancelled"]
EVENT_TYPES: tuple[EventType, ...] = (
    "claims.job_completed",
    "claims.job_failed",
    "claims.job_cancelled",
)
State = Literal["pending", "delivered", "failed"]
Failure = Literal["timeout", "unreachable", "address_refused", "status", "endpoint_disabled"]
Address = Annotated[CleanText, StringConstraints(min_length=1, max_length=2000)]
Events = Annotated[list[EventType], Field(min_length=1, max_length=20)]


class WebhookIn(In):
    """An address to be told at."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://hooks.example.com/intake",
                    "description": "Billing",
                    "events": ["claims.job_completed", "claims.job_failed"],
                }
            ]
        }
    )

    url: Address
    description: OptionalLine = ""
    events: Events = Field(default_factory=lambda: list(EVENT_TYPES))


class WebhookPatch(In):
    """What is to change; null means that it stays. Switching it on forgets its failures."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_active": True}]})

    url: Address | None = None
    description: OptionalLine | None = None
    events: Events | None = None
    is_active: bool | None = None


class SecretRotationIn(In):
    """For how long the old secret signs beside the new one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"keep_previous_hours": 24}]})

    keep_previous_hours: Annotated[int, Field(ge=0, le=72)] = 24


class WebhookOut(Out):
    """An endpoint; its secret is shown only when it is made."""

    id: UUID
    url: str
    description: str
    events: list[str]
    is_active: bool
    disabled_at: datetime | None
    disabled_reason: Literal["gone", "failing"] | None = Field(
        description="gone: it answered 410; failing: a day of nothing but failures; else a person"
    )
    failures: int = Field(description="Tries that failed since the last one that did not")
    failing_since: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookSecretOut(WebhookOut):
    """An endpoint with its new secret, which is not shown again."""

    secret: str = Field(description="whsec_ and the key in base64, as Standard Webhooks writes it")


class AttemptOut(Out):
    """One try."""

    at: datetime
    status: int | None
    error: Failure | None
    duration_ms: int


class DeliveryOut(Out):
    """One event on its way to one endpoint, or there."""

    id: UUID
    event_id: UUID = Field(description="The header webhook-id, equal in every try")
    event_type: str
    state: State
    attempts: int
    response_status: int | None
    error: Failure | None
    duration_ms: int | None
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    created_at: datetime
    payload: str
    history: list[AttemptOut] = Field(description="The last tries, the oldest first")
