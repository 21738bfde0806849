"""Checked rows as the bytes of PostgreSQL's COPY in text format.

The bytes come from a generator, so that a thread can parse while the event loop forwards them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat, takewhile
from typing import Final

from app.claims.tables.batch import Batch

COLUMNS: Final = (
    "job_id",
    "organization_id",
    "fault",
    "warnings",
    "payer_id",
    "tin",
    "practice_id",
    "service_from",
    "service_to",
    "row_no",
    "claim_key",
    "first_key",
    "last_key",
    "date_of_birth",
    "cells",
)
"""Every column of `claim_rows`; the reader's other fields can be asked for by their names.

Those that are mostly the same in all rows of a batch come first, so that they are written once.
`fault` is jsonb `{code, field, message}`, null for a row without one. `cells` and `warnings` are
text[].
"""
_NULL: Final = "\\N"
_KEYS: Final = frozenset({"claim_key", "first_key", "last_key"})
_RENAMED: Final = {"service_from": "first_service_date", "service_to": "last_service_date"}

_SCALAR: Final = str.maketrans(
    {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\ufffd"}
)
# Inside an array literal quotes and backslashes are escaped for the array first, then for COPY.
_ELEMENT: Final = str.maketrans(
    {"\\": "\\\\\\\\", '"': '\\\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\ufffd"}
)
_SPECIAL: Final = re.compile(r'[\\"\n\r\t\0]')


def encode_rows(
    batches: Iterable[Batch],
    *,
    constants: Mapping[str, str],
    columns: Sequence[str] = COLUMNS,
) -> Iterator[bytes]:
    """COPY lines for the named columns in the order given, a piece (about 256 KiB) per batch.

    `constants` gives columns that are the same in every row, such as job_id and organization_id.
    """
    fixed = {name: value.translate(_SCALAR) for name, value in constants.items()}
    for batch in batches:
        encoded = [fixed.get(name) or _column(batch, name) for name in columns]
        same = list(takewhile(lambda column: isinstance(column, str), encoded[:-1]))
        begin = "\n" + "".join(f"{value}\t" for value in same)
        varying = [
            repeat(column, len(batch)) if isinstance(column, str) else column
            for column in encoded[len(same) :]
        ]
        lines = map("\t".join, zip(*varying, strict=True))
        yield f"{begin}{begin.join(lines)}\n"[1:].encode()


def _column(batch: Batch, name: str) -> Iterable[str] | str:
    """The column's values, or one text where all are the same."""
    if name == "row_no":
        return map(str, range(batch.first_row, batch.first_row + len(batch)))
    if name == "cells":
        return _cells(batch)
    if name == "fault":
        return _faults(batch)
    if name == "warnings":
        return _sparse({i: _array(words) for i, words in batch.warnings.items()}, len(batch))
    return _values(batch, name)


def _values(batch: Batch, name: str) -> Sequence[str] | str:
    values = batch.columns[_RENAMED.get(name, name)]
    if not any(values):
        return _NULL
    if not batch.clean:
        text = "".join(values)
        if "\\" in text or not text.isprintable():
            values = [value.translate(_SCALAR) for value in values]
    if "" in values:
        values = [value or _NULL for value in values]
    if name in _KEYS and batch.faults:
        values = list(values)
        for index in batch.faults:
            values[index] = _NULL
    return values


def _cells(batch: Batch) -> list[str]:
    if batch.clean:
        return ['{"' + '","'.join(row) + '"}' for row in batch.cells]
    return [
        _array(row) if _SPECIAL.search("".join(row)) else '{"' + '","'.join(row) + '"}'
        for row in batch.cells
    ]


def _array(values: Sequence[str]) -> str:
    return '{"' + '","'.join([value.translate(_ELEMENT) for value in values]) + '"}'


def _faults(batch: Batch) -> Iterable[str] | str:
    texts = {
        index: json.dumps(fault._asdict(), ensure_ascii=False).translate(_SCALAR)
        for index, (fault, *_) in batch.faults.items()
    }
    return _sparse(texts, len(batch))


def _sparse(texts: Mapping[int, str], length: int) -> Iterable[str] | str:
    if not texts:
        return _NULL
    return [texts.get(index, _NULL) for index in range(length)]
