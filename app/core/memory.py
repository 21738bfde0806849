"""Python's garbage collector in processes that live long."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# Objects made, less those gone again, until the youngest are looked through. Python's own 700 is
# met several times in each batch of rows; nearly all of what we make goes by its reference count.
_YOUNG: Final = 20_000


@contextmanager
def loading() -> Iterator[None]:
    """Leave the collector off while modules load: nothing goes then, and looking takes a fifth."""
    # httpx brings its own command line along, and with that the colouring of some hundred languages:
    # 9 MB a process. None says that there is no such module, which it is ready for.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Leave alone for ever what has been loaded by now; called once, when a process is ready.

    A full collection looks at each object that there is, and of those of a loaded application,
    some hundred thousand, hardly any ever goes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
