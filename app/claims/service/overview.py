"""Looking at a file before it is taken in, and at everything that was."""

from dataclasses import asdict
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy.engine import RowMapping

from app.claims.payers.condition import Condition
from app.claims.payers.registry import PROVIDERS, Provider, conditions
from app.claims.payers.store import SharedStore
from app.claims.queries import reading
from app.claims.schemas import DayTotal, ProviderOut, StatsOut
from app.claims.service.intake import ReceivedFile
from app.claims.tables.preview import preview
from app.core.db import ReadSession
from app.core.settings import Settings

_STATUS_OF: Final[dict[str, Literal["ok", "throttled", "trouble"]]] = {
    "ok": "ok",
    "throttled": "throttled",
    "open": "trouble",
}


def look_through(received: ReceivedFile) -> dict[str, Any]:
    """The fields of `schemas.PreviewOut`; reads the whole file, so call it in a thread."""
    seen = preview(received.table)
    return {
        "stored": False,
        "original_filename": received.original_filename,
        "file_size": received.size,
        "file_sha256": received.sha256,
        "format": seen.format,
        "shape": seen.shape,
        "encoding": seen.encoding,
        "delimiter": seen.delimiter,
        "date_order": seen.date_order,
        "header": list(seen.header),
        "mapping": dict(seen.columns),
        "ignored_columns": list(seen.ignored_columns),
        "total_rows": seen.row_count,
        "good_rows": seen.good_rows,
        "first_rows": [dict(zip(seen.header, row.cells, strict=False)) for row in seen.first_rows],
        "problems": list(seen.problems),
        "problem_counts": dict(seen.problem_counts),
        "warnings": list(seen.warnings),
    }


def payer_name(code: str) -> str:
    """What the payer is called; the code itself where it is connected no more."""
    provider = PROVIDERS.get(code)
    return code if provider is None else provider.name


async def stats(session: ReadSession, *, organization_id: UUID) -> StatsOut:
    """An organization's totals."""
    days, reasons = await reading.totals(session, organization_id)
    by_day = [DayTotal.model_validate({**row, "day": row["day"].date()}) for row in days]
    return StatsOut(by_day=by_day, failures_by_reason=reasons)


async def providers(
    session: ReadSession, *, organization_id: UUID, settings: Settings, store: SharedStore
) -> list[ProviderOut]:
    """The payers, how all workers find them, and what the organization's running jobs meet there."""
    # Before anything is read: a slow Redis must not hold a transaction open.
    found = await conditions(settings, store)
    waiting = await reading.waiting_for(session, organization_id)
    return [
        _provider(provider, settings, waiting.get(provider.code), found.get(provider.code))
        for provider in PROVIDERS.values()
    ]


def _provider(
    provider: Provider,
    settings: Settings,
    trouble: RowMapping | None,
    found: Condition | None,
) -> ProviderOut:
    is_configured = provider.is_configured(settings)
    line = found or Condition()
    status = _STATUS_OF[line.state] if is_configured else "not_configured"
    outage = trouble["outage_since"] if trouble else None
    return ProviderOut(
        code=provider.code,
        name=provider.name,
        is_configured=is_configured,
        status="trouble" if trouble else status,
        status_reason=trouble["status_reason"] if trouble else line.words(provider.name),
        trouble_since=outage or line.since,
        circuit="open" if line.state == "open" else "closed",
        pace_percent=round(line.share * 100),
        paused_seconds=round(line.paused_seconds, 1),
        capabilities=asdict(provider.capabilities(settings)),
    )
