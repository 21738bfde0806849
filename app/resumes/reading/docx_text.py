"""The text of a WordprocessingML part, from its elements as they come."""

from typing import Final

_WORD: Final = "wordprocessingml"
_COMPATIBLE: Final = "markup-compatibility"
_BREAKS: Final = {"br": "\n", "cr": "\n", "tab": "\t", "ptab": "\t", "noBreakHyphen": "-"}
_BULLET: Final = "• "


class DocumentText:
    """Takes an expat parser's events, gives lines.

    The cells of a table row that hold one line each stand on one line, parted by tabs; where a
    cell holds more, the table is there for the layout and its cells come one after the other. Text
    boxes come after the paragraph that they hang on. Their second copy for old programs, deleted
    text and the codes of fields are left out.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._length = 0
        self._lines: list[str] = []
        # What is open: paragraphs inside text boxes inside paragraphs, tables inside cells.
        self._paragraphs: list[list[str]] = []
        self._holders: list[list[str]] = [self._lines]
        self._rows: list[list[list[str]]] = []
        self._waiting: list[list[str]] = []
        self._skipped = 0
        self._in_text = 0

    @property
    def is_full(self) -> bool:
        """No more text is wanted."""
        return self._length >= self._longest

    def text(self) -> str:
        """The lines so far."""
        return "\n".join(self._lines)[: self._longest]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        space, _, name = tag.rpartition(" ")
        if self._skipped or (name == "Fallback" and _COMPATIBLE in space):
            self._skipped += 1
        elif _WORD in space:
            self._open(name, attributes)

    def end(self, tag: str) -> None:
        """An element closes."""
        if self._skipped:
            self._skipped -= 1
            return
        space, _, name = tag.rpartition(" ")
        if _WORD in space:
            self._close(name)

    def data(self, text: str) -> None:
        """Characters, kept only inside a run's text."""
        if self._in_text and not self._skipped and self._paragraphs and not self.is_full:
            self._paragraphs[-1].append(text)
            self._length += len(text)

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if name == "p":
            self._paragraphs.append([])
            self._waiting.append([])
        elif name == "t":
            self._in_text += 1
        elif name in _BREAKS and self._paragraphs:
            # Tab stops in the properties have attributes, tabs in the text have none.
            if name != "tab" or not attributes:
                self._paragraphs[-1].append(_BREAKS[name])
                self._length += 1
        elif name == "numPr" and self._paragraphs and not self._paragraphs[-1]:
            self._paragraphs[-1].append(_BULLET)
        elif name in {"txbxContent", "tc"}:
            self._holders.append([])
        elif name == "tr":
            self._rows.append([])

    def _close(self, name: str) -> None:
        if name == "t":
            self._in_text -= 1
        elif name == "p" and self._paragraphs:
            text = "".join(self._paragraphs.pop())
            boxed = self._waiting.pop()
            shown = text.split("\n") if text.strip(f"{_BULLET}\t\n") else [""]
            self._holders[-1].extend([*shown, *boxed])
            self._length += 1
        elif name == "txbxContent" and len(self._holders) > 1:
            box = self._holders.pop()
            (self._waiting[-1] if self._waiting else self._holders[-1]).extend(box)
        elif name == "tc" and len(self._holders) > 1:
            cell = [line for line in self._holders.pop() if line.strip()]
            if self._rows:
                self._rows[-1].append(cell)
        elif name == "tr" and self._rows:
            self._holders[-1].extend(_row_lines(self._rows.pop()))


def _row_lines(cells: list[list[str]]) -> list[str]:
    if all(len(cell) <= 1 for cell in cells):
        line = "\t".join(cell[0] for cell in cells if cell)
        return [line] if line else []
    return [line for cell in cells for line in cell]
