"""What a caller may say about a file before it is read, and how large it may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from app.claims.errors import OptionInvalid
from app.core.clock import now

DateOrder = Literal["auto", "mdy", "dmy", "ymd"]
DATE_ORDERS: Final[Mapping[str, DateOrder]] = {
    "auto": "auto",
    "mdy": "mdy",
    "dmy": "dmy",
    "ymd": "ymd",
}
DELIMITERS: Final = (",", ";", "\t", "|")
_DELIMITER_NAMES: Final = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "pipe": "|",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a claim file may be: bytes, counts and characters."""

    bytes: int = 100 * 1024 * 1024
    rows: int = 1_000_000
    columns: int = 64
    cell_characters: int = 32_000
    field_characters: int = 256
    """Of a cell that names a claim or a person; such values are compared and indexed."""
    line_bytes: int = 8 * 1024 * 1024
    workbook_entries: int = 2_000
    workbook_bytes: int = 100 * 1024 * 1024
    """All parts of a workbook together, unpacked."""
    workbook_part_bytes: int = 30 * 1024 * 1024
    workbook_ratio: int = 100
    workbook_memory: int = 768 * 1024 * 1024
    workbook_seconds: int = 20


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a file; whatever is left None or "auto" is found from the file itself.

    `mapping` goes from our field to the file's own column name. `today` bounds the dates that
    make sense and is the current day in UTC unless given.
    """

    encoding: str | None = None
    delimiter: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    date_order: DateOrder = "auto"
    limits: Limits = field(default_factory=Limits)
    today: date = field(default_factory=lambda: now().date())


def parse_delimiter(text: str | None) -> str | None:
    """The delimiter that a form field means: the sign itself or its English name.

    None, "" and "auto" mean that it is to be found. Raises OptionInvalid for anything else.
    """
    if text is None or text in {"", "auto"}:
        return None
    sign = _DELIMITER_NAMES.get(text.strip().lower(), text)
    if sign not in DELIMITERS:
        raise OptionInvalid("`delimiter` is one of comma, semicolon, tab, pipe or auto.")
    return sign


def parse_date_order(text: str | None) -> DateOrder:
    """The date order that a form field means; raises OptionInvalid for an unknown word."""
    order = DATE_ORDERS.get((text or "auto").strip().lower())
    if order is None:
        raise OptionInvalid("`date_order` is one of auto, mdy, dmy or ymd.")
    return order
