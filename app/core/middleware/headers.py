"""One header of a request without an object around them all: the layers look at each request."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """The first header `name` (lower case), or an empty string."""
    for known, value in scope["headers"]:
        if known == name:
            return str(value.decode("latin-1"))
    return ""


def media_type(scope: Scope) -> str:
    """The declared type of the body in lower case, without its parameters."""
    return header(scope, b"content-type").partition(";")[0].strip().lower()
