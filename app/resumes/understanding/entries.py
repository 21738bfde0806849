"""A section's lines as entries: heading lines with dates, and the lines that describe them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from app.resumes.understanding.dates import Span, spans_of
from app.resumes.understanding.passages import Line
from app.resumes.understanding.posts import is_length
from app.resumes.understanding.vocabulary import names_company, title_score

_WORDS: Final = re.compile(r"\w+")
_LONG: Final = 12
_FEW: Final = 6
_TOOLS: Final = re.compile(
    r"(?:(?:technical |tech )?(?:environment|stack)|environnement(?: technique)?|technolog(?:y|ies)(?: used)?|tools|outils|mots[- ]cl[ée]s)\s*:",
    re.IGNORECASE,
)
_MANY: Final = 8
_NEW_SENTENCE: Final = re.compile(r"[a-z]{3}[.!] [A-Z]")
_PROSE_START: Final = re.compile(
    r"(?:[A-Z][a-z]+ed|Led|Built|Ran|Cut|Wrote|Won|Drove|Made|Took|Grew|Oversaw|Worked|Responsible for|Participated|Responsable de|Mise en place|Gestion d|Participation|Réalisation|Développement d|Conception)\b"
)
_QUALIFIED: Final = re.compile(
    r"(?:Accredited|Advanced|Associated|Certified|Chartered|Experienced|Licensed|Qualified|Registered|Skilled|United)\b"
)
_SUFFIX: Final = re.compile(r"\b(?:inc|co|corp|ltd|llc|bros|jr|s\.a|s\.a\.s)\.$", re.IGNORECASE)
_FULL: Final = 0.75


@dataclass(slots=True)
class Entry:
    """Heading lines, the dates in them, and the lines below."""

    heads: list[Line]
    dates: list[Span] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        return [*self.heads, *self.body]


def main_date(line: Line) -> Span | None:
    """The dates that head an entry: a range anywhere in a short line, or a date at its edge."""
    found = list(spans_of(line.text))
    ranges = [span for span in found if span.is_range]
    if ranges:
        words = len(_WORDS.findall(line.text[: ranges[0].at]))
        rest = line.text[ranges[0].end :].strip(" )].,|")
        return ranges[0] if words <= 18 and (words <= _LONG or not rest) else None
    single = found[-1] if found else None
    if single is None or len(line.text) > 100 or line.text.endswith("."):
        return None
    at_edge = single.at <= 1 or not line.text[single.end :].strip(" )].|,")
    parted = (
        single.at == 0
        or line.text[: single.at].rstrip()[-1:]
        in {"", "\t", "|", "·", "•", ",", "(", "–", "—", "-"}
        or "\t" in line.text
    )
    return single if at_edge and parted else None


def entries_of(lines: Sequence[Line]) -> list[Entry]:
    """The entries of a section in the order of its text."""
    lines = [line for line in lines if not is_length(line.text)]
    marked = _marked(lines)
    groups = _groups(lines, marked)
    dated = any(main_date(line) for line in lines)
    above = _lines_above(lines, marked)
    entries: list[Entry] = []
    for heads, body in groups:
        split = _split(heads, above) if dated else _split_undated(heads)
        if (
            dated
            and entries
            and not any(entry.dates for entry in split)
            and not _opens(heads, body)
        ):
            entries[-1].body += [*heads, *body]
            continue
        split[-1].body += body
        entries += split
    return _without_empty(entries)


def _opens(heads: Sequence[Line], body: Sequence[Line]) -> bool:
    """Heading lines without dates open a post only where they hold a title and an employer."""
    if not body or len(heads) > 3:
        return False
    return any(title_score(line.text) >= 2 for line in heads) and (
        len(heads) > 1 or any(names_company(line.text) for line in heads)
    )


def _without_empty(entries: list[Entry]) -> list[Entry]:
    """An employer alone above several posts belongs to the first of them."""
    out: list[Entry] = []
    waiting: list[Line] = []
    for entry in entries:
        if (
            not entry.dates
            and not entry.body
            and len(entry.heads) == 1
            and entry is not entries[-1]
        ):
            waiting += entry.heads
            continue
        entry.heads = [*waiting, *entry.heads]
        waiting = []
        out.append(entry)
    return out


def _marked(lines: Sequence[Line]) -> list[bool]:
    """For each line whether it is a heading line."""
    widths = sorted(len(line.text) for line in lines)
    wide = widths[int(0.9 * (len(widths) - 1))] if widths else 0
    marks: list[bool] = []
    for at, line in enumerate(lines):
        before = lines[at - 1] if at else None
        marks.append(_is_head(line, before, marks[-1] if marks else True, wide))
    for at, (line, after) in enumerate(pairwise(lines)):
        # A bullet right below dates that stand alone names the post (dates as headings).
        alone = at == 0 or not marks[at - 1]
        if marks[at] and alone and after.bullet and _dates_alone(line):
            marks[at + 1] = title_score(after.text) >= 2
    return _like_the_first(lines, marks)


def _like_the_first(lines: Sequence[Line], marks: list[bool]) -> list[bool]:
    """As many lines above each entry's dates as above the first's, though a bullet may go on there."""
    above = _lines_above(lines, marks)
    if not above:
        return marks
    for at in range(above + 1, len(lines)):
        if marks[at] and not lines[at].bullet and main_date(lines[at]) is not None:
            between = lines[at - above : at]
            if all(_may_head(line) for line in between):
                marks[at - above : at] = [True] * above
    return marks


def _lines_above(lines: Sequence[Line], marks: Sequence[bool]) -> int:
    """How many heading lines stand above the section's first dates, where that tells a habit."""
    above = next((at for at, line in enumerate(lines) if main_date(line) is not None), 0)
    return above if above <= 2 and all(marks[: above + 1]) else 0


def _may_head(line: Line) -> bool:
    words = len(_WORDS.findall(line.text))
    if line.bullet or words > _LONG or not _is_capital(line.text) or _TOOLS.match(line.text):
        return False
    return not line.text.endswith((".", ";")) or _SUFFIX.search(line.text) is not None


def ends_in_suffix(text: str) -> bool:
    """With the point of a firm's name, which ends no sentence: Globex Inc."""
    return _SUFFIX.search(text) is not None


def _is_capital(text: str) -> bool:
    """As names begin, eBay among them."""
    return text[0].isupper() or text[0].isdigit() or text[1:2].isupper()


def _is_ended(text: str, words: int) -> bool:
    """As a sentence or an introduction ends, not a firm's name."""
    if text.endswith(":"):
        return True
    return text.endswith((".", ";")) and words > 2 and _SUFFIX.search(text) is None


def _dates_alone(line: Line) -> bool:
    span = main_date(line)
    return span is not None and len(line.text) - (span.end - span.at) <= 4


def _is_head(line: Line, before: Line | None, before_is_head: bool, wide: int) -> bool:
    dated = main_date(line) is not None
    if line.bullet:
        return dated and "\t" in line.text and title_score(line.text) >= 2
    if dated or "\t" in line.text:
        return True
    words = len(_WORDS.findall(line.text))
    begins = _is_capital(line.text) or line.text[0] in '([«"“'
    if words > _LONG or not begins or _TOOLS.match(line.text):
        return False
    if _is_ended(line.text, words) and (words > _FEW or title_score(line.text) < 2):
        return False
    if (words > 4 or line.text.endswith(".")) and _is_prose(line.text, words):
        return False
    return before is None or before_is_head or not _goes_on(before, line, wide)


def _is_prose(text: str, words: int) -> bool:
    if _PROSE_START.match(text):
        return not (_QUALIFIED.match(text) and title_score(text) >= 2)
    return words > _MANY and _NEW_SENTENCE.search(text) is not None and title_score(text) < 2


def _goes_on(before: Line, line: Line, wide: int) -> bool:
    """The line above is full and its sentence has no end: this is the rest of it."""
    if before.text.endswith((".", "!", "?")):
        return False
    named = title_score(line.text) >= 2 or names_company(line.text)
    full = len(before.text) >= _FULL * wide and len(before.text) > 40
    return full and not named


def _groups(lines: Sequence[Line], marks: Sequence[bool]) -> list[tuple[list[Line], list[Line]]]:
    groups: list[tuple[list[Line], list[Line]]] = []
    for line, is_head in zip(lines, marks, strict=True):
        if is_head and (not groups or groups[-1][1]):
            groups.append(([line], []))
        elif is_head:
            groups[-1][0].append(line)
        elif groups:
            groups[-1][1].append(line)
        else:
            groups.append(([], [line]))
    return groups


def _split(heads: list[Line], usual: int) -> list[Entry]:
    """Heading lines that follow each other without a description, parted by their dates."""
    dated = [(at, span) for at, line in enumerate(heads) if (span := main_date(line)) is not None]
    if len(dated) < 2:
        return [Entry(heads, [span for _, span in dated])]
    ahead = dated[0][0]
    gaps = [after - at for (at, _), (after, _) in pairwise(dated)]
    # The first entry shows how many lines stand above its dates; no more can for the others.
    above = 0 if min(gaps) == 1 else max(ahead, usual)
    alone = _dates_alone(heads[ahead])
    starts = [0]
    for gap, (at, _) in zip(gaps, dated[1:], strict=True):
        # Where dates stand alone first and beside a title later, that title has no lines above.
        starts.append(at - (min(above, gap - 1) if _dates_alone(heads[at]) or not alone else 0))
    ends = [*starts[1:], len(heads)]
    return [
        Entry(heads[start:end], [span])
        for start, end, (_, span) in zip(starts, ends, dated, strict=True)
    ]


def _split_undated(heads: list[Line]) -> list[Entry]:
    """Without any dates each line with a title opens a post, with at most one line above it."""
    titled = [at for at, line in enumerate(heads) if title_score(line.text) >= 2]
    if len(titled) < 2:
        return [Entry(heads)]
    above = min(titled[0], 1)
    starts = [0, *(at - above for at in titled[1:])]
    ends = [*starts[1:], len(heads)]
    return [Entry(heads[start:end]) for start, end in zip(starts, ends, strict=True) if start < end]
