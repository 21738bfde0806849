"""What the csv module does not tell: which quote of a broken record is the broken one."""

from typing import NamedTuple


class Cut(NamedTuple):
    """A record cut by hand; `broken_at` is the place of a quote that is not closed properly."""

    cells: list[str]
    broken_at: int | None


def cut_record(text: str, delimiter: str) -> Cut:
    """Cut one record by the rules of the strict csv reader, without its limit for a cell.

    `text` may span lines; the record ends at the first line end outside quotes.
    """
    cells: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            end = _closing_quote(text, at + 1)
            if end is None or not _may_follow(text, end + 1, delimiter):
                return Cut(cells, at)
            cells.append(text[at + 1 : end].replace('""', '"'))
            at = end + 1
        else:
            end = _plain_end(text, at, delimiter)
            cells.append(text[at:end])
            at = end
        if not text.startswith(delimiter, at):
            return Cut(cells, None)
        at += 1


def _closing_quote(text: str, at: int) -> int | None:
    while True:
        end = text.find('"', at)
        if end < 0:
            return None
        if not text.startswith('"', end + 1):
            return end
        at = end + 2


def _may_follow(text: str, at: int, delimiter: str) -> bool:
    return at >= len(text) or text[at] in {delimiter, "\r", "\n"}


def _plain_end(text: str, at: int, delimiter: str) -> int:
    ends = (text.find(sign, at) for sign in (delimiter, "\r", "\n"))
    return min((end for end in ends if end >= 0), default=len(text))
