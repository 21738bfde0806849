"""Claim files made in memory, read on a fixed day."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pytest

from app.claims.tables.options import DateOrder, Limits, ReadOptions
from app.claims.tables.reader import Table, open_table

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
        return open_table(io.BytesIO(data), filename=filename, options=options)


@pytest.fixture
def read() -> Callable[..., Table]:
    """The opener with the real limits."""
    return Opener()
