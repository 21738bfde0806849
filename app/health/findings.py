"""What checks find: codes with facts for programs, and the English sentences that `detail` is made of."""

from collections.abc import Sequence
from typing import Final

from app.health.readings import SILENT
from app.health.schemas import Fact, Finding

SENTENCES: Final = {
    "check.unreadable": "Cannot be read: {reason}.",
    "check.unknown": "Cannot be known: {reason}.",
    "database.answers": "PostgreSQL answers.",
    "database.trouble": "PostgreSQL: {reason}.",
    "redis.answers": "Redis answers.",
    "redis.away": "Redis: {reason}. Work goes on, begun some seconds later.",
    "schema.none": "The database has no tables: run `intake migrate`.",
    "schema.current": "At {revision}, as this code needs it.",
    "schema.behind": "At {revision}, this code needs {needed}: run `intake migrate`.",
    "schema.ahead": "At {revision}, which is newer than this code: a deployment is under way.",
    "storage.works": "A probe was kept, read back and deleted ({store}).",
    "storage.failed": "A probe failed: {reason}.",
    "storage.none_wait": "No file waits for it.",
    "storage.files_wait": "{count} files wait for it, the oldest since {seconds:.0f} s.",
    "storage.road": "Cloudinary would refuse what this code does: {faults}.",
    "storage.none_lost": "None is lost.",
    "workers.unknown": "Cannot be known while Redis is away; workers go on without it.",
    "workers.none": "No worker is alive.",
    "workers.none_jobs_wait": "No worker is alive: {count} jobs wait for one.",
    "workers.none_new_wait": "No worker is alive: new jobs would wait.",
    "workers.other_code": "{role} {pid} on {host} runs {commit} ({fingerprint}).",
    "workers.restart": "Restart what is old.",
    "workers.alive": "{count} alive, with beat, all with this code.",
    "workers.no_beat": "{count} alive, without beat, all with this code.",
    "queue.rings": "{count} rings wait.",
    "queue.rings_unknown": "Rings cannot be counted.",
    "queue.work_unknown": "Waiting work cannot be counted: {reason}.",
    "queue.empty": "No job waits to be begun.",
    "queue.jobs": "{count} jobs not begun, the oldest since {seconds:.0f} s.",
    "queue.no_mails": "No mail waits.",
    "queue.mails": "{count} mails wait, the oldest since {seconds:.0f} s.",
    "queue.no_mail_server": "There is no mail server (SMTP_HOST).",
    "outside.none": "None set up.",
    "outside.well": "Nothing known against {names}.",
    "payer.silent": "{name} does not answer; it is tried once every few seconds.",
    "payer.slowed": "{name} asks for fewer questions; going on at {percent} % of the pace.",
    "integration.failing": "{name} fails again and again, says {seen}.",
    "issuers.none": "No identity provider is set up.",
    "issuers.not_asked": "{provider}: not asked yet.",
    "issuers.fixed": "{provider}: {count} keys.",
    "issuers.keys": "{provider}: {count} keys of {at}.",
    "issuers.no_keys": "{provider}: no keys, its tokens cannot be checked ({fault}).",
    "issuers.old_keys": "{provider}: {count} keys of {at} are used on, no newer ones can be had"
    " ({fault}).",
}
REASONS: Final = {
    SILENT: "no answer within a second",
    "database.busy": "all connections of this process are in use",
    "database.unavailable": "it does not answer or refuses connections",
    "timeout": "it does not answer",
    "unreachable": "no connection to it",
    "denied": "it refuses our key or what it may do",
    "no_credentials": "there is no key for it",
    "not_configured": "its settings are missing",
    "bucket_missing": "there is no such bucket",
    "throttled": "it asks for fewer calls",
    "files_gone": "files that were brought there are gone: is it another disk or bucket than before",
    "lost": "what was just written is not there",
    "changed": "what was written comes back changed",
}
"""The fact `reason` in words; any other is the name of a fault that nobody foresaw."""


def found(code: str, **facts: Fact) -> Finding:
    """One thing that a check found."""
    return Finding(code=code, facts=facts)


def in_english(findings: Sequence[Finding]) -> str:
    """The sentences of `findings`, one after another."""
    return " ".join(_sentence(one) for one in findings)


def reason_in_english(code: str) -> str:
    """The reason in words; what nobody foresaw is shown by its name."""
    return REASONS.get(code, code)


def _sentence(finding: Finding) -> str:
    facts = dict(finding.facts)
    if "reason" in facts:
        facts["reason"] = reason_in_english(str(facts["reason"]))
    if "at" in facts:
        facts["at"] = str(facts["at"]).replace("T", " ").replace("Z", " UTC")
    return SENTENCES[finding.code].format(**facts)
