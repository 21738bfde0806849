"""The ledger's shapes outside: jobs, progress, rows, previews, practices."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.claims import reasons
from app.core.schema import In, Line, Out

Status = Literal["PENDING", "PROCESSING", "CANCELLING", "CANCELLED", "COMPLETED", "FAILED"]
RowStatus = Literal["pending", "succeeded", "failed"]


class Scope(StrEnum):
    """Which rows of a job a download holds."""

    ALL = "all"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNPROCESSED = "unprocessed"


class ResultFormat(StrEnum):
    """How a download is written."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


class Notice(Out):
    """Something that was assumed or noticed about a whole file."""

    code: str
    message: str


class Figures(Out):
    """A job's counters: processed = success + failure, total = processed + unprocessed."""

    status: Status
    status_display: str
    status_reason: str | None
    status_reason_code: reasons.Code | None = Field(
        description="What `status_reason` says, for programs that have words of their own"
    )
    status_reason_at: datetime | None = Field(
        description="The moment that it speaks of: until when the payer is tried again, or since"
        " when no worker has taken the file up"
    )
    total_rows: int
    processed_rows: int
    success_count: int
    failure_count: int
    unprocessed_rows: int
    progress_percentage: float = Field(description="0 to 100, one decimal")
    success_rate: float | None = Field(description="Per cent of processed rows; null before any")
    rows_per_second: float | None
    eta_seconds: int | None = Field(description="Null while it cannot be told")
    failures_by_reason: dict[str, int]
    attempt: int


class CeleryInfo(Out):
    """What older clients read in place of the counters."""

    current: int
    total: int
    percent: float


class ProgressOut(Figures):
    """A job's counters by themselves, small enough to ask for every few seconds."""

    job_id: UUID
    celery_status: str
    celery_info: CeleryInfo


class JobOut(Figures):
    """One uploaded claim file."""

    id: UUID
    filename: str
    original_filename: str
    file_size: int
    file_sha256: str
    provider: str
    use_batch_query: bool
    start_date: date | None
    end_date: date | None
    include: list[Literal["details", "payments"]] = Field(
        description="What was asked for of each claim found, beside its summary"
    )
    shape: Literal["claim_number", "patient", "practice"]
    encoding: str
    delimiter: str
    date_order: str
    header: list[str]
    warnings: list[Notice]
    duplicate_of: UUID | None
    user: UUID | None
    user_email: str | None
    organization: UUID
    organization_name: str
    celery_task_id: UUID
    processing_started_at: datetime | None
    processing_completed_at: datetime | None
    processing_duration: float | None = Field(description="Seconds")
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    can_cancel: bool
    can_retry: bool


class RowError(Out):
    """Why a row failed, and what to do."""

    code: str
    field: str | None
    message: str
    hint: str
    retriable: bool


class Search(Out):
    """One search of the payer that an answer rests on."""

    tin: str
    payer_id: str
    from_: date = Field(alias="from", serialization_alias="from")
    to: date
    pages: int
    claims: int
    complete: bool
    at: datetime


class Evidence(Out):
    """What was searched before an answer was given."""

    searched: list[Search]


class RowOut(Out):
    """One data row and its answer; `result` is the first claim found, `results` are all."""

    row: int
    status: RowStatus
    claim_number: str | None
    patient_name: str | None
    result: dict[str, Any] | None
    results: list[dict[str, Any]]
    error: RowError | None
    warnings: list[str]
    attempts: int
    evidence: Evidence | None


class RetryIn(In):
    """Which rows run again; failed and unprocessed ones when nothing is named."""

    scope: Literal["failed", "retriable", "unprocessed", "all"] = "all"
    error_code: Annotated[str, Field(max_length=60)] | None = None


class CellProblemOut(Out):
    """One fault in one cell."""

    row: int
    field: str
    column: str
    code: str
    message: str
    value: str


class PreviewOut(Out):
    """What would be read; nothing was stored and no payer was asked."""

    stored: Literal[False]
    original_filename: str
    file_size: int
    file_sha256: str
    format: str
    shape: str
    encoding: str
    delimiter: str
    date_order: str
    header: list[str]
    mapping: dict[str, str]
    ignored_columns: list[str]
    total_rows: int
    good_rows: int
    first_rows: list[dict[str, str]]
    problems: list[CellProblemOut]
    problem_counts: dict[str, int]
    warnings: list[Notice]
    duplicate_of: UUID | None


class ProviderOut(Out):
    """A payer that files can be sent to."""

    code: str
    name: str
    is_configured: bool
    status: Literal["ok", "throttled", "trouble", "not_configured"] = Field(
        description="`trouble` while it does not answer or a running job of yours waits for it;"
        " `throttled` while it is asked more slowly than usual because it wants that"
    )
    status_reason: str | None
    trouble_since: datetime | None = Field(description="Since when it is in trouble or throttled")
    circuit: Literal["open", "closed"] = Field(
        description="`open` while all workers leave the payer alone but for a trial now and then"
    )
    pace_percent: int = Field(description="Of the usual pace; less after it asked for that")
    paused_seconds: float = Field(description="How long nobody asks it any more, at its wish")
    capabilities: dict[str, bool | int | float]


class DayTotal(Out):
    """Uploads of one day (UTC)."""

    day: date
    jobs: int
    rows: int
    succeeded: int
    failed: int


class StatsOut(Out):
    """An organization's totals."""

    by_day: list[DayTotal]
    failures_by_reason: dict[str, int]


def _tin(text: str) -> str:
    digits = text.replace("-", "").replace(" ", "")
    if len(digits) != 9 or not (digits.isascii() and digits.isdigit()):
        raise PydanticCustomError("practices.tin", "A TIN has 9 digits")
    return digits


def _npi(text: str) -> str:
    """Ten digits whose Luhn sum holds behind the prefix 80840 (45 CFR 162.406)."""
    if len(text) != 10 or not (text.isascii() and text.isdigit()):
        raise PydanticCustomError("practices.npi", "An NPI has 10 digits")
    digits = [int(char) for char in reversed(f"80840{text}")]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    if (sum(digits[::2]) + sum(doubled)) % 10:
        raise PydanticCustomError("practices.npi", "The NPI's check digit does not hold")
    return text


Tin = Annotated[Line, AfterValidator(_tin)]
Npi = Annotated[Line, AfterValidator(_npi)]


class PracticeIn(In):
    """A practice to ask payers for; a TIN may be written with a dash."""

    name: Line
    tin: Tin
    npi: Npi | None = None


class PracticePatch(In):
    """What may change about a practice."""

    name: Line | None = None
    tin: Tin | None = None
    npi: Npi | None = None
    is_active: bool | None = None


class PracticeOut(Out):
    """A practice; one that is not active is not asked for any more."""

    id: int
    name: str
    tin: str
    npi: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime
