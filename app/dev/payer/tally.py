"""What the local payer was asked: the figures of GET /_sandbox/calls."""

import time
from collections import Counter
from typing import Any, Final

_MOST_KEYS: Final = 20_000


class Tally:
    """Counts since the start or the last reset."""

    def __init__(self) -> None:
        self.calls = 0
        self.token_calls = 0
        self.claim_calls = 0
        """Questions about the details or the payments of one claim; not among `calls`."""
        self.claims = 0
        self.in_flight = 0
        self.max_in_flight = 0
        self.statuses: Counter[int] = Counter()
        self.codes: Counter[str] = Counter()
        self.windows: Counter[str] = Counter()
        self.seconds: Counter[int] = Counter()
        self._questions: Counter[int] = Counter()

    @property
    def all_calls(self) -> int:
        """Questions of either kind."""
        return self.calls + self.claim_calls

    def begin(self, *, is_search: bool = True) -> None:
        """A call arrives."""
        self.calls += is_search
        self.claim_calls += not is_search
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self.seconds[int(time.time())] += 1

    def end(self, status: int) -> None:
        """It was answered; status 0 means that it got no answer."""
        self.in_flight -= 1
        self.statuses[status] += 1

    def asked(self, window: str, question: int) -> int:
        """Note what it asks; returns how often the same was asked before."""
        if len(self.windows) < _MOST_KEYS or window in self.windows:
            self.windows[window] += 1
        before = self._questions[question]
        self._questions[question] = before + 1
        return before

    def report(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        repeats = self._questions.values()
        return {
            "calls": self.calls,
            "token_calls": self.token_calls,
            "claim_calls": self.claim_calls,
            "claims": self.claims,
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "by_status": {str(status): count for status, count in self.statuses.items()},
            "by_code": dict(self.codes),
            "by_window": dict(self.windows),
            "by_second": {str(second): count for second, count in self.seconds.items()},
            "questions": len(repeats),
            "repeated_calls": self.calls_repeated(),
            "most_repeats": max(repeats, default=1) - 1,
        }

    def calls_repeated(self) -> int:
        """Calls that asked what had been asked before."""
        return sum(self._questions.values()) - len(self._questions)
