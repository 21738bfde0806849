"""From readings to words: pure, so that every verdict can be tested as a table."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.auth.jwks import KeyState
from app.core.processes import ProcessRecord
from app.core.version import Release
from app.health.findings import found, in_english, reason_in_english
from app.health.readings import SILENT, Reading, Readings
from app.health.schemas import Check, Checks, Code, Finding, Health, Process, Status
from app.worker.registry import Backlog, Trouble

_LONG_WAIT_SECONDS: Final = 300.0
_MANY_MESSAGES: Final = 1000
_MAIL: Final = "mail"
# What waits in these rooms is no job, and said elsewhere.
_NO_JOBS: Final = frozenset({_MAIL, "storage"})


def judge(readings: Readings, release: Release, keys: Sequence[KeyState] = ()) -> Health:
    """The whole answer of /health: unhealthy only when requests cannot be served.

    `keys` are those of the identity providers, as they lie in this process.
    """
    records = readings.processes.value or []
    code = Code(
        fingerprint=release.fingerprint,
        on_disk=readings.on_disk.value or "unreadable",
        stale=readings.on_disk.value != release.fingerprint,
    )
    checks = Checks(
        database=database(readings.schema),
        redis=redis(readings.redis),
        schema_=schema(readings.schema, readings.revisions),
        storage=storage(readings.storage, readings.backlog, readings.road),
        workers=workers(readings.processes, readings.backlog, release),
        queue=queue(readings.depth, readings.backlog, sends_mail=readings.sends_mail),
        payers=payers(readings.payers),
        integrations=integrations(readings.integrations),
        issuers=issuers(keys),
    )
    return Health(
        status=overall(checks, code),
        version=release.version,
        commit=release.commit,
        started_at=release.started_at,
        code=code,
        cloudinary_401_fix="active" if _is_sound(readings.road) else "MISSING",
        checks=checks,
        processes=[_process(record, release) for record in records],
    )


def overall(checks: Checks, code: Code) -> Status:
    """Unhealthy without database or schema; degraded when anything else is not as it should be."""
    found = {check.status for check in _all(checks)}
    if "unhealthy" in (checks.database.status, checks.schema_.status):
        return "unhealthy"
    return "degraded" if code.stale or found != {"healthy"} else "healthy"


def database(reading: Reading[str]) -> Check:
    """Away is unhealthy; a full house is degraded, because it empties by itself."""
    if reading.fault is None:
        return _check(reading, "healthy", found("database.answers"))
    status: Status = "degraded" if reading.fault == "database.busy" else "unhealthy"
    return _check(reading, status, found("database.trouble", reason=reading.fault))


def redis(reading: Reading[bool]) -> Check:
    """Redis is a doorbell: without it everything goes on, later."""
    if reading.fault is None:
        return _check(reading, "healthy", found("redis.answers"))
    return _check(reading, "degraded", found("redis.away", reason=reading.fault))


def schema(reading: Reading[str], revisions: Reading[tuple[str, ...]]) -> Check:
    """A schema behind the code cannot be served; one ahead of it is a deployment under way."""
    known = revisions.value or ()
    at = reading.value
    if reading.fault == "database.busy":
        return _check(reading, "degraded", found("check.unreadable", reason=reading.fault))
    if at is None or not known:
        reason = reading.fault or revisions.fault or SILENT
        return _check(reading, "unhealthy", found("check.unreadable", reason=reason))
    if not at:
        return _check(reading, "unhealthy", found("schema.none"))
    if at == known[0]:
        return _check(reading, "healthy", found("schema.current", revision=at))
    if at in known:
        behind = found("schema.behind", revision=at, needed=known[0])
        return _check(reading, "unhealthy", behind)
    return _check(reading, "degraded", found("schema.ahead", revision=at))


def storage(
    reading: Reading[str],
    backlog: Reading[Mapping[str, Backlog]],
    road: Reading[Sequence[str]],
) -> Check:
    """A store in trouble loses nothing: files wait in PostgreSQL and are served from there."""
    waits = (backlog.value or {}).get("storage", Backlog(waiting=0))
    known = [_line("storage.none_wait", "storage.files_wait", waits)]
    if not _is_sound(road):
        faults = ", ".join(road.value or [reason_in_english(road.fault or SILENT)])
        known.append(found("storage.road", faults=faults))
    if reading.value is None:
        fault = reading.fault or SILENT
        comfort = [] if fault == "files_gone" else [found("storage.none_lost")]
        return _check(reading, "degraded", found("storage.failed", reason=fault), *known, *comfort)
    is_well = waits.oldest_seconds <= _LONG_WAIT_SECONDS and _is_sound(road)
    works = found("storage.works", store=reading.value)
    return _check(reading, "healthy" if is_well else "degraded", works, *known)


def _is_sound(road: Reading[Sequence[str]]) -> bool:
    return road.value is not None and not road.value


def _line(none: str, some: str, line: Backlog) -> Finding:
    """What waits in a line, or that nothing does."""
    if not line.waiting:
        return found(none)
    return found(some, count=line.waiting, seconds=round(line.oldest_seconds, 1))


def workers(
    reading: Reading[list[ProcessRecord]],
    backlog: Reading[Mapping[str, Backlog]],
    release: Release,
) -> Check:
    """Somebody has to be there to work, with the same code as the API."""
    if reading.value is None:
        return _check(reading, "degraded", found("workers.unknown"))
    alive = [record for record in reading.value if record.role == "worker"]
    others = [record for record in reading.value if _is_stale(record, release)]
    if others:
        lack = [] if alive else [found("workers.none")]
        named = [_other_code(record) for record in others]
        return _check(reading, "degraded", *lack, *named, found("workers.restart"))
    if not alive:
        known = (backlog.value or {}).items()
        waiting = sum(each.waiting for room, each in known if room not in _NO_JOBS)
        wait = found("workers.none_jobs_wait", count=waiting)
        return _check(reading, "degraded", wait if waiting else found("workers.none_new_wait"))
    beat = any(record.role == "beat" for record in reading.value)
    code = "workers.alive" if beat else "workers.no_beat"
    return _check(reading, "healthy", found(code, count=len(alive)))


def _other_code(record: ProcessRecord) -> Finding:
    return found(
        "workers.other_code",
        role=record.role,
        pid=record.pid,
        host=record.host,
        commit=record.commit[:7],
        fingerprint=record.fingerprint,
    )


def queue(
    depth: Reading[int], backlog: Reading[Mapping[str, Backlog]], *, sends_mail: bool
) -> Check:
    """What waits: rings in Redis, and in PostgreSQL the work and the mails that nobody has begun."""
    known = depth.value is not None
    rings = found("queue.rings", count=depth.value or 0) if known else found("queue.rings_unknown")
    if backlog.value is None:
        lost = found("queue.work_unknown", reason=backlog.fault or SILENT)
        return _check(backlog, "degraded", rings, lost)
    each = [line for room, line in backlog.value.items() if room not in _NO_JOBS]
    oldest = max((line.oldest_seconds for line in each), default=0.0)
    jobs = Backlog(sum(line.waiting for line in each), oldest)
    mails = backlog.value.get(_MAIL, Backlog(0))
    said = [
        rings,
        _line("queue.empty", "queue.jobs", jobs),
        _line("queue.no_mails", "queue.mails", mails),
        *([] if sends_mail else [found("queue.no_mail_server")]),
    ]
    # Without a mail server nothing is lost as long as nobody has to be written to.
    is_slow = jobs.waiting > 0 and oldest > _LONG_WAIT_SECONDS
    is_full = (depth.value or 0) > _MANY_MESSAGES
    is_stuck = mails.waiting > 0 and (not sends_mail or mails.oldest_seconds > _LONG_WAIT_SECONDS)
    is_degraded = is_slow or is_full or is_stuck or not known
    return _check(backlog, "degraded" if is_degraded else "healthy", *said)


def payers(reading: Reading[Mapping[str, Trouble | None]]) -> Check:
    """What processes have met there: work waits meanwhile, and goes on by itself."""
    if reading.value is None:
        unknown = found("check.unknown", reason=reading.fault or SILENT)
        return _check(reading, "healthy", unknown)
    troubles = [found(one.code, **one.facts) for one in reading.value.values() if one]
    if troubles:
        return _check(reading, "degraded", *troubles)
    if not reading.value:
        return _check(reading, "healthy", found("outside.none"))
    return _check(reading, "healthy", found("outside.well", names=", ".join(reading.value)))


def integrations(reading: Reading[Mapping[str, Trouble | None]]) -> Check:
    """What processes have met at calendars and LinkedIn; nobody is asked for this."""
    return payers(reading)


def issuers(keys: Sequence[KeyState]) -> Check:
    """Whether foreign tokens can be checked, from what is at hand: nobody is asked for this."""
    said = [_of_keys(state) for state in keys] or [found("issuers.none")]
    is_faulty = any(state.fault is not None for state in keys)
    at_once: Reading[None] = Reading(None, None, 0.0)
    return _check(at_once, "degraded" if is_faulty else "healthy", *said)


def _of_keys(state: KeyState) -> Finding:
    who, loaded = state.provider, state.loaded_at
    at = f"{loaded:%Y-%m-%dT%H:%M:%SZ}" if loaded else ""
    if state.fault is None:
        if not state.keys:
            return found("issuers.not_asked", provider=who)
        if not at:
            return found("issuers.fixed", provider=who, count=state.keys)
        return found("issuers.keys", provider=who, count=state.keys, at=at)
    if not state.keys:
        return found("issuers.no_keys", provider=who, fault=state.fault)
    return found("issuers.old_keys", provider=who, count=state.keys, at=at, fault=state.fault)


def _is_stale(record: ProcessRecord, release: Release) -> bool:
    # Another commit over the same files is a deployment that has not come to its end.
    running = (record.commit, record.fingerprint)
    return record.stale or running != (release.commit, release.fingerprint)


def _process(record: ProcessRecord, release: Release) -> Process:
    process = Process.model_validate(record)
    return process.model_copy(update={"stale": _is_stale(record, release)})


def _all(checks: Checks) -> list[Check]:
    return [getattr(checks, name) for name in Checks.model_fields]


def _check(reading: Reading[Any], status: Status, *findings: Finding) -> Check:
    return Check(
        status=status,
        latency_ms=reading.latency_ms,
        detail=in_english(findings),
        findings=list(findings),
    )
