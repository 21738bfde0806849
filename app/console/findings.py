"""Why files wait and what checks find, in the reader's language: from codes and facts, never from
the API's English sentences."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from app.claims.schemas import Figures
from app.claims.service.overview import payer_name
from app.console.language import Speech
from app.console.phrases import translated
from app.console.rendering import moment
from app.health.schemas import Check, Finding


def in_words(check: Check, speech: Speech) -> Markup:
    """What the check found, one sentence after another."""
    return Markup(" ").join(_sentence(one, speech) for one in check.findings)


def _sentence(finding: Finding, speech: Speech) -> Markup:
    facts: dict[str, Any] = dict(finding.facts)
    if "seconds" in facts:
        facts["seconds"] = speech.duration(float(facts["seconds"]))
    if "reason" in facts:
        reason = str(facts["reason"])
        facts["reason"] = speech.known(f"fault.{reason}", reason)
    if "fault" in facts:
        facts["fault"] = translated(speech.language, str(facts["fault"]))
    if facts.get("at"):
        facts["at"] = moment(speech, datetime.fromisoformat(str(facts["at"])))
    for name in ("pid", "percent"):
        if name in facts:
            # A number by which something is called has no groups of digits.
            facts[name] = str(facts[name])
    return said(speech, f"finding.{finding.code}", facts)


def why(job: Figures, provider: str, speech: Speech) -> Markup:
    """Why the file does not go on; as the API says it where the reason has no code yet."""
    if job.status_reason_code is None:
        return Markup.escape(job.status_reason or "")
    at = job.status_reason_at
    facts = {
        "name": payer_name(provider),
        "at": moment(speech, at) if at else "",
        "clock": clock(at) if at else "",
    }
    return said(speech, f"why.{job.status_reason_code}", facts)


def clock(at: datetime) -> Markup:
    """The time of day; in the reader's own zone by script, in UTC without."""
    return Markup('<time datetime="{}" data-clock>{} UTC</time>').format(
        f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:%H:%M}"
    )


def said(speech: Speech, name: str, facts: Mapping[str, Any]) -> Markup:
    """The text of that name around facts that may hold markup."""
    marks = {key: f"\x00{key}\x00" for key, value in facts.items() if isinstance(value, Markup)}
    text = Markup.escape(speech.say(name, **{**facts, **marks}))
    for key, mark in marks.items():
        text = text.replace(mark, facts[key])
    return text
