"""From a template and its values to a subject, a text and a page of HTML."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from app.mail.languages import Language

FOLDER: Final = Path(__file__).parent / "templates"
_LONGEST_SUBJECT: Final = 200
ONE_CLICK: Final = "one_click_url"
"""Among the values of a mail: where a mail program switches such mails off (RFC 8058)."""
# What a mail program would turn into a link although we did not mean one.
_LINKABLE: Final = re.compile(r"(?<=\w)([.@])(?=\w)|://")


class TemplateBroken(Exception):
    """The template does not exist, or wants a value that the mail does not have."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The three faces of one mail, and where a mail program switches such mails off, if anywhere."""

    subject: str
    text: str
    html: str
    one_click_url: str = ""


@functools.cache
def known_templates() -> frozenset[str]:
    """The names that `render` takes: those with a text in English."""
    return frozenset(
        path.name.removesuffix(".en.txt.jinja") for path in FOLDER.glob("*.en.txt.jinja")
    )


def render(template: str, language: Language, values: Mapping[str, Any]) -> Rendered:
    """The mail in this language. The first line of the text's template is the subject.

    Raises:
        TemplateBroken: there is no such template, or a value is missing.
    """
    try:
        whole = _texts().get_template(f"{template}.{language}.txt.jinja").render(values)
        html = _pages().get_template(f"{template}.{language}.html.jinja").render(values)
    except TemplateError as error:
        # Its text may name a value; its type says enough.
        raise TemplateBroken(type(error).__name__) from None
    subject, _, text = whole.partition("\n")
    return Rendered(
        subject=" ".join(subject.split())[:_LONGEST_SUBJECT],
        text=text.lstrip("\n"),
        html=html,
        one_click_url=str(values.get(ONE_CLICK, "")),
    )


def inert(value: str) -> str:
    """A name that somebody chose, so that no mail program makes a link of it.

    Whoever may choose an organization's name could otherwise put an address of their own into a
    mail that comes from us.
    """
    escaped = str(value) if not isinstance(value, Markup) else value.unescape()
    return _LINKABLE.sub(lambda found: f"{found.group()} ", " ".join(escaped.split()))


def _environment(*, autoescape: bool) -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=autoescape,  # noqa: S701 # nosec B701 - off for plain texts.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["inert"] = inert
    return made


@functools.cache
def _texts() -> Environment:
    return _environment(autoescape=False)


@functools.cache
def _pages() -> Environment:
    return _environment(autoescape=True)
