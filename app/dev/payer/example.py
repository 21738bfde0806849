"""The five rows of `examples/claims-5-rows.csv` and the claims that the local payer has for them.

Names, numbers and birth days are the same on every day; the days of service are some weeks before
today, so that a file without dates finds them in the last 90 days.
"""

from datetime import date, timedelta
from typing import Final

from app.dev.payer.book import SyntheticClaim

DEMO_TIN: Final = "123456789"
"""The demo organization's practice that the example's claims belong to."""
SECOND_DEMO_TIN: Final = "987654321"

EXAMPLE_CSV: Final = """\
claim_number,first_name,last_name,date_of_birth
FH88120001,Maria,Delgado,1984-03-12
fh-8812-0002,Maximiliane,Okafor,1959-11-02
FH88120003,Priya,Raman,1991-07-25
FH88129999,Jonas,Lindqvist,1976-01-30
FH88120004,Amelia,Novak,1990-13-45
"""
"""Found; found with a warning, because the payer cut the name; another person's claim; not found;
and a birth day that is none."""


def example_claims(today: date) -> tuple[SyntheticClaim, ...]:
    """What the payer holds for the example, with days of service before `today`."""
    paid, pending = ("Finalized", "F1"), ("Pending", "P1")
    maria = ("Maria", "Delgado", date(1984, 3, 12))
    maximiliane = ("Maximilian", "Okafor", date(1959, 11, 2))
    # The third row names this claim with another patient's birth day.
    priya = ("Priya", "Raman", date(1991, 7, 26))
    amelia = ("Amelia", "Novak", date(1990, 12, 15))
    return tuple(
        _claim(number, person, today - timedelta(days=age), cents, status)
        for number, person, age, cents, status in (
            ("FH88120001", maria, 12, 24_800, paid),
            ("FH88120002", maximiliane, 20, 118_050, pending),
            ("FH88120003", priya, 41, 61_200, paid),
            ("FH88120004", amelia, 48, 15_000, pending),
        )
    )


def _claim(
    number: str,
    person: tuple[str, str, date],
    day: date,
    cents: int,
    status: tuple[str, str],
) -> SyntheticClaim:
    decided = status[1] == "F1"
    return SyntheticClaim(
        claim_number=number,
        first_name=person[0],
        last_name=person[1],
        date_of_birth=person[2],
        service_from=day,
        service_to=day,
        charged_cents=cents,
        paid_cents=cents * 4 // 5 if decided else None,
        status=status[0],
        category=status[1],
        processed=day + timedelta(days=7) if decided else None,
        subscriber_id=f"800{number[-6:]}",
    )
