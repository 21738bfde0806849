"""An organization's own words for mails to its applicants."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.audit import Entry, record
from app.core.db import ReadSession, WriteSession
from app.core.problems import FieldError
from app.mail.languages import LANGUAGES, Language
from app.mail.rendering import Rendered, render
from app.notifications import letters, queries
from app.notifications.errors import LetterRefused, LetterUnknown
from app.notifications.kinds import LETTERS
from app.notifications.letters import Letter
from app.notifications.models import LetterTemplate


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one mail in one language, and whose they are."""

    kind: str
    language: Language
    subject: str
    body: str
    is_own: bool
    updated_at: datetime | None = None
    placeholders: tuple[str, ...] = letters.PLACEHOLDERS


async def browse(session: ReadSession, *, organization_id: UUID) -> list[Template]:
    """Every mail that can be changed, in each language."""
    found = await queries.letters_of(session, organization_id)
    own = {(row.kind, row.language): row for row in found}
    return [
        _template(kind, language, own.get((kind, language)))
        for kind in LETTERS
        for language in LANGUAGES
    ]


async def get(
    session: ReadSession, *, organization_id: UUID, kind: str, language: Language
) -> Template:
    """One of them.

    Raises:
        LetterUnknown: there is no such mail.
    """
    if kind not in LETTERS:
        raise LetterUnknown
    row = await queries.letter(session, organization_id, kind, language)
    return _template(kind, language, row)


async def words(
    session: ReadSession, organization_id: UUID | None, kind: str, language: Language
) -> Letter:
    """What is sent: the organization's words, else ours."""
    row = organization_id and await queries.letter(session, organization_id, kind, language)
    return Letter(row.subject, row.body) if row else letters.usual(kind, language)


async def keep(
    session: WriteSession,
    *,
    organization_id: UUID,
    by: UUID,
    kind: str,
    language: Language,
    letter: Letter,
) -> Template:
    """Put the organization's words in place of ours.

    Raises:
        LetterUnknown: there is no such mail.
        LetterRefused: a placeholder is not known, a brace stands alone, or there is a link.
    """
    present = await get(session, organization_id=organization_id, kind=kind, language=language)
    require_sendable(letter)
    if present.is_own and (present.subject, present.body) == (letter.subject, letter.body):
        return present
    await queries.keep_letter(session, organization_id, kind, language, letter)
    _note(session, "letter_changed", organization_id, by, kind, language)
    return await get(session, organization_id=organization_id, kind=kind, language=language)


async def reset(
    session: WriteSession, *, organization_id: UUID, by: UUID, kind: str, language: Language
) -> Template:
    """Go back to our words; a second time changes nothing.

    Raises:
        LetterUnknown: there is no such mail.
    """
    if await queries.forget_letter(session, organization_id, kind, language):
        _note(session, "letter_reset", organization_id, by, kind, language)
    return await get(session, organization_id=organization_id, kind=kind, language=language)


def preview(letter: Letter, *, kind: str, language: Language, company: str, link: str) -> Rendered:
    """The mail that an applicant would get, with sample values.

    Raises:
        LetterUnknown: there is no such mail.
        LetterRefused: it could not be kept either.
    """
    if kind not in LETTERS:
        raise LetterUnknown
    require_sendable(letter)
    values = {**letters.SAMPLES[language], "company": company}
    return rendered(letters.fill(letter, values), language, company, link)


def rendered(letter: Letter, language: Language, company: str, link: str) -> Rendered:
    """A letter without placeholders as a whole mail."""
    return render("letter", language, context_of(letter, company, link))


def context_of(letter: Letter, company: str, link: str) -> dict[str, str]:
    """The values of the mail that carries a letter."""
    return {"subject": letter.subject, "body": letter.body, "company": company, "link": link}


def require_sendable(letter: Letter) -> None:
    """Refuse what no applicant is to get.

    Raises:
        LetterRefused: with every fault and its place.
    """
    errors = [*_faults("/subject", letter.subject), *_faults("/body", letter.body)]
    if errors:
        raise LetterRefused(errors=errors)


def _faults(pointer: str, text: str) -> Iterator[FieldError]:
    for code, message in letters.faults(text):
        yield FieldError(pointer, code, message)


def _template(kind: str, language: Language, row: LetterTemplate | None) -> Template:
    if row is None:
        usual = letters.usual(kind, language)
        return Template(kind, language, usual.subject, usual.body, is_own=False)
    return Template(kind, language, row.subject, row.body, is_own=True, updated_at=row.updated_at)


def _note(
    session: WriteSession,
    verb: str,
    organization_id: UUID,
    by: UUID,
    kind: str,
    language: Language,
) -> None:
    record(
        session,
        Entry(
            action=f"notifications.{verb}",
            actor_id=by,
            organization_id=organization_id,
            subject_type="organization",
            subject_id=str(organization_id),
            detail={"letter": kind, "language": language},
        ),
    )
