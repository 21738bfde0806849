"""From readings to words: pure, so that every verdict can be tested as a table."""

from collections.abc import Mapping, Sequence
from typing import Final

from app.auth.jwks import KeyState
from app.core.processes import ProcessRecord
from app.core.version import Release
from app.health.readings import SILENT, Reading, Readings
from app.health.schemas import Check, Checks, Code, Health, Process, Status
from app.worker.registry import Backlog

_LONG_WAIT_SECONDS: Final = 300.0
_MANY_MESSAGES: Final = 1000
_MAIL: Final = "mail"
# What waits in these rooms is no job, and said elsewhere.
_NO_JOBS: Final = frozenset({_MAIL, "storage"})
_REASONS: Final = {
    SILENT: "no answer within a second",
    "database.busy": "all connections of this process are in use",
    "database.unavailable": "it does not answer or refuses connections",
}
_STORE_REASONS: Final = {
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
        return _check(reading, "healthy", "PostgreSQL answers.")
    status: Status = "degraded" if reading.fault == "database.busy" else "unhealthy"
    return _check(reading, status, f"PostgreSQL: {_reason(reading.fault)}.")


def redis(reading: Reading[bool]) -> Check:
    """Redis is a doorbell: without it everything goes on, later."""
    if reading.fault is None:
        return _check(reading, "healthy", "Redis answers.")
    detail = f"Redis: {_reason(reading.fault)}. Work goes on, begun some seconds later."
    return _check(reading, "degraded", detail)


def schema(reading: Reading[str], revisions: Reading[tuple[str, ...]]) -> Check:
    """A schema behind the code cannot be served; one ahead of it is a deployment under way."""
    known = revisions.value or ()
    if reading.fault == "database.busy":
        return _check(reading, "degraded", f"Cannot be read: {_reason(reading.fault)}.")
    if reading.value is None or not known:
        reason = _reason(reading.fault or revisions.fault or SILENT)
        return _check(reading, "unhealthy", f"Cannot be read: {reason}.")
    if not reading.value:
        return _check(reading, "unhealthy", "The database has no tables: run `intake migrate`.")
    if reading.value == known[0]:
        return _check(reading, "healthy", f"At {reading.value}, as this code needs it.")
    if reading.value in known:
        detail = f"At {reading.value}, this code needs {known[0]}: run `intake migrate`."
        return _check(reading, "unhealthy", detail)
    detail = f"At {reading.value}, which is newer than this code: a deployment is under way."
    return _check(reading, "degraded", detail)


def storage(
    reading: Reading[str],
    backlog: Reading[Mapping[str, Backlog]],
    road: Reading[Sequence[str]],
) -> Check:
    """A store in trouble loses nothing: files wait in PostgreSQL and are served from there."""
    waits = (backlog.value or {}).get("storage", Backlog(waiting=0))
    detail = f"{waits.waiting} files wait for it" if waits.waiting else "no file waits for it"
    if waits.waiting:
        detail += f", the oldest since {waits.oldest_seconds:.0f} s"
    if not _is_sound(road):
        faults = ", ".join(road.value or [_reason(road.fault or SILENT)])
        detail += f"; Cloudinary would refuse what this code does: {faults}"
    if reading.value is None:
        reason = _STORE_REASONS.get(reading.fault or SILENT, _reason(reading.fault or SILENT))
        comfort = "" if reading.fault == "files_gone" else " None is lost."
        return _check(reading, "degraded", f"A probe failed: {reason}; {detail}.{comfort}")
    is_well = waits.oldest_seconds <= _LONG_WAIT_SECONDS and _is_sound(road)
    said = f"A probe was kept, read back and deleted ({reading.value}); {detail}."
    return _check(reading, "healthy" if is_well else "degraded", said)


def _is_sound(road: Reading[Sequence[str]]) -> bool:
    return road.value is not None and not road.value


def workers(
    reading: Reading[list[ProcessRecord]],
    backlog: Reading[Mapping[str, Backlog]],
    release: Release,
) -> Check:
    """Somebody has to be there to work, with the same code as the API."""
    if reading.value is None:
        detail = "Cannot be known while Redis is away; workers go on without it."
        return _check(reading, "degraded", detail)
    alive = [record for record in reading.value if record.role == "worker"]
    others = [record for record in reading.value if _is_stale(record, release)]
    if others:
        lack = "" if alive else "No worker is alive. "
        detail = f"{lack}{_names(others)}: restart what is old."
        return _check(reading, "degraded", detail)
    if not alive:
        known = (backlog.value or {}).items()
        waiting = sum(each.waiting for room, each in known if room not in _NO_JOBS)
        consequence = f"{waiting} jobs wait for one" if waiting else "new jobs would wait"
        return _check(reading, "degraded", f"No worker is alive: {consequence}.")
    beat = any(record.role == "beat" for record in reading.value)
    detail = f"{len(alive)} alive, {'with' if beat else 'without'} beat, all with this code."
    return _check(reading, "healthy", detail)


def queue(
    depth: Reading[int], backlog: Reading[Mapping[str, Backlog]], *, sends_mail: bool
) -> Check:
    """What waits: rings in Redis, and in PostgreSQL the work and the mails that nobody has begun."""
    rings = f"{depth.value} rings wait" if depth.value is not None else "Rings cannot be counted"
    if backlog.value is None:
        reason = _reason(backlog.fault or SILENT)
        return _check(backlog, "degraded", f"{rings}; waiting work cannot be counted: {reason}.")
    jobs = [each for room, each in backlog.value.items() if room not in _NO_JOBS]
    waiting = sum(each.waiting for each in jobs)
    oldest = max((each.oldest_seconds for each in jobs), default=0.0)
    detail = f"{rings}; {waiting} jobs not begun"
    detail += f", the oldest since {oldest:.0f} s" if waiting else ""
    mails = backlog.value.get(_MAIL, Backlog(0))
    detail += f"; {_mails(mails, sends=sends_mail)}."
    is_slow = waiting > 0 and oldest > _LONG_WAIT_SECONDS
    is_full = (depth.value or 0) > _MANY_MESSAGES
    is_stuck = mails.waiting > 0 and (not sends_mail or mails.oldest_seconds > _LONG_WAIT_SECONDS)
    is_degraded = is_slow or is_full or is_stuck or depth.value is None
    return _check(backlog, "degraded" if is_degraded else "healthy", detail)


def _mails(line: Backlog, *, sends: bool) -> str:
    """Without a mail server nothing is lost as long as nobody has to be written to."""
    said = f"{line.waiting} mails wait"
    said += f", the oldest since {line.oldest_seconds:.0f} s" if line.waiting else ""
    return said if sends else f"{said}, there is no mail server (SMTP_HOST)"


def payers(reading: Reading[Mapping[str, str | None]]) -> Check:
    """What processes have met there: work waits meanwhile, and goes on by itself."""
    if reading.value is None:
        return _check(reading, "healthy", f"Cannot be known: {_reason(reading.fault or SILENT)}.")
    troubles = [words for words in reading.value.values() if words]
    if troubles:
        return _check(reading, "degraded", " ".join(troubles))
    names = ", ".join(reading.value)
    return _check(
        reading, "healthy", f"Nothing known against {names}." if names else "None set up."
    )


def integrations(reading: Reading[Mapping[str, str | None]]) -> Check:
    """What processes have met at calendars and LinkedIn; nobody is asked for this."""
    return payers(reading)


def issuers(keys: Sequence[KeyState]) -> Check:
    """Whether foreign tokens can be checked, from what is at hand: nobody is asked for this."""
    words = "; ".join(f"{state.provider}: {_key_words(state)}" for state in keys)
    is_faulty = any(state.fault is not None for state in keys)
    return Check(
        status="degraded" if is_faulty else "healthy",
        latency_ms=0.0,
        detail=f"{words or 'No identity provider is set up'}.",
    )


def _key_words(state: KeyState) -> str:
    since = f" of {state.loaded_at:%Y-%m-%d %H:%M:%S} UTC" if state.loaded_at else ""
    if state.fault is None:
        return f"{state.keys} keys{since}" if state.keys else "not asked yet"
    if not state.keys:
        return f"no keys, its tokens cannot be checked ({state.fault})"
    return f"{state.keys} keys{since} are used on, no newer ones can be had ({state.fault})"


def _names(records: Sequence[ProcessRecord]) -> str:
    return ", ".join(
        f"{record.role} {record.pid} on {record.host} runs {record.commit[:7]}"
        f" ({record.fingerprint})"
        for record in records
    )


def _is_stale(record: ProcessRecord, release: Release) -> bool:
    # Another commit over the same files is a deployment that has not come to its end.
    running = (record.commit, record.fingerprint)
    return record.stale or running != (release.commit, release.fingerprint)


def _process(record: ProcessRecord, release: Release) -> Process:
    process = Process.model_validate(record)
    return process.model_copy(update={"stale": _is_stale(record, release)})


def _all(checks: Checks) -> list[Check]:
    return [getattr(checks, name) for name in Checks.model_fields]


def _check(reading: Reading[object], status: Status, detail: str) -> Check:
    return Check(status=status, latency_ms=reading.latency_ms, detail=detail)


def _reason(fault: str) -> str:
    return _REASONS.get(fault, fault)
