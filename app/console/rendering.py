"""Pages out of templates. Everything that a page loads comes from this server, under one digest."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request

from app.console.language import Speech, speech_for
from app.core.clock import now
from app.core.version import release

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ASSETS: Final = {
    "app.css": "text/css; charset=utf-8",
    "hiring.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "board.js": "text/javascript; charset=utf-8",
    "board-live.js": "text/javascript; charset=utf-8",
    "vendor/htmx.js": "text/javascript; charset=utf-8",
    "vendor/hx-sse.js": "text/javascript; charset=utf-8",
    "vendor/uplot.js": "text/javascript; charset=utf-8",
    "vendor/uplot.css": "text/css; charset=utf-8",
    "vendor/inter.woff2": "font/woff2",
}


def _digest() -> str:
    total = hashlib.sha256()
    for name in sorted(ASSETS):
        total.update((STATIC / name).read_bytes())
    return total.hexdigest()[:12]


# Part of every asset's address, so that browsers may keep them for ever and never keep an old one.
EDITION: Final = _digest()
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def asset(name: str) -> str:
    """The address of a file that pages load."""
    if name not in ASSETS:
        raise KeyError(name)
    return f"/console/static/{EDITION}/{name}"


def moment(speech: Speech, at: datetime | None) -> Markup:
    """A time as the reader sees it: how long ago; exact and in their own zone on hover, by script."""
    if at is None:
        return Markup("–")
    seconds = max(0, round((now() - at).total_seconds()))
    exact = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{exact:%Y-%m-%dT%H:%M:%SZ}", f"{exact:%Y-%m-%d %H:%M:%S} UTC", _ago(speech, seconds, at)
    )


def _ago(speech: Speech, seconds: int, at: datetime) -> str:
    if seconds < 60:
        return speech.say("time.now")
    if seconds < 3600:
        return speech.say("time.minutes_ago", n=seconds // 60)
    if seconds < 86_400:
        return speech.say("time.hours_ago", n=seconds // 3600)
    if seconds < 7 * 86_400:
        return speech.say("time.days_ago", count=seconds // 86_400)
    return speech.day(at)


def until(speech: Speech, at: datetime) -> str:
    """How long it is until then, in whole days while there are any."""
    seconds = max(0.0, (at - now()).total_seconds())
    if seconds >= 86_400:
        return speech.say("time.in_days", count=round(seconds / 86_400))
    return speech.duration(seconds)


def bytes_in(speech: Speech, size: int) -> str:
    """A size in the unit that people use for it."""
    for unit, of in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= of:
            return f"{speech.number(size / of)}\u00a0{unit}"
    return f"{speech.number(size)}\u00a0B"


def fragment(request: Request, template: str, **values: Any) -> str:
    """A piece of a page in the reader's language."""
    speech = speech_for(request)
    return _TEMPLATES.get_template(template).render(
        t=speech.say,
        speech=speech,
        number=speech.number,
        duration=speech.duration,
        moment=lambda at: moment(speech, at),
        until=lambda at: until(speech, at),
        pace=lambda rate: speech.number(round(rate) if rate >= 10 else round(rate, 1)),
        size=lambda count: bytes_in(speech, count),
        asset=asset,
        path=request.url.path,
        commit=release().commit[:7],
        **values,
    )


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page; it is the reader's alone and kept nowhere."""
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "Vary": "Cookie, Accept-Language",
    }
    return HTMLResponse(fragment(request, template, **values), status_code=status, headers=headers)
