"""A file read once comes to the same as one read twice, or says that it must not be.

The opener of all tests here holds both ways of reading together (conftest); these are the files that
the beginning deceives about.
"""

import io
from collections.abc import Callable

import pytest

from app.claims.errors import FileEmpty, Malformed, TooManyRows
from app.claims.tables.draft import Mistaken, open_draft
from app.claims.tables.options import Limits, ReadOptions
from app.claims.tables.reader import Table

HEADER = "claim_number,first_name,last_name,date_of_birth"
ROW = "FH1,Ada,Byron,{}"
# More than a batch, so that what comes behind is not seen at the beginning.
MANY = 6_000
DECEIVING = {
    "a day first behind ISO dates": (["1980-12-10"] * MANY, ["31/12/1980"]),
    "a month first behind ISO dates": (["1980-12-10"] * MANY, ["12/31/1980"]),
    "a day first behind what could be both": (["10/12/1980"] * MANY, ["31/12/1980"]),
    "both ways": (["12/31/1980"] * MANY, ["31/12/1980"]),
}
HONEST = {
    "ISO dates": (["1980-12-10"] * MANY, ["1980-12-31"]),
    "a proof for what was assumed": (["10/12/1980"] * MANY, ["12/31/1980"]),
    "no proof": (["10/12/1980"] * MANY, ["11/12/1980"]),
    "no date at all": (["1980-12-10"] * MANY, ["31-31-1980", "", "x"]),
}


def content(days: tuple[list[str], list[str]]) -> bytes:
    rows = [ROW.format(day) for part in days for day in part]
    return "\n".join([HEADER, *rows]).encode()


def read_once(data: bytes, limits: Limits | None = None) -> int:
    """The number of rows."""
    options = ReadOptions(limits=limits or Limits())
    draft = open_draft(io.BytesIO(data), filename="claims.csv", options=options)
    assert draft is not None
    for _ in draft.batches():
        pass
    return draft.settled().row_count


@pytest.mark.parametrize("name", DECEIVING)
def test_a_beginning_that_deceives_is_found_out(read: Callable[..., Table], name: str) -> None:
    data = content(DECEIVING[name])
    with pytest.raises(Mistaken):
        read_once(data)
    assert read(data).row_count == MANY + 1


@pytest.mark.parametrize("name", HONEST)
def test_a_beginning_that_does_not_is_enough(read: Callable[..., Table], name: str) -> None:
    data = content(HONEST[name])
    assert read_once(data) == read(data).row_count


def test_bytes_that_are_no_utf_8_are_found_out_wherever_they_stand(
    read: Callable[..., Table],
) -> None:
    late = content((["1980-12-10"] * MANY, [])) + "\nFH2,Zoë,Byron,1980-12-10".encode("cp1252")
    with pytest.raises(Mistaken):
        read_once(late)
    assert read(late).encoding == "cp1252"
    early = f"{HEADER}\nFH2,Zoë,Byron,1980-12-10".encode("cp1252")
    assert open_draft(io.BytesIO(early), filename="x.csv", options=ReadOptions()) is None


def test_what_refuses_a_file_does_so_in_one_go() -> None:
    with pytest.raises(TooManyRows):
        read_once(content((["1980-12-10"] * MANY, [])), Limits(rows=MANY - 1))
    with pytest.raises(Malformed) as endless:
        read_once(f"{HEADER}\n".encode() + b"x" * 300_000, Limits(line_bytes=100_000))
    assert "far too long" in str(endless.value.detail)
    with pytest.raises(Malformed) as unclosed:
        read_once(content((["1980-12-10"] * MANY, ['"open'])))
    assert f"opens on line {MANY + 2}" in str(unclosed.value.detail)
    with pytest.raises(FileEmpty):
        read_once(f"{HEADER}\n\n".encode())
    with pytest.raises(RuntimeError):
        draft = open_draft(
            io.BytesIO(content(HONEST["ISO dates"])), filename="x.csv", options=ReadOptions()
        )
        assert draft is not None
        next(draft.batches())
        draft.settled()
