"""Which status may follow which, and by whose hand: the one table of it."""

from typing import Final, Literal

STAGES: Final = ("applied", "viewed", "shortlisted", "interview", "offer")
ENDED: Final = ("accepted", "rejected", "withdrawn")
STATUSES: Final = (*STAGES, *ENDED)
Party = Literal["applicant", "employer"]

ALLOWED: Final[dict[Party, dict[str, frozenset[str]]]] = {
    # Forward by any number of steps, or refused; an offer may be taken.
    "employer": {
        stage: frozenset(
            {*STAGES[at + 1 :], "rejected", *(("accepted",) if stage == "offer" else ())}
        )
        for at, stage in enumerate(STAGES)
    },
    "applicant": {stage: frozenset({"withdrawn"}) for stage in STAGES},
}


def is_allowed(party: Party, present: str, wanted: str) -> bool:
    """Whether `party` may move an application from one status to the other.

    What has ended (accepted, rejected, withdrawn) moves no more.
    """
    return wanted in ALLOWED[party].get(present, frozenset())
