"""Text as programs wrote it, made plain once, before anything is looked for in it."""

import re
import unicodedata
from typing import Final

# pdfium gives U+FFFE for a hyphen at the end of a line, some TeX fonts a soft hyphen for a dash.
_REPLACED: Final = str.maketrans(
    {
        "\ufffe": "-",
        "\xad": "-",
        "‐": "-",
        "‑": "-",
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "ﬅ": "st",
        "ﬆ": "st",
        "\u2028": "\n",
        "\u2029": "\n",
        "\x0b": "\n",
        "\x85": "\n",
    }
)
_NEWLINE: Final = re.compile(r"\r\n?|\f")
# Columns of plain text are set with blanks.
_COLUMN: Final = re.compile(r"(?<=\S)[^\S\n\t]{3,}(?=\S)")
_SPACES: Final = re.compile(r"[^\S\n\t]+")
_AROUND_TAB: Final = re.compile(r" *\t[ \t]*")
_AROUND_LINE: Final = re.compile(r"[ \t]*\n[ \t]*")
_BLANK_LINES: Final = re.compile(r"\n{3,}")
# Controls, zero-width marks, direction marks, lone surrogates, private use (icons), no characters.
_DROPPED: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\ue000-\uf8ff\ufff0-\ufffd\uffff\U000f0000-\U0010ffff]"
)


def normalise(text: str, longest: int) -> str:
    """Composed letters, plain hyphens and ligatures, no control characters, at most `longest`.

    Newlines and tabs stay, because lines and cells carry meaning, as do three blanks in
    a row; other blanks become one space.
    """
    text = unicodedata.normalize("NFC", _NEWLINE.sub("\n", text[: 2 * longest]))
    text = _DROPPED.sub("", text.translate(_REPLACED))
    text = _AROUND_TAB.sub("\t", _SPACES.sub(" ", _COLUMN.sub("\t", text)))
    text = _BLANK_LINES.sub("\n\n", _AROUND_LINE.sub("\n", text))
    return text.strip()[:longest].rstrip()
