"""In which language a person is written to."""

from typing import Final, Literal, get_args

Language = Literal["en", "fr"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
USUAL: Final[Language] = "en"
_LONGEST: Final = 200


def negotiate(accept_language: str | None) -> Language:
    """The language that a browser's Accept-Language likes best among ours (RFC 9110, 12.5.4)."""
    best: tuple[float, Language] = (0.0, USUAL)
    for part in (accept_language or "")[:_LONGEST].split(","):
        tag, _, parameter = part.strip().partition(";")
        language = _known(tag)
        weight = _weight(parameter)
        if language is not None and weight > best[0]:
            best = (weight, language)
    return best[1]


def known_or_usual(language: str) -> Language:
    """This language where we write it, else English."""
    return _known(language) or USUAL


def _known(tag: str) -> Language | None:
    primary = tag.strip().lower().partition("-")[0]
    return next((language for language in LANGUAGES if language == primary), None)


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(float(value), 1.0)
    except ValueError:
        return 0.0
