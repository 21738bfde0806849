"""What can go wrong with interviews."""

from app.core.problems import NotFound, Problem


class InterviewNotFound(NotFound):
    """No such interview, or one that is neither the caller's nor to the caller's jobs."""

    code = "interviews.not_found"
    title = "There is no such interview"
    hint = "Take the id from GET /api/v1/interviews."


class InterviewPast(Problem):
    """It would begin before now."""

    code = "interviews.in_the_past"
    status = 422
    title = "The interview would begin in the past"
    hint = "Send a starts_at that lies ahead; a time without an offset is read in timezone."


class InterviewTooFar(Problem):
    """It would begin so late that nobody can mean it."""

    code = "interviews.too_far_ahead"
    status = 422
    title = "The interview would begin more than two years ahead"
    hint = "Check the year of starts_at."


class InterviewEndBeforeStart(Problem):
    """It would be over when it begins."""

    code = "interviews.end_before_start"
    status = 422
    title = "The interview would end before it begins"
    hint = "Send an ends_at after starts_at."


class InterviewTooLong(Problem):
    """It would last longer than a day."""

    code = "interviews.too_long"
    status = 422
    title = "The interview would last more than 24 hours"
    hint = "Schedule one interview for each day."


class TimezoneUnknown(Problem):
    """A time zone that neither the IANA list nor Windows has."""

    code = "interviews.timezone_unknown"
    status = 422
    title = "There is no such time zone"
    hint = "Send an IANA name like Europe/Paris, or the name that Windows has for the zone."


class TimeSkipped(Problem):
    """A time of the wall clock that is left out when the clocks go forward."""

    code = "interviews.time_skipped"
    status = 422
    title = "The clocks go forward over that time"
    hint = "Send a time an hour later, or one with its offset from UTC."


class InterviewDuplicate(Problem):
    """The application has another interview that begins at the same time."""

    code = "interviews.duplicate"
    status = 409
    title = "The application has an interview at that time"
    hint = "Change that one with PATCH /api/v1/interviews/{id}."


class InterviewCancelled(Problem):
    """It does not take place, so that it can neither move nor be answered."""

    code = "interviews.cancelled"
    status = 409
    title = "The interview was cancelled"
    hint = "Schedule another one with POST /api/v1/interviews."


class InterviewOver(Problem):
    """It has begun or taken place."""

    code = "interviews.over"
    status = 409
    title = "The interview has begun already"
    hint = "Schedule another one with POST /api/v1/interviews."


class InterviewApplicationEnded(Problem):
    """Nobody is interviewed for an application that is accepted, rejected or withdrawn."""

    code = "interviews.application_ended"
    status = 409
    title = "The application has ended"
    hint = "What is accepted, rejected or withdrawn moves no more and takes no interviews."


class ResponseLinkInvalid(Problem):
    """The token of an answer was not made here, was changed, or its time is over."""

    code = "interviews.link_invalid"
    status = 400
    title = "This link does not open anything, or not any more"
    hint = "Take the link of the newest mail, or sign in and answer there."


class ResponseLinkOutdated(Problem):
    """The interview was moved after the mail with this link."""

    code = "interviews.link_outdated"
    status = 409
    title = "The interview has been moved since"
    hint = "Take the link of the newest mail: it names the new time."
