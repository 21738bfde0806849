"""Other work of the program in `sandboxed`, which asks for it after its first."""

import os

_LOADED_BY = os.getpid()


def loaded_by(_content: bytes) -> bytes:
    """Who has loaded this module."""
    return b"the child" if os.getpid() == _LOADED_BY else b"the server"
