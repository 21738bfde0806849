"""What an application's page shows, beyond what the API says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.analysis.answers import analysis_out
from app.analysis.schemas import AnalysisOut
from app.analysis.sight import Row as AnalysisRow
from app.applications.scorecards import Scorecard
from app.console.language import Speech
from app.console.phrases import translated


@dataclass(frozen=True, slots=True)
class OwnReview:
    """What the reader has written about the applicant themselves."""

    scores: Mapping[str, int]
    comment: str | None
    exists: bool


def own_review(card: Scorecard, reader: UUID) -> OwnReview:
    """The reader's own among the reviews; an empty one before they have written any."""
    for review in card.reviews:
        if review.reviewer_id == reader:
            return OwnReview(review.scores, review.comment, exists=True)
    return OwnReview({}, None, exists=False)


def analysis_of(row: AnalysisRow | None) -> AnalysisOut | None:
    """The analysis as the templates read it."""
    return None if row is None else analysis_out(row)


def in_words(speech: Speech) -> Callable[[str], str]:
    """The engine's English sentences in the reader's language."""
    return lambda text: translated(speech.language, text)


def scores_of(criteria: Sequence[str], scores: Sequence[str]) -> dict[str, int]:
    """The form's fields side by side; what was left open is no score."""
    pairs = zip(criteria, scores, strict=False)
    return {name: int(score) for name, score in pairs if score}


def tags_of(fields: Sequence[str]) -> list[str]:
    """Tags as they are typed in a field, divided by commas; each once."""
    typed = (tag.strip() for field in fields for tag in str(field).split(","))
    return list(dict.fromkeys(tag for tag in typed if tag))


def when(at: datetime, zone: str) -> Markup:
    """A time by the clocks where it happens; exact and in the reader's own zone on hover."""
    local = at.astimezone(ZoneInfo(zone))
    return Markup('<time datetime="{}">{}</time>').format(
        f"{at.astimezone(ZoneInfo('UTC')):%Y-%m-%dT%H:%M:%SZ}", f"{local:%Y-%m-%d %H:%M}"
    )
