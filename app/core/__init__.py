"""What every room stands on."""

import sys

# httpx brings its own command line with it, and with that the colouring of some hundred languages:
# 9 MB in each of our processes. None says that there is no such module, which it is ready for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
