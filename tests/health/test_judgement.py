"""Readings to words, as a table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.auth.jwks import KeyState
from app.core.processes import ProcessRecord, Role
from app.core.version import Release
from app.health.judgement import judge
from app.health.readings import SILENT, Reading, Readings
from app.health.schemas import Check, Status
from app.worker.registry import Backlog, Trouble

NOW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
RELEASE = Release("0.1.0", "4f2c9e1aaaaaaaaa", "0123456789ab", NOW)


def good(value: Any) -> Reading[Any]:
    return Reading(value, None, 1.0)


def bad(fault: str) -> Reading[Any]:
    return Reading(None, fault, 1000.0)


def process(role: Role = "worker", pid: int = 7, **changes: Any) -> ProcessRecord:
    facts: dict[str, Any] = {
        "role": role,
        "host": "box",
        "pid": pid,
        "commit": RELEASE.commit,
        "fingerprint": RELEASE.fingerprint,
        "started_at": NOW - timedelta(hours=1),
        "heartbeat_at": NOW,
        "memory_mb": 50.0,
        "stale": False,
    }
    return ProcessRecord(**{**facts, **changes})


def backlog(waiting: int = 0, oldest_seconds: float = 0.0) -> Mapping[str, Backlog]:
    return {"claims": Backlog(waiting, oldest_seconds)}


def readings(**changes: Reading[Any]) -> Readings:
    found: dict[str, Any] = {
        "schema": good("0003_claims"),
        "redis": good(True),
        "processes": good([process("api", 1), process(), process("beat", 9)]),
        "depth": good(0),
        "backlog": good(backlog()),
        "payers": good({"UnitedHealthcare": None}),
        "integrations": good({"Google Calendar": None}),
        "on_disk": good(RELEASE.fingerprint),
        "storage": good("local"),
        "road": good(()),
        "revisions": good(("0003_claims", "0002_people", "0001_ground")),
    }
    return Readings(**{**found, **changes})


def test_all_is_well() -> None:
    health = judge(readings(), RELEASE)
    assert health.status == "healthy"
    checks = [getattr(health.checks, name) for name in type(health.checks).model_fields]
    assert {check.status for check in checks} == {"healthy"}
    assert all(check.detail.endswith(".") for check in checks)


FAILING = Trouble("integration.failing", {"name": "Google Calendar", "seen": "api 7 on box"})
CASES: dict[str, tuple[dict[str, Reading[Any]], str, Status, Status, str]] = {
    "database silent": ({"schema": bad(SILENT)}, "database", "unhealthy", "unhealthy", "second"),
    "database away": (
        {"schema": bad("database.unavailable")},
        *("database", "unhealthy", "unhealthy", "refuses connections"),
    ),
    "schema unknown then": ({"schema": bad(SILENT)}, "schema_", "unhealthy", "unhealthy", "read"),
    "database busy": (
        {"schema": bad("database.busy")},
        *("database", "degraded", "degraded", "in use"),
    ),
    "no tables": ({"schema": good("")}, "schema_", "unhealthy", "unhealthy", "no tables"),
    "schema behind": (
        {"schema": good("0002_people")},
        *("schema_", "unhealthy", "unhealthy", "needs 0003_claims: run `intake migrate`"),
    ),
    "schema ahead": (
        {"schema": good("0004_more")},
        *("schema_", "degraded", "degraded", "newer than this code"),
    ),
    "redis away": ({"redis": bad("ConnectionError")}, "redis", "degraded", "degraded", "goes on"),
    "workers unknown": (
        {"processes": bad("TimeoutError")},
        *("workers", "degraded", "degraded", "Cannot be known while Redis is away"),
    ),
    "no worker, jobs wait": (
        {"processes": good([process("api", 1)]), "backlog": good(backlog(3, 5))},
        *("workers", "degraded", "degraded", "No worker is alive: 3 jobs wait for one."),
    ),
    "no worker, nothing waits": (
        {"processes": good([])},
        *("workers", "degraded", "degraded", "No worker is alive: new jobs would wait."),
    ),
    "no beat": ({"processes": good([process()])}, "workers", "healthy", "healthy", "without beat"),
    "a worker with other code": (
        {
            "processes": good(
                [process(), process(pid=4242, fingerprint="f" * 12, commit="9c2013bb")]
            )
        },
        *("workers", "degraded", "degraded", "worker 4242 on box runs 9c2013b (ffffffffffff)"),
    ),
    "a worker whose disk has changed": (
        {"processes": good([process(pid=4242, stale=True)])},
        *("workers", "degraded", "degraded", "worker 4242 on box"),
    ),
    "mixed commits over the same files": (
        {"processes": good([process(), process("beat", 9, commit="9c2013bb")])},
        *("workers", "degraded", "degraded", "beat 9 on box runs 9c2013b"),
    ),
    "an API with other code, and no worker": (
        {"processes": good([process("api", 3, fingerprint="f" * 12)])},
        *("workers", "degraded", "degraded", "No worker is alive. api 3 on box runs"),
    ),
    "a calendar away": (
        {"integrations": good({"Google Calendar": FAILING, "LinkedIn": None})},
        *(
            "integrations",
            "degraded",
            "degraded",
            "Google Calendar fails again and again, says api 7 on box.",
        ),
    ),
    "nobody begins": (
        {"backlog": good(backlog(2, 301))},
        *("queue", "degraded", "degraded", "2 jobs not begun, the oldest since 301 s"),
    ),
    "jobs wait a little": ({"backlog": good(backlog(2, 4))}, "queue", "healthy", "healthy", "4 s"),
    "many rings": ({"depth": good(1001)}, "queue", "degraded", "degraded", "1001 rings"),
    "rings unknown": ({"depth": bad("TimeoutError")}, "queue", "degraded", "degraded", "counted"),
    "the store refuses": (
        {"storage": bad("denied"), "backlog": good({"storage": Backlog(2, 9)})},
        *("storage", "degraded", "degraded", "may do. 2 files wait for it, the oldest since 9 s"),
    ),
    "another disk": (
        {"storage": bad("files_gone")},
        *("storage", "degraded", "degraded", "another disk or bucket than before. No file waits"),
    ),
    "the road to Cloudinary is broken": (
        {"road": good(["the download is asked of the CDN"])},
        *("storage", "degraded", "degraded", "what this code does: the download is asked of"),
    ),
    "the store is silent": (
        {"storage": bad(SILENT)},
        *("storage", "degraded", "degraded", "no answer within a second. No file waits for it"),
    ),
    "files wait long": (
        {"backlog": good({"storage": Backlog(1, 301)})},
        *("storage", "degraded", "degraded", "deleted (local). 1 files wait"),
    ),
    "mails wait long": (
        {"backlog": good({"mail": Backlog(2, 301)})},
        *("queue", "degraded", "degraded", "2 mails wait, the oldest since 301 s"),
    ),
    "mails wait a little": (
        {"backlog": good({"mail": Backlog(2, 30)})},
        *("queue", "healthy", "healthy", "2 mails wait"),
    ),
    "mails are no jobs": (
        {"backlog": good({"mail": Backlog(2, 301)})},
        *("queue", "degraded", "degraded", "No job waits to be begun"),
    ),
    "a payer away": (
        {"payers": good({"A": Trouble("payer.silent", {"name": "A"}), "B": None})},
        *("payers", "degraded", "degraded", "A does not answer; it is tried"),
    ),
    "no payer": ({"payers": good({})}, "payers", "healthy", "healthy", "None set up"),
    "payers unknown": ({"payers": bad(SILENT)}, "payers", "healthy", "healthy", "a second"),
    "backlog unknown": ({"backlog": bad(SILENT)}, "queue", "degraded", "degraded", "a second"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_fault_has_its_words(case: str) -> None:
    changes, name, status, overall, words = CASES[case]
    health = judge(readings(**changes), RELEASE)
    check: Check = getattr(health.checks, name)
    assert (check.status, health.status) == (status, overall)
    assert words in check.detail


def test_without_a_mail_server_mails_wait_visibly() -> None:
    nobody = replace(readings(), sends_mail=False)
    assert judge(nobody, RELEASE).status == "healthy"
    somebody = replace(nobody, backlog=good({"mail": Backlog(1, 1.0)}))
    health = judge(somebody, RELEASE)
    assert (health.status, health.checks.queue.status) == ("degraded", "degraded")
    assert (
        "1 mails wait, the oldest since 1 s. There is no mail server" in health.checks.queue.detail
    )


def test_code_that_differs_from_the_disk_is_stale_and_degraded() -> None:
    health = judge(readings(on_disk=good("ffffffffffff")), RELEASE)
    assert (health.status, health.code.stale) == ("degraded", True)
    assert health.code.on_disk == "ffffffffffff"


def test_a_process_with_other_code_than_ours_is_stale_in_the_list() -> None:
    other = process(pid=4242, fingerprint="f" * 12)
    health = judge(readings(processes=good([process(), other])), RELEASE)
    assert [(each.pid, each.stale) for each in health.processes] == [(7, False), (4242, True)]


SEEN = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("states", "status", "words"),
    [
        ([], "healthy", "No identity provider is set up."),
        ([KeyState("clerk", 0, None, None)], "healthy", "clerk: not asked yet."),
        (
            [KeyState("clerk", 1, None, None), KeyState("keycloak", 2, SEEN, None)],
            "healthy",
            "clerk: 1 keys. keycloak: 2 keys of 2026-11-21 04:00:00 UTC.",
        ),
        (
            [KeyState("keycloak", 0, None, "it answered 500")],
            "degraded",
            "keycloak: no keys, its tokens cannot be checked (it answered 500).",
        ),
        (
            [KeyState("keycloak", 2, SEEN, "no answer in time")],
            "degraded",
            "keycloak: 2 keys of 2026-11-21 04:00:00 UTC are used on,"
            " no newer ones can be had (no answer in time).",
        ),
    ],
)
def test_the_keys_of_issuers(states: list[KeyState], status: Status, words: str) -> None:
    health = judge(readings(), RELEASE, states)
    assert (health.checks.issuers.status, health.checks.issuers.detail) == (status, words)
    assert health.status == status
