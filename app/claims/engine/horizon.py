"""Which days are searched for a row: the form's dates, its own, or the last ninety days."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.claims.engine.days import Span
from app.claims.matching import SERVICE_SLACK

DEFAULT_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days that the payer answers for, and the job's own dates inside them.

    `base` is searched for rows without dates of their own; it is None when the form's dates lie
    wholly outside of what the payer answers for.
    """

    limits: Span
    form: Span | None
    base: Span | None

    def of(self, service_from: date | None, service_to: date | None) -> Span | None:
        """The days to search for a row with these service dates.

        A row's own dates are widened by the slack that matching counts on. Where the form's dates
        contain them, they bound the search; where not, the row is searched on its own dates.
        """
        if service_from is None:
            return self.base
        own = Span(service_from, service_to or service_from)
        wide = own.wider(SERVICE_SLACK)
        if self.form is not None and self.form.covers(own):
            wide = wide.within(self.form) or own
        return wide.within(self.limits)


def horizon(start: date | None, end: date | None, *, today: date, lookback_days: int) -> Horizon:
    """The horizon of a job with the form's dates `start` and `end`, each of which may be missing."""
    limits = Span(today - timedelta(days=lookback_days), today)
    if start is None and end is None:
        return Horizon(limits, None, Span(today - timedelta(days=DEFAULT_DAYS - 1), today))
    last = end or today
    first = start or last - timedelta(days=DEFAULT_DAYS - 1)
    form = Span(first, last).within(limits) if first <= last else None
    return Horizon(limits, form, form)
