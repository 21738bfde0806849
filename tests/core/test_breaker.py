"""The circuit breaker, by a clock in the test's hand."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.breaker import Breaker


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_failures_in_a_row_open_it_and_one_success_closes_it() -> None:
    clock = Clock()
    breaker = Breaker(threshold=3, pause_seconds=5.0, clock=clock)
    for failed in (True, True, False, True, True):
        breaker.failed() if failed else breaker.succeeded()
    assert breaker.admit() == 0.0
    breaker.failed()
    assert breaker.is_open
    assert breaker.admit() == 5.0
    clock.at = 4.0
    assert breaker.admit() == 1.0
    clock.at = 5.0
    assert breaker.admit() == 0.0
    assert breaker.admit() == 5.0
    breaker.failed()
    assert breaker.admit() == 5.0
    breaker.succeeded()
    assert not breaker.is_open
    assert breaker.admit() == 0.0


@given(st.lists(st.floats(0.0, 2.0), max_size=60))
def test_while_open_at_most_one_call_a_pause(steps: list[float]) -> None:
    clock = Clock()
    breaker = Breaker(threshold=1, pause_seconds=5.0, clock=clock)
    breaker.failed()
    admitted = []
    for step in steps:
        clock.at += step
        if breaker.admit() == 0.0:
            admitted.append(clock.at)
            breaker.failed()
    assert all(
        later - earlier >= 5.0 for earlier, later in zip([0.0, *admitted], admitted, strict=False)
    )
