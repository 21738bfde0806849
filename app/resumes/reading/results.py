"""What reading a résumé gives: a text with where it came from, or the typed reason why not."""

from datetime import date
from typing import Final, Literal

import msgspec

Kind = Literal["pdf", "docx", "txt"]
FailureCode = Literal[
    "resume.type_not_supported",
    "resume.encrypted",
    "resume.damaged",
    "resume.no_text_layer",
    "resume.no_text",
    "resume.too_large",
    "resume.too_demanding",
]
Caution = Literal[
    "layout.reordered",
    "text.cut",
    "pages.cut",
    "text.unmapped_glyphs",
    "text.recognized",
    "text.in_pictures",
    "text.encoding_guessed",
]

CONTENT_TYPES: Final[dict[Kind, str]] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain",
}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A résumé's text in reading order.

    Lines end in a newline, cells that stand apart on one line in a tab. `pages` is None where the
    format does not say. `links` are the addresses behind the text, which it need not spell out.
    `document_date` is what the file says of its own last change.
    """

    kind: Kind
    text: str
    reader: Literal["pdfium", "pdfminer", "docx", "text", "tesseract"]
    pages: int | None = None
    links: tuple[str, ...] = ()
    document_date: date | None = None
    cautions: tuple[Caution, ...] = ()

    @property
    def content_type(self) -> str:
        """The media type by content, whatever the upload called it."""
        return CONTENT_TYPES[self.kind]


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """Why a file has no text, in the shape of a résumé's `error`."""

    code: FailureCode
    message: str
    hint: str


_REASONS: Final[dict[FailureCode, tuple[str, str]]] = {
    "resume.type_not_supported": (
        "The file is not a PDF, a Word document (.docx) or plain text.",
        "Save the résumé as PDF or .docx and upload it again.",
    ),
    "resume.encrypted": (
        "The file is protected by a password.",
        "Remove the password, or print the résumé to a new PDF, and upload that.",
    ),
    "resume.damaged": (
        "The file is damaged, or was not written to its end.",
        "Open it in the program that made it, save it again, and upload the new file.",
    ),
    "resume.no_text_layer": (
        "The pages are pictures, such as a scan or a photo, and hold no text.",
        "Upload the document that was printed, or a scan with recognized text.",
    ),
    "resume.no_text": (
        "The file holds no text.",
        "Check that it is the right file and that it is not empty.",
    ),
    "resume.too_large": (
        "The file is too large when it is unpacked.",
        "Leave out embedded pictures and attachments, or print the résumé to PDF.",
    ),
    "resume.too_demanding": (
        "Reading the file took more time or memory than one résumé may.",
        "Print the résumé to a new PDF and upload that.",
    ),
}


def unreadable(code: FailureCode) -> Unreadable:
    """The failure of that code with its words."""
    message, hint = _REASONS[code]
    return Unreadable(code=code, message=message, hint=hint)


class CannotRead(Exception):
    """Raised inside the readers only; `read` turns it into an `Unreadable`."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code)
        self.code: FailureCode = code


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a file is read; what goes beyond is cut or refused, never followed."""

    pages: int = 50
    characters: int = 2_000_000
    archive_entries: int = 2_000
    archive_bytes: int = 100_000_000
    archive_part_bytes: int = 30_000_000
    archive_ratio: int = 100
    xml_depth: int = 256
    xml_elements: int = 500_000
    links: int = 200


LIMITS: Final = Limits()
