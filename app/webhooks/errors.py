"""What can go wrong with webhooks."""

from app.core.problems import Problem


class WebhookNotFound(Problem):
    """There is no such endpoint, or it is another organization's."""

    code = "webhooks.not_found"
    status = 404
    title = "There is no such webhook"
    hint = (
        "GET /api/v1/webhooks lists your organization's; others answer as if they were not there."
    )


class DeliveryNotFound(Problem):
    """The endpoint has no such delivery; they are kept for 30 days."""

    code = "webhooks.delivery_not_found"
    status = 404
    title = "There is no such delivery"
    hint = "GET /api/v1/webhooks/{id}/deliveries lists what is kept: the last 30 days."


class UrlRefused(Problem):
    """The address cannot be posted to from here."""

    code = "webhooks.url_refused"
    status = 422
    title = "Events are not sent to this address"
    hint = "Give an https address of a public host, without a user name, a password or a fragment."


class TooManyEndpoints(Problem):
    """The organization has as many endpoints as one may have."""

    code = "webhooks.too_many"
    status = 409
    title = "Your organization has as many webhooks as it may have"
    hint = "Delete one that is not used any more, or let one address take several events."


class EndpointInactive(Problem):
    """The endpoint is switched off, so nothing is sent to it."""

    code = "webhooks.inactive"
    status = 409
    title = "This webhook is switched off"
    hint = "disabled_reason says why; PATCH it with is_active true once the receiver is well."


class RotationOpen(Problem):
    """An earlier rotation's secret still signs."""

    code = "webhooks.rotation_open"
    status = 409
    title = "The previous secret still signs beside the present one"
    hint = (
        "Wait until previous_secret_until, or send keep_previous_hours 0: then both old secrets"
        " end at once, which is right after a leak."
    )
