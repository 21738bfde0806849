"""What can go wrong with notifications."""

from app.core.problems import NotFound, Problem


class NotificationNotFound(NotFound):
    """No such notification, or another person's."""

    code = "notifications.not_found"
    title = "There is no such notification"
    hint = "Take the id from GET /notifications; old ones are removed after 180 days."


class KindUnknown(Problem):
    """A preference for something that nobody is ever told."""

    code = "notifications.kind_unknown"
    status = 422
    title = "There is no such kind of notification"
    hint = "GET /notifications/preferences lists the kinds."


class TimeZoneUnknown(Problem):
    """A time zone that the IANA database does not have."""

    code = "notifications.time_zone_unknown"
    status = 422
    title = "There is no such time zone"
    hint = "Send a name of the IANA time zone database, such as Europe/Paris, or null for UTC."


class LetterUnknown(NotFound):
    """A mail that is never sent."""

    code = "notifications.letter_unknown"
    title = "There is no such mail"
    hint = "GET /notifications/templates lists the mails whose words can be changed."


class LetterRefused(Problem):
    """A text that cannot be sent to applicants as it is."""

    code = "notifications.letter_refused"
    status = 422
    title = "The text has a placeholder or a link that it may not have"
    hint = "See errors; the placeholders are {candidate_name}, {job_title} and {company}."
