"""Why a whole file waits, or could not run: a code for programs, and a sentence for people."""

from typing import Final, Literal, NamedTuple

Code = Literal[
    "file.no_worker",
    "file.unplanned",
    "payer.not_configured",
    "payer.refuses_credentials",
    "payer.gone_unreadable",
    "payer.silent",
    "payer.slowed",
    "payer.throttling",
]


class Why(NamedTuple):
    """Why a file does not go on; `{until}` in the words becomes the end of its retry window."""

    code: Code
    words: str


PLAN_DEATHS: Final = 10
"""A plan has no parts: it is tried carefully after a few deaths, and given up only after so many,
because nothing of the job could run and a few deploys in a row must not end it."""
UNPLANNED: Final = Why(
    "file.unplanned",
    f"Preparing this file ended its worker {PLAN_DEATHS} times, so no row was asked for. Tell an"
    " operator; once the fault is mended, a retry runs the rows.",
)


def unconnected(code: str) -> Why:
    """No such payer is known to this server."""
    return Why("payer.not_configured", f"The payer {code} is not connected to this server.")


def not_set_up(name: str) -> Why:
    """The payer has no credentials here."""
    return Why(
        "payer.not_configured",
        f"{name} is not set up on this server: an operator has to set its"
        " client id and secret. Retry the job afterwards.",
    )


def refused(name: str, every_seconds: float) -> Why:
    """The payer does not take this server's credentials."""
    return Why(
        "payer.refuses_credentials",
        f"{name} refuses the credentials of this server. An operator has to correct them; the"
        f" job goes on by itself and tries every {every_seconds:.0f} seconds.",
    )


def slowed(name: str) -> Why:
    """All workers ask the payer less often for a while, because it wanted that."""
    return Why("payer.slowed", f"{name} asks for fewer questions; going on slowly, by itself.")


def throttling(name: str) -> Why:
    """The payer turned this very question away."""
    return Why(
        "payer.throttling",
        f"{name} asks for fewer questions; going on slowly, retrying until {{until}}.",
    )


def unreadable(name: str) -> Why:
    """The payer answers, but nothing that can be read."""
    return Why(
        "payer.gone_unreadable",
        f"{name} gives answers that cannot be read; retrying until {{until}}.",
    )


def silent(name: str) -> Why:
    """The payer does not answer."""
    return Why("payer.silent", f"{name} does not answer; retrying until {{until}}.")
