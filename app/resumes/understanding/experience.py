"""The posts of a résumé: where, as what, from when to when."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from app.resumes.understanding.dates import interval_of, months_between, months_in_all
from app.resumes.understanding.entries import Entry, ends_in_suffix, entries_of, main_date
from app.resumes.understanding.passages import Line, Passage
from app.resumes.understanding.posts import Head, habit_of, head_of, is_length, pieces_of_head
from app.resumes.understanding.values import Evidence, Experience
from app.resumes.understanding.vocabulary import title_score

_MOST_HEADS: Final = 5
_LONGEST_DESCRIPTION: Final = 4_000
_MANY_WORDS: Final = 16
_FEW_WORDS: Final = 5


def find_experience(
    text: str, passages: Sequence[Passage], today: date | None
) -> tuple[tuple[Experience, ...], int | None]:
    """The posts in the text's order, and the months that any of them covers."""
    entries = list(_entries(passages))
    heads = [pieces_of_head(text, list(_undated(_heads(entry)))) for entry in entries]
    habit = habit_of(text, heads)
    posts: list[Experience] = []
    intervals: list[tuple[int, int]] = []
    for entry, pieces in zip(entries, heads, strict=True):
        span = entry.dates[0] if entry.dates else None
        head = head_of(text, pieces, habit)
        post = _post(text, entry, head, posts[-1] if posts else None, today)
        if post is None:
            continue
        posts.append(post)
        interval = None if span is None else interval_of(span.first, span.last, today, span.current)
        if interval is not None:
            intervals.append(interval)
    kept = [post for at, post in enumerate(posts) if not _names_employer_only(posts, at)]
    return tuple(kept), months_in_all(intervals)


def _names_employer_only(posts: Sequence[Experience], at: int) -> bool:
    """An employer with the dates of all posts there, above the first of them."""
    post = posts[at]
    after = posts[at + 1] if at + 1 < len(posts) else None
    if after is None or post.title is not None or post.description:
        return False
    return after.title is not None and after.company == post.company


def _entries(passages: Sequence[Passage]) -> Iterator[Entry]:
    wanted = [passage for passage in passages if passage.section == "experience"]
    found = [entry for passage in wanted for entry in entries_of(passage.lines)]
    if found:
        yield from found
        return
    # Without a heading: posts with a title and a range of dates wherever they stand at the front.
    for passage in passages:
        if passage.section in {None, "summary", "awards"}:
            for entry in entries_of(passage.lines):
                titled = any(title_score(line.text) >= 2 for line in entry.heads)
                if titled and entry.dates and entry.dates[0].is_range:
                    yield entry


def _post(
    text: str, entry: Entry, head: Head, before: Experience | None, today: date | None
) -> Experience | None:
    heads, span = _heads(entry), entry.dates[0] if entry.dates else None
    if span is None and (head.title is None or head.company is None):
        return None
    if head.title is None and head.company is None:
        return None
    head = _with_company_above(head, before, sum(not _dates_only(line) for line in heads))
    first, last, current = (span.first, span.last, span.current) if span else (None, None, False)
    start, end = entry.lines[0].start, entry.lines[-1].end
    return Experience(
        title=head.title,
        company=head.company,
        location=head.location,
        start=None if first is None else str(first),
        end=None if last is None or current else str(last),
        current=current,
        months=months_between(first, last, today, current),
        description=_description(text, [*_unused(heads, head), *entry.body]),
        evidence=Evidence(start, end, text[start : min(end, start + 300)]),
    )


def _heads(entry: Entry) -> list[Line]:
    return entry.heads[-_MOST_HEADS:] if entry.dates else entry.heads[:_MOST_HEADS]


def _with_company_above(head: Head, before: Experience | None, lines: int) -> Head:
    """Several posts at one employer name it once, above the first."""
    if head.company is None and before is not None and lines == 1:
        return Head(head.title, before.company, head.location or before.location)
    return head


def _dates_only(line: Line) -> bool:
    span = main_date(line)
    return span is not None and is_length(line.text[: span.at] + line.text[span.end :] or "1 year")


def _undated(heads: Sequence[Line]) -> Iterator[tuple[int, int, int]]:
    """The parts of the heading lines before and after their dates, and the line's number."""
    for number, line in enumerate(heads):
        span = main_date(line)
        if span is None:
            yield line.start, line.end, number
            continue
        yield line.start, line.start + span.at, number
        after = line.text[span.end :]
        ended = after.rstrip().endswith(".") and not ends_in_suffix(after.rstrip())
        if len(after.split()) <= _MANY_WORDS and not ended:
            yield line.start + span.end, line.end, number


def _unused(heads: Sequence[Line], head: Head) -> list[Line]:
    """The lines below title, employer and dates that are already about the work."""
    said = [value for value in (head.title, head.company, head.location) if value is not None]
    out: list[Line] = []
    for line in reversed(heads):
        short = len(line.text.split()) < _FEW_WORDS
        if short or main_date(line) is not None or any(value in line.text for value in said):
            break
        out.insert(0, line)
    return out


def _description(text: str, body: Sequence[Line]) -> str | None:
    if not body:
        return None
    return text[body[0].start : body[-1].end][:_LONGEST_DESCRIPTION]
