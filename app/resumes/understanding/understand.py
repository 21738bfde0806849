"""Text to structured fields: the one function that the pipeline calls."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from app.resumes.understanding.contact import find_email, find_links, find_phone
from app.resumes.understanding.education import find_education
from app.resumes.understanding.experience import find_experience
from app.resumes.understanding.language import language_of
from app.resumes.understanding.names import find_name
from app.resumes.understanding.passages import passages_of
from app.resumes.understanding.seniority import seniority_of
from app.resumes.understanding.skills import find_skills
from app.resumes.understanding.values import Contact, Understanding
from app.resumes.understanding.version import VERSION
from app.skills.taxonomy import taxonomy

_MOST: Final = 200_000


def understand(
    text: str, *, document_date: date | None = None, links: Sequence[str] = ()
) -> Understanding:
    """Contact, skills, experience and education of a résumé.

    Deterministic and without network. `document_date` is the document's own date, or else that of
    its arrival: "present" ends in its month, and without it current posts have no months. `links`
    are those that stand behind the text. A field that is not there is None; all others are parts
    of the text, dates apart, which are put in ISO form. The first 200,000 characters count.
    """
    text = text[:_MOST]
    passages = passages_of(text)
    language = language_of(text)
    email = find_email(text)
    address = None if email is None else email[0]
    phone = find_phone(text, language)
    posts, months = find_experience(text, passages, document_date)
    return Understanding(
        language=language,
        contact=Contact(
            name=find_name(passages, address),
            email=address,
            phone=None if phone is None else phone[0],
            phone_e164=None if phone is None else phone[1],
            links=find_links(text, links),
        ),
        skills=find_skills(text, passages, taxonomy()),
        experience=posts,
        education=find_education(text, passages),
        seniority=seniority_of(posts, months),
        total_experience_months=months,
        version=VERSION,
    )
