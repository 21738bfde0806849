"""Headers of files that people save."""

from urllib.parse import quote


def attachment(name: str) -> dict[str, str]:
    """RFC 6266: a plain name for old readers, the true one for all others; kept in no cache."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    plain = plain.replace('"', "'").replace("\\", "_")
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
    }
