"""Claim files made in memory, read on a fixed day."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pytest

from app.claims.tables.draft import Draft, Mistaken, open_draft
from app.claims.tables.options import DateOrder, Limits, ReadOptions
from app.claims.tables.reader import Table, open_table
from app.core.problems import Problem

TODAY = date(2026, 11, 21)


@dataclass(frozen=True)
class Opener:
    """Opens bytes or text as an upload; the keywords are those of ReadOptions."""

    limits: Limits = field(default_factory=Limits)

    def __call__(
        self,
        content: str | bytes,
        *,
        filename: str = "claims.csv",
        encoding: str | None = None,
        delimiter: str | None = None,
        mapping: Mapping[str, str] | None = None,
        date_order: DateOrder = "auto",
        limits: Limits | None = None,
    ) -> Table:
        data = content.encode() if isinstance(content, str) else content
        options = ReadOptions(
            encoding=encoding,
            delimiter=delimiter,
            mapping=mapping or {},
            date_order=date_order,
            limits=limits or self.limits,
            today=TODAY,
        )
        drafted = once(data, filename, options)
        if drafted is not None:
            assert drafted == twice(data, filename, options)
        return open_table(io.BytesIO(data), filename=filename, options=options)


def once(data: bytes, filename: str, options: ReadOptions) -> object:
    """What reading in one go comes to: all that it tells, a refusal, or None where it must not be."""
    try:
        draft = open_draft(io.BytesIO(data), filename=filename, options=options)
        rows = whole(draft) if draft else []
        return told(draft.settled(), rows) if draft else None
    except Mistaken:
        return None
    except Problem as refusal:
        return type(refusal)


def twice(data: bytes, filename: str, options: ReadOptions) -> object:
    """What the usual reading comes to."""
    try:
        table = open_table(io.BytesIO(data), filename=filename, options=options)
        return told(table, whole(table))
    except Problem as refusal:
        return type(refusal)


def whole(table: Table | Draft) -> list[object]:
    """All rows."""
    return [row for batch in table.batches() for row in batch.rows()]


def told(table: Table, rows: list[object]) -> tuple[object, ...]:
    """Everything that a table says of itself, with its rows."""
    facts = table.layout, table.format, table.encoding, table.delimiter, table.row_count
    return (*facts, table.warnings, table.date_order, rows)


@pytest.fixture
def read() -> Callable[..., Table]:
    """The opener with the real limits."""
    return Opener()
