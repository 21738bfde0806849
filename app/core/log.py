"""The log: one event word and ids, one JSON object a line in production, text in development.

loguru is known to this file only. Values come as keyword arguments; keys that could hold personal
data or secrets are redacted here, whatever the caller meant.
"""

import inspect
import json
import logging
import re
import sys
from contextvars import ContextVar
from typing import Any, TextIO

import msgspec
from loguru import logger as _loguru

from app.core.clock import now

request_id: ContextVar[str] = ContextVar("request_id", default="")
_release: dict[str, str] = {}
_SENSITIVE = re.compile(
    r"name|birth|dob|claim_number|member|subscriber|patient|email|phone|password|secret|token|"
    r"authorization|cookie|tin$|ssn|body|header",
    re.IGNORECASE,
)
_ALLOWED = frozenset({"event_name", "task_name", "logger_name"})
_encode = msgspec.json.Encoder().encode
_PATTERNS = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "[e-mail]"),
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "[token]"),
    (re.compile(r"(?<=://)[^/@\s]+@"), "[credentials]@"),
    (re.compile(r"\b\d{1,4}[-/]\d{1,2}[-/]\d{2,4}\b(?![T:])"), "[date]"),
)


def redact(text: str) -> str:
    """`text` without e-mail addresses, tokens, credentials in addresses and dates."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _clean(fields: dict[str, Any]) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    for key, value in fields.items():
        if _SENSITIVE.search(key) and key not in _ALLOWED:
            clean[key] = "[redacted]"
        elif isinstance(value, int | float | bool) or value is None:
            clean[key] = value
        else:
            clean[key] = redact(str(value))
    return clean


class Log:
    """`log.info("claims.job_planned", job_id=…)`: an event word and small facts about it."""

    def __init__(self) -> None:
        self.writes_requests_at_once = False

    def _write(self, level: str, event: str, fields: dict[str, Any], error: bool = False) -> None:
        bound = _loguru.bind(fields=_clean(fields), request_id=request_id.get())
        bound.opt(depth=2, exception=error).log(level, "{}", event)

    def debug(self, event: str, **fields: Any) -> None:
        """Something only a developer wants to see."""
        self._write("DEBUG", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """Something that happened as it should."""
        self._write("INFO", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Something that is not as it should be, and was dealt with."""
        self._write("WARNING", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Something that somebody has to look at."""
        self._write("ERROR", event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """As `error`, with the stack of the exception being handled, and not its text's values."""
        self._write("ERROR", event, fields, error=True)

    def request(self, *, method: str, path: str, status: int, duration_ms: float) -> None:
        """The line of one answered request.

        In production it is written at once: every request has one, and the way through loguru
        costs as much as all other layers around a route together.
        """
        fields = {"method": method, "path": path, "status": status, "duration_ms": duration_ms}
        if not self.writes_requests_at_once:
            self._write("INFO", "http.request", fields)
            return
        line = {
            "at": now().isoformat(),
            "level": "INFO",
            "event": "http.request",
            "where": __name__,
            "request_id": request_id.get(),
            **_release,
            **fields,
            # Half of a surrogate pair is no text for an encoder.
            "path": redact(path).encode(errors="replace").decode(),
        }
        sys.stderr.write(_encode(line).decode() + "\n")
        sys.stderr.flush()


logger = Log()


def _stack(record: Any) -> str:
    """Where an exception came from: types, files and lines. Its text may hold a row's values."""
    exception = record["exception"]
    if exception is None:
        return ""
    kind, _, trace = exception
    places = [
        f"{frame.filename}:{frame.lineno} {frame.function}"
        for frame in inspect.getinnerframes(trace, context=0)[-12:]
    ]
    return f"{kind.__name__ if kind else 'error'} at " + " < ".join(reversed(places))


def _json_line(record: Any) -> str:
    extra = record["extra"]
    line = {
        "at": record["time"].isoformat(),
        "level": record["level"].name,
        "event": redact(record["message"]),
        "where": f"{record['name']}:{record['line']}",
        "request_id": extra.get("request_id") or request_id.get(),
        **_release,
        **extra.get("fields", {}),
    }
    stack = _stack(record)
    if stack:
        line["stack"] = stack
    return json.dumps(line, ensure_ascii=False, default=str)


def _text_line(record: Any) -> str:
    fields = record["extra"].get("fields", {})
    facts = " ".join(f"{key}={value}" for key, value in fields.items())
    stack = _stack(record)
    message = redact(record["message"]).replace("\n", "\\n")
    line = f"{record['time']:HH:mm:ss.SSS} {record['level'].name:<7} {message} {facts}"
    return f"{line.rstrip()}\n{stack}" if stack else line.rstrip()


class _FromLogging(logging.Handler):
    """Hands the records of libraries that use the standard library's logging to the one log."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level: str | int = _loguru.level(record.levelname).name
        except ValueError:
            level = record.levelno
        fields = {"logger_name": record.name}
        bound = _loguru.bind(fields=fields, request_id=request_id.get())
        bound.opt(exception=record.exc_info).log(level, "{}", record.getMessage())


def configure(*, as_json: bool, level: str = "INFO", release: str = "", role: str = "") -> None:
    """Send everything to standard error, once a process; `release` and `role` go on every line."""
    _release.update({"release": release, "role": role})
    logger.writes_requests_at_once = as_json and level in ("DEBUG", "INFO")
    render = _json_line if as_json else _text_line

    def write(message: Any) -> None:
        stream: TextIO = sys.stderr
        stream.write(render(message.record) + "\n")
        stream.flush()

    _loguru.remove()
    _loguru.add(write, level=level, format="{message}", diagnose=False, backtrace=False)
    logging.basicConfig(handlers=[_FromLogging()], level=logging.WARNING, force=True)
    for name in ("uvicorn", "uvicorn.error", "alembic", "celery", "sqlalchemy"):
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
