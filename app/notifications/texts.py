"""What a notification says, in the reader's language. Pure: values in, text out."""

from collections.abc import Mapping
from typing import Final

from app.mail.languages import Language, known_or_usual

_SOMEBODY: Final[Mapping[Language, str]] = {"en": "Somebody", "fr": "Quelqu’un"}
_TEXTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "application.received": {
        "en": "{candidate_name} applied for {job_title}",
        "fr": "{candidate_name} a postulé à l’offre {job_title}",
    },
    "application.moved": {
        "en": "Your application for {job_title} has news",
        "fr": "Votre candidature à l’offre {job_title} a du nouveau",
    },
    "application.moved.viewed": {
        "en": "Your application for {job_title} was viewed",
        "fr": "Votre candidature à l’offre {job_title} a été consultée",
    },
    "application.moved.shortlisted": {
        "en": "You are on the shortlist for {job_title}",
        "fr": "Vous êtes présélectionné·e pour {job_title}",
    },
    "application.moved.interview": {
        "en": "You are invited to an interview for {job_title}",
        "fr": "Vous êtes invité·e à un entretien pour {job_title}",
    },
    "application.moved.offer": {
        "en": "There is an offer for you: {job_title}",
        "fr": "Une proposition vous attend : {job_title}",
    },
    "application.moved.accepted": {
        "en": "You are hired: {job_title}",
        "fr": "Vous êtes recruté·e : {job_title}",
    },
    "application.moved.rejected": {
        "en": "Your application for {job_title} was not successful",
        "fr": "Votre candidature à l’offre {job_title} n’a pas été retenue",
    },
    "interview.scheduled": {
        "en": "An interview for {job_title} is set",
        "fr": "Un entretien pour {job_title} est fixé",
    },
    "interview.moved": {
        "en": "The interview for {job_title} has another time",
        "fr": "L’entretien pour {job_title} a changé d’horaire",
    },
    "interview.cancelled": {
        "en": "The interview for {job_title} is cancelled",
        "fr": "L’entretien pour {job_title} est annulé",
    },
    "interview.reminder": {
        "en": "Soon: your interview for {job_title}",
        "fr": "Bientôt : votre entretien pour {job_title}",
    },
    "integration.needs_reconnect": {
        "en": "{provider} must be connected again",
        "fr": "{provider} doit être reconnecté",
    },
    "saved_search.alert": {
        "en": "New jobs for a search of yours: {count}",
        "fr": "Nouvelles offres pour une de vos recherches : {count}",
    },
}
_SEVERAL: Final[Mapping[str, Mapping[Language, str]]] = {
    "application.received": {
        "en": "{count} new applications",
        "fr": "{count} nouvelles candidatures",
    },
    "integration.needs_reconnect": {
        "en": "{count} connections must be made again",
        "fr": "{count} connexions doivent être refaites",
    },
}
_PROVIDERS: Final = {
    "linkedin": "LinkedIn",
    "google_calendar": "Google Calendar",
    "outlook_calendar": "Outlook",
}
_NO_TITLE: Final[Mapping[Language, str]] = {"en": "a job", "fr": "un poste"}


class _Values(dict[str, str]):
    """Values of a text; what a row from long ago does not have leaves no hole."""

    def __missing__(self, key: str) -> str:
        return "…"


def title(
    kind: str, params: Mapping[str, str], names: Mapping[str, str], language: str | None
) -> str:
    """One line for the list. `names` are those of people, by placeholder."""
    spoken = known_or_usual(language or "")
    texts = _TEXTS.get(f"{kind}.{params.get('status')}") or _TEXTS[kind]
    values = _Values({**params, **names})
    values.setdefault("candidate_name", _SOMEBODY[spoken])
    values.setdefault("job_title", _NO_TITLE[spoken])
    if "provider" in values:
        values["provider"] = _PROVIDERS.get(values["provider"], values["provider"])
    return texts[spoken].format_map(values)


def subject_of_several(kind: str, count: int, language: Language) -> str:
    """The subject of one mail about several events of a kind."""
    return _SEVERAL[kind][language].format(count=count)
