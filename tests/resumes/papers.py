"""Small files in the formats that résumés come in, written here byte by byte."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing

import pypdfium2

Placed = tuple[float, float, str]
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(*pages: Sequence[Placed], dated: str = "D:20240615120000Z") -> bytes:
    """A PDF with text at places, in points from the lower left, drawn in the order given."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for page in pages:
        shown = "".join(
            f"BT /F1 10 Tf 1 0 0 1 {x} {y} Tm ({_escaped(text)}) Tj ET\n" for x, y, text in page
        ).encode("cp1252")
        objects.append(b"<< /Length %d >>\nstream\n%sendstream" % (len(shown), shown))
        font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
        objects.append(
            (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R"
                f" /Resources << /Font << /F1 {font} >> >> >>"
            ).encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    objects.append(f"<< /ModDate ({dated}) >>".encode())
    return _file(objects)


def lines(*texts: str, left: float = 72, top: float = 740) -> list[Placed]:
    """Lines below each other."""
    return [(left, top - 14 * at, text) for at, text in enumerate(texts)]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (len(objects) + 1, len(objects))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def docx(body: str, parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """A Word document with that body, and other parts beside it."""
    out = io.BytesIO()
    document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", document)
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    """A paragraph of one run."""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def broken_pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of those objects, the first of them its catalogue, with more in its trailer."""
    whole = _file([*objects, b"<< /Producer (tests) >>"])
    return whole.replace(b"trailer\n<<", b"trailer\n<< " + trailer)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def one_page(content: bytes, entries: bytes = b"") -> bytes:
    """A PDF of one page that shows that stream."""
    return broken_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            stream(content, entries),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 3 0 R >>",
        ]
    )


def scanned(content: bytes) -> bytes:
    """The pages of a PDF as pictures, as a scanner makes them."""
    with closing(pypdfium2.PdfDocument(content)) as document:
        pictures = [page.render(scale=200 / 72, grayscale=True).to_pil() for page in document]
    out = io.BytesIO()
    pictures[0].save(out, "PDF", save_all=True, append_images=pictures[1:], resolution=200)
    return out.getvalue()
