"""What goes out about résumés."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from app.core.schema import Out
from app.mail.languages import USUAL, Language
from app.resumes.failures import told
from app.resumes.models import Resume

Status = Literal["uploaded", "text_extracted", "skills_extracted", "extraction_failed"]


class StepOut(Out):
    """When a résumé reached a status."""

    status: Status
    at: datetime


class FailureOut(Out):
    """Why a résumé could not be read, and what its owner can do."""

    code: str
    message: str
    hint: str


class ContactOut(Out):
    """How to reach the person; what was not read is null."""

    name: str | None
    email: str | None
    phone: str | None = Field(description="As it is written")
    phone_e164: str | None
    links: list[str]


class EvidenceOut(Out):
    """A passage of the text: characters `start` to `end`."""

    text: str
    start: int
    end: int


class SkillOut(Out):
    """A skill; `id` is the taxonomy's, null where it has none."""

    name: str
    id: str | None
    label: str | None = Field(description="The taxonomy's own name for it")
    category: str | None
    confidence: float = Field(description="0 to 1")
    evidence: list[EvidenceOut]


class PositionOut(Out):
    """One position; `end` is null while it lasts."""

    title: str | None
    company: str | None
    location: str | None
    start: str | None = Field(description="YYYY or YYYY-MM")
    end: str | None = Field(description="YYYY or YYYY-MM")
    current: bool
    months: int | None
    description: str | None


class EducationOut(Out):
    """One degree or school."""

    degree: str | None
    institution: str | None
    field: str | None
    year: int | None


class ResumeOut(Out):
    """A résumé and what was read in it. Lists leave `text` out (null)."""

    id: UUID
    filename: str
    content_type: str
    size: int
    sha256: str
    file_url: str
    status: Status
    status_history: list[StepOut]
    error: FailureOut | None
    text: str | None
    pages: int | None
    language: str | None
    contact: ContactOut | None
    skills: list[SkillOut]
    experience: list[PositionOut]
    education: list[EducationOut]
    seniority: str | None
    total_experience_months: int | None
    warnings: list[str]
    created_at: datetime
    updated_at: datetime


class ProgressOut(Out):
    """How far a résumé is, small enough to be pushed."""

    id: UUID
    status: Status
    status_history: list[StepOut]
    error: FailureOut | None


def resume_out(resume: Resume, *, with_text: bool = True, language: Language = USUAL) -> ResumeOut:
    """The résumé as the outside sees it; `text` must be loaded when it is asked for.

    `language`: that of the words that say why it could not be read.
    """
    understood: dict[str, Any] = resume.understanding or {}
    return ResumeOut(
        id=resume.id,
        filename=resume.filename,
        content_type=resume.content_type,
        size=resume.size,
        sha256=resume.sha256,
        file_url=f"/api/v1/resumes/{resume.id}/file",
        status=_status(resume),
        status_history=[StepOut.model_validate(step) for step in resume.status_history],
        error=_failure(resume, language),
        text=resume.text if with_text else None,
        pages=resume.pages,
        language=understood.get("language"),
        contact=understood.get("contact"),
        skills=understood.get("skills", []),
        experience=understood.get("experience", []),
        education=understood.get("education", []),
        seniority=understood.get("seniority"),
        total_experience_months=understood.get("total_experience_months"),
        warnings=resume.cautions,
        created_at=resume.created_at,
        updated_at=resume.updated_at,
    )


def progress_out(resume: Resume, language: Language = USUAL) -> ProgressOut:
    """The résumé's progress."""
    progress = ProgressOut.model_validate(resume)
    return progress.model_copy(update={"error": _failure(resume, language)})


def _failure(resume: Resume, language: Language) -> FailureOut | None:
    error = told(resume.error, language)
    return None if error is None else FailureOut.model_validate(error)


def _status(resume: Resume) -> Any:
    return resume.status
