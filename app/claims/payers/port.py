"""What the engine asks of any payer, and what comes back; adapters hide their wire behind this."""

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, Protocol

import msgspec

from app.claims.payers.details import ClaimRef, Extra, Particulars


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a payer can be asked, and how much at a time."""

    by_claim_number: bool
    by_patient: bool
    by_provider_window: bool
    native_batch: bool
    max_window_days: int
    """Days of service in one question, the first and the last one counted."""
    lookback_days: int
    page_size: int
    max_results: int
    requests_per_minute: int
    """Over all workers; 0 for no limit."""
    concurrency: int
    """Calls in flight over all workers."""
    timeout_seconds: float = 30.0
    """The longest that one call may take."""
    details: bool = False
    payments: bool = False

    def gives(self, extra: Extra) -> bool:
        """Whether that can be asked for beside the summary."""
        return self.details if extra is Extra.DETAILS else self.payments

    @property
    def max_pages(self) -> int:
        """Pages after which a walk that still has a next token goes in a circle."""
        return math.ceil(self.max_results / self.page_size) + 1


@dataclass(frozen=True, slots=True)
class Question:
    """Claims of one TIN with service in a window of days, both ends counted.

    The patient narrows the question. An adapter leaves the patient out where it cannot be sent:
    the answer may hold other people's claims in any case, so what comes back is always matched.
    """

    tin: str
    payer_id: str
    from_date: date
    to_date: date
    first_name: str | None = None
    last_name: str | None = None
    date_of_birth: date | None = None
    claim_number: str | None = None
    """Asks for this claim, whatever its days, where the payer can be asked so."""
    asker: str = ""
    """Whose turn it is, for fairness; never sent."""


class PayerClaim(msgspec.Struct, frozen=True, gc=False):
    """A claim as a payer tells it; amounts are plain decimal strings ("1234.50"), absent is None."""

    claim_number: str
    claim_key: str
    status: str
    first_name: str
    last_name: str
    first_key: str
    last_key: str
    date_of_birth: date | None
    service_from: date | None
    service_to: date | None
    total_charged: str | None
    total_paid: str | None
    processed_date: date | None
    processed_time: str | None
    subscriber_id: str | None
    warnings: tuple[str, ...] = ()
    handle: str | None = None
    """What the adapter needs to ask for more about it; None where nothing more can be asked."""

    @property
    def line(self) -> dict[str, str | None]:
        """What a result line shows of it."""
        return {
            "claim_number": self.claim_number,
            "status": self.status,
            "patient_name": f"{self.first_name} {self.last_name}".strip(),
            "total_charged": self.total_charged,
            "total_paid": self.total_paid,
            "processed_date": _iso(self.processed_date),
            "first_service_date": _iso(self.service_from),
            "last_service_date": _iso(self.service_to),
        }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `complete` says that the question holds no more claims behind it."""

    claims: tuple[PayerClaim, ...]
    next_token: str | None
    complete: bool
    request_id: str | None
    payer_code: str | None = None
    """The payer's word for an empty answer, kept as evidence."""


class Payer(Protocol):
    """An adapter; safe for many calls at once in one event loop."""

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked; constant for the life of the adapter."""
        ...

    async def search(self, question: Question, page_token: str | None = None) -> Page:
        """One page; `page_token` is the `next_token` of the page before.

        Raises:
            PayerFault: anything but a readable answer; its `kind` says what to do.
        """
        ...

    async def look_closer(self, ref: ClaimRef, wanted: frozenset[Extra]) -> Particulars:
        """More about a claim that a search gave.

        Raises:
            PayerFault: anything but a readable answer.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; the adapter cannot be asked afterwards."""
        ...


class FaultKind(StrEnum):
    """What the engine does about a fault."""

    TRANSIENT = "transient"
    """Ask again later; when the retry window is spent, the rows get `row_code`."""
    NARROW = "narrow"
    """Put two halves in the window's place; at the smallest one, the rows get `row_code`."""
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 -- a word, and no secret
    """Start the window again at its first page."""
    CREDENTIALS = "credentials"
    """Park the job with a reason; no row fails."""
    FINAL = "final"
    """The rows get `row_code` now."""


@dataclass(frozen=True, slots=True)
class FaultFacts:
    """Where a fault comes from; holds nothing of a patient, so it may be stored and logged."""

    payer_code: str | None = None
    http_status: int | None = None
    request_id: str | None = None
    body_sha256: str | None = None
    body_keys: tuple[str, ...] = ()


class PayerFault(Exception):
    """A question that was not answered. Its text is the class's name and codes, never data."""

    kind: ClassVar[FaultKind]
    row_code: ClassVar[str | None] = None
    hurts_payer: ClassVar[bool] = False
    """Counts against the payer's health (the circuit breaker)."""

    def __init__(
        self, facts: FaultFacts | None = None, *, retry_after: float | None = None
    ) -> None:
        self.facts = facts or FaultFacts()
        self.retry_after = retry_after
        """Seconds before which asking again is useless or rude, where known."""
        super().__init__(type(self).__name__, self.facts.payer_code, self.facts.http_status)


class PayerTimeout(PayerFault):
    """No answer in time, or the payer says that it ran out of time (301)."""

    kind = FaultKind.TRANSIENT
    row_code: ClassVar[str | None] = "payer.timeout"
    hurts_payer = True


class PayerUnavailable(PayerFault):
    """No connection, 5xx, an upstream failure at the payer, or an open circuit."""

    kind = FaultKind.TRANSIENT
    row_code: ClassVar[str | None] = "payer.unavailable"
    hurts_payer = True


class PayerRateLimited(PayerFault):
    """The payer answers 429."""

    kind = FaultKind.TRANSIENT
    row_code: ClassVar[str | None] = "payer.rate_limited"


class NoPermit(PayerRateLimited):
    """Our own brakes: nothing was sent, and `retry_after` says when there is room."""

    def __init__(self, *, retry_after: float, is_throttled: bool = False) -> None:
        self.is_throttled = is_throttled
        """The payer has asked for a slower pace, so that it is more than our own usual limit."""
        super().__init__(retry_after=retry_after)


class CircuitOpen(PayerUnavailable):
    """Nothing was sent: the payer is being left alone until its next trial."""


class PayerBadResponse(PayerFault):
    """An answer that is not what the payer's interface says; never taken for an empty one."""

    kind = FaultKind.TRANSIENT
    row_code: ClassVar[str | None] = "payer.bad_response"


class WindowTooLarge(PayerFault):
    """The window is too wide (112), too full (306), or could not be read whole (305)."""

    kind = FaultKind.NARROW
    row_code: ClassVar[str | None] = "payer.truncated"


class PageTokenExpired(PayerFault):
    """The payer no longer knows the page token (203)."""

    kind = FaultKind.TOKEN_EXPIRED


class CredentialsRefused(PayerFault):
    """401 with a fresh token, 403, or no token for our id and secret."""

    kind = FaultKind.CREDENTIALS


class QuestionRejected(PayerFault):
    """The payer will never answer this question (102, 105, 106, 108, 111, 113, 202)."""

    kind = FaultKind.FINAL
    row_code: ClassVar[str | None] = "payer.rejected"


class DatesOutOfRange(PayerFault):
    """Days before the payer's look-back, or in the future (107)."""

    kind = FaultKind.FINAL
    row_code: ClassVar[str | None] = "row.date_range"


class DateMismatch(PayerFault):
    """The payer knows the claim, with another date of service (307)."""

    kind = FaultKind.FINAL
    row_code: ClassVar[str | None] = "payer.date_mismatch"
