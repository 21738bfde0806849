"""Traces through API, tasks and database, sent to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names.

Off without that variable, and then nothing of OpenTelemetry is imported from here. Spans hold what
code says: templates of routes, names of tasks, statements with their placeholders; never a query's
values, a path with what a caller wrote into it, an argument or an exception's text.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.core.log import logger
from app.core.version import release

CARRIER: Final = "traceparent"
_VARIABLES: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_HIDDEN: Final = ("url.path", "url.query", "server.address", "http.request.method_original")
_LONGEST_STATEMENT: Final = 500
# The tracer of this process, once there is one.
_TRACER: Final[list[Any]] = []


def begin(role: str, exporter: Any = None) -> None:
    """Trace from now on, if a collector is named; in a worker's child after it has forked.

    `exporter` is a test's own. Whoever names a collector without the extra `telemetry` is told so.
    """
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    is_asked = exporter is not None or any(os.environ.get(name) for name in _VARIABLES)
    if _TRACER or is_off or not is_asked:
        return
    try:
        _TRACER.append(_provider(role, exporter).get_tracer("intake"))
    except ImportError as error:
        logger.warning("core.no_telemetry", missing=error.name, cure="install intake[telemetry]")


def _provider(role: str, exporter: Any) -> Any:
    from opentelemetry import trace  # noqa: PLC0415 - only who traces pays for it.
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        BatchSpanProcessor,
        SimpleSpanProcessor,
    )

    class Discreet(SpanProcessor):
        """Takes away what callers wrote, before anybody else sees the span."""

        def on_start(self, span: Any, parent_context: Any = None) -> None:  # noqa: ARG002 - its interface.
            for name in _HIDDEN:
                if name in (span.attributes or {}):
                    span.set_attribute(name, "…")

    facts = {"service.name": "intake", "service.version": release().short, "intake.role": role}
    provider = TracerProvider(resource=Resource.create(facts))
    provider.add_span_processor(Discreet())
    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
    else:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


def carrier() -> dict[str, str]:
    """What a message carries, so that whoever works on it goes on with this trace."""
    span = _current()
    if span is None:
        return {}
    found = span.get_span_context()
    return {CARRIER: f"00-{found.trace_id:032x}-{found.span_id:016x}-01"}


@contextmanager
def task_span(name: str, caused_by: str) -> Iterator[None]:
    """A span of a task that a traced request or task rang for; others are not traced.

    Periodic work would fill the collector with looks that find nothing.
    """
    if not _TRACER or not caused_by:
        yield
        return
    from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    parent = TraceContextTextMapPropagator().extract({CARRIER: caused_by})
    with _TRACER[-1].start_as_current_span(
        f"task {name}",
        context=parent,
        kind=SpanKind.CONSUMER,
        attributes={"messaging.system": "celery", "messaging.operation.name": name},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR)
            raise


@contextmanager
def call_span(name: str, **attributes: str) -> Iterator[dict[str, str | int]]:
    """A span of a call to another server, below a traced request or task; nothing when off.

    Names and values are the code's own or the settings', never a caller's. What the block puts into
    the mapping is told at the end. A keyword's `__` is a dot.
    """
    told: dict[str, str | int] = {}
    if _current() is None:
        yield told
        return
    from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415

    with _TRACER[-1].start_as_current_span(
        name, kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
    ) as span:
        # Set after the start: what `_HIDDEN` names is taken away there, because callers write it.
        span.set_attributes({key.replace("__", "."): value for key, value in attributes.items()})
        try:
            yield told
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            span.set_attributes(told)


def watch(engine: Engine) -> None:
    """Give each statement over `engine` a span, below a traced request or task; nothing when off."""
    if not _TRACER:
        return

    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)
    event.listen(engine, "handle_error", _failed)
    event.listen(engine, "connect", _connected)


def _before(*arguments: Any) -> None:
    if arguments[4] is not None:
        arguments[4].began_ns = time.time_ns()


def _after(*arguments: Any) -> None:
    began = getattr(arguments[4], "began_ns", None)
    if began is not None:
        statement_span(arguments[2], began)


def _failed(found: Any) -> None:
    began = getattr(found.execution_context, "began_ns", None)
    if began is not None:
        statement_span(found.statement or "", began, found.original_exception)


def _connected(connection: Any, _record: Any) -> None:
    # What rooms send over the driver itself does not pass SQLAlchemy.
    connection.driver_connection.add_query_logger(_raw)


def _raw(record: Any) -> None:
    statement_span(record.query, time.time_ns() - int(record.elapsed * 1e9), record.exception)


def statement_span(statement: str, began_ns: int, error: BaseException | None = None) -> None:
    """A span of a statement that has just ended; its arguments are not told."""
    if _current() is None:
        return
    from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415

    words = " ".join(statement.split())[:_LONGEST_STATEMENT]
    verb = words.partition(" ")[0].upper() or "QUERY"
    attributes: Mapping[str, str] = {
        "db.system.name": "postgresql",
        "db.operation.name": verb,
        "db.query.text": words,
    }
    span = _TRACER[-1].start_span(
        verb, kind=SpanKind.CLIENT, attributes=attributes, start_time=began_ns
    )
    if error is not None:
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(StatusCode.ERROR)
    span.end()


def _current() -> Any:
    """The span that this is part of, if it is being recorded."""
    if not _TRACER:
        return None
    from opentelemetry import trace  # noqa: PLC0415

    span = trace.get_current_span()
    return span if span.is_recording() else None
