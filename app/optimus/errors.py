"""What can go wrong when numbers are asked for."""

from app.core.problems import Problem


class RangeInvalid(Problem):
    """The dates are in the wrong order, or further apart than is counted at once."""

    code = "optimus.range"
    status = 422
    title = "These dates make no range"
    hint = "Send `from` and `to` as YYYY-MM-DD, `from` first, at most two years apart."


class TimezoneUnknown(Problem):
    """A time zone that the IANA database does not know."""

    code = "optimus.timezone"
    status = 422
    title = "There is no such time zone"
    hint = "Send an IANA name, such as Europe/Paris."
