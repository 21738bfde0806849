"""Who a token speaks for, in the same words for every issuer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a token that was found true.

    `provider` names the rule set that verified it, `subject` is the issuer's own id of the person
    (for our own tokens the user's id), `session` the refresh family that the token came from.
    """

    provider: str
    subject: str
    session: str
    expires_at: int
