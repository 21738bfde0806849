"""What can go wrong with integrations. Texts of providers go no further than their codes."""

from app.core.problems import NotFound, Problem


class ProviderUnknown(NotFound):
    """The path names none of the providers."""

    code = "integrations.provider_unknown"
    title = "There is no such integration"
    hint = "Use linkedin, google-calendar or outlook."


class NotConfigured(Problem):
    """This installation has no application registered with the provider."""

    code = "integrations.not_configured"
    status = 503
    title = "This integration is not set up here"
    hint = "Whoever runs this server registers an application with the provider and sets its id."


class NotConnected(Problem):
    """The person has not connected their account, or has to connect it again."""

    code = "integrations.not_connected"
    status = 403
    title = "Your account with this provider is not connected"
    hint = "Connect it: GET /api/v1/integrations/{provider}/auth-url, then open auth_url."


class PermissionMissing(Problem):
    """The account may not do this, or its owner has not allowed it."""

    code = "integrations.permission_missing"
    status = 403
    title = "The provider does not let this account do that"
    hint = "Connect the account again with every box ticked, or use one that may do it."


class ProviderUnavailable(Problem):
    """The provider did not answer, answered with a fault of its own, or is left alone for a while."""

    code = "integrations.provider_unavailable"
    status = 503
    title = "The provider does not answer right now"
    hint = "Send the same request again after the time in Retry-After; nothing is made twice."


class ProviderBusy(Problem):
    """The provider's limit on calls is used up."""

    code = "integrations.provider_busy"
    status = 503
    title = "The provider has had too many requests"
    hint = "Send the same request again after the time in Retry-After; nothing is made twice."


class ProviderRefused(Problem):
    """The provider says that the request makes no sense to it."""

    code = "integrations.provider_refused"
    status = 502
    title = "The provider refused the request"
    hint = "Check what was sent, addresses and times first; the detail has the provider's own code."


class Misconfigured(Problem):
    """The provider does not accept this installation's own credentials."""

    code = "integrations.misconfigured"
    status = 503
    title = "This integration is set up wrongly here"
    hint = "Not your doing: whoever runs this server checks client id, secret and allowed APIs."


class EventElsewhere(Problem):
    """The interview has an event in another calendar already."""

    code = "integrations.event_elsewhere"
    status = 409
    title = "The interview stands in another calendar already"
    hint = "Move or cancel the interview itself; the calendar that has it follows."


class JobNotOpen(Problem):
    """Only jobs that everybody may see are shared."""

    code = "integrations.job_not_open"
    status = 409
    title = "The job is not open, so nobody could follow the link"
    hint = "Publish the job first: PUT its status to active."


class PostInProgress(Problem):
    """The same post is being sent by another request."""

    code = "integrations.post_in_progress"
    status = 409
    title = "The same post is being sent right now"
    hint = "Wait for the time in Retry-After, then send the same request again for its answer."


class SpanInvalid(Problem):
    """A span of time that ends before it begins, or is longer than two months."""

    code = "integrations.span_invalid"
    status = 422
    title = "The span of time makes no sense"
    hint = "Send an ends_at after starts_at, 62 days later at the most."
