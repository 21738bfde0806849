"""The answers of the probes."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.core.processes import Role
from app.core.schema import Out

Status = Literal["healthy", "degraded", "unhealthy"]


Fact = str | int | float


class Finding(Out):
    """One thing that a check found, for programs that have words of their own."""

    code: str = Field(examples=["queue.jobs"])
    facts: dict[str, Fact] = Field(
        description="What the sentence names: `count`, `seconds`, `reason` (a code), `at` (a time)",
        examples=[{"count": 2, "seconds": 301.0}],
    )


class Check(Out):
    """One dependency: how it is, how long it took to find out, and what that means."""

    status: Status
    latency_ms: float
    detail: str = Field(description="The findings as English sentences")
    findings: list[Finding]


class Checks(Out):
    """Everything that Intake depends on."""

    database: Check
    redis: Check
    schema_: Check = Field(serialization_alias="schema")
    storage: Check
    workers: Check
    queue: Check
    payers: Check
    integrations: Check
    issuers: Check


class Code(Out):
    """The digest of the code that runs, the digest of what lies on the disk, and their difference."""

    fingerprint: str
    on_disk: str
    stale: bool


class Process(Out):
    """A living process; `stale` when it runs other code than its own disk holds or the answering one runs."""

    role: Role
    host: str
    pid: int
    commit: str
    fingerprint: str
    started_at: datetime
    heartbeat_at: datetime
    memory_mb: float
    stale: bool


class Health(Out):
    """The whole answer of /health."""

    status: Status
    version: str
    commit: str
    started_at: datetime
    code: Code
    cloudinary_401_fix: Literal["active", "MISSING"]
    checks: Checks
    processes: list[Process]


class Alive(Out):
    """The process answers; nothing else was looked at."""

    status: Literal["alive"]


class Readiness(Out):
    """Whether requests may be sent here, and why not."""

    status: Literal["ready", "not_ready"]
    detail: str


class Version(Out):
    """Which code answers."""

    version: str
    commit: str
    started_at: datetime
