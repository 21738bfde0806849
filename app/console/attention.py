"""What needs somebody, the worst first; an empty list is the good news."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.console.findings import in_words
from app.console.frame import Frame
from app.console.language import Speech

Gravity = Literal["bad", "warn"]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs somebody: what it is, and the one place to see to it."""

    gravity: Gravity
    title: str
    detail: str
    href: str
    action: str


def needs(shown: Frame, speech: Speech, more: Sequence[Need] = ()) -> list[Need]:
    """All of it for this person; `more` is what their page found beyond what every page knows."""
    found = [
        *_of_code(shown, speech),
        *_of_checks(shown, speech),
        *_of_claims(shown, speech),
        *more,
    ]
    return sorted(found, key=lambda need: need.gravity)


def _of_code(shown: Frame, speech: Speech) -> list[Need]:
    release = shown.release
    if not release.is_stale:
        return []
    stale = len(release.processes) - release.current
    return [
        Need(
            "warn",
            speech.say("needs.stale", count=stale, total=len(release.processes)),
            speech.say("health.disk_changed")
            if shown.health.code.stale
            else speech.say("needs.stale_detail", commit=release.commit[:7]),
            "/console/health",
            speech.say("needs.look"),
        )
    ]


def _of_checks(shown: Frame, speech: Speech) -> list[Need]:
    checks = dict(shown.health.checks)
    return [
        Need(
            "bad" if check.status == "unhealthy" else "warn",
            speech.say(f"check.{name.removesuffix('_')}"),
            in_words(check, speech),
            "/console/health",
            speech.say("needs.look"),
        )
        for name, check in checks.items()
        if check.status != "healthy"
    ]


def _of_claims(shown: Frame, speech: Speech) -> list[Need]:
    count = shown.claims.get("attention", 0)
    if not count:
        return []
    return [
        Need(
            "warn",
            speech.say("needs.claims", count=count),
            speech.say("needs.claims_detail"),
            "/console/claims?group=attention",
            speech.say("needs.show"),
        )
    ]
