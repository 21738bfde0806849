"""When a try is repeated, and when an endpoint is given up."""

import random
from typing import Final

# The pauses that Standard Webhooks 1.0 recommends: about three days in all.
PAUSES: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
TRIES: Final = len(PAUSES) + 1
_JITTER: Final = 0.2
_LONGEST_WISH: Final = 3_600.0
_FAILURES: Final = 10
_FAILING_SECONDS: Final = 86_400.0


def pause_after(attempt: int, wished: float = 0.0) -> float | None:
    """Seconds until the try after the `attempt`-th, or None when that was the last one.

    `wished` is the receiver's Retry-After in seconds; of it an hour at most is obeyed.
    """
    if attempt >= TRIES:
        return None
    spread = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load, guards nothing.
    return max(PAUSES[attempt - 1] * spread, min(wished, _LONGEST_WISH))


def is_given_up(failures: int, failing_seconds: float) -> bool:
    """Whether an endpoint is switched off: ten tries in a row failed, and for a day nothing else.

    Both, so that neither a short outage under many events nor one event in a quiet week does it.
    """
    return failures >= _FAILURES and failing_seconds >= _FAILING_SECONDS
