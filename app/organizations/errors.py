"""What can go wrong with organizations and their members."""

from app.core.problems import NotFound, Problem


class OrganizationRequired(Problem):
    """The route works inside an organization and the caller is in none, or not in the named one."""

    code = "organization.required"
    status = 403
    title = "This needs an organization that you belong to"
    hint = (
        "Create one with POST /api/v1/organizations or ask an admin to add you;"
        " a superuser names one in the header X-Organization (id or alias)."
    )


class OrganizationAmbiguous(Problem):
    """The caller belongs to several organizations and did not say which one is meant."""

    code = "organization.ambiguous"
    status = 403
    title = "You belong to several organizations"
    hint = "Name the one that you mean in the header X-Organization, by its id or its alias."


class AlreadyMember(Problem):
    """A person belongs to one organization at a time."""

    code = "organization.already_member"
    status = 409
    title = "This person belongs to an organization already"
    hint = "They have to leave it first: DELETE /api/v1/organizations/me/members/{user_id}."


class PersonUnknown(Problem):
    """No active account has this address."""

    code = "organization.person_unknown"
    status = 404
    title = "Nobody with this e-mail address has an account"
    hint = "Ask the person to register first, then add them."


class LogoMissing(Problem):
    """The form has no file, or an empty one."""

    code = "organizations.logo_missing"
    status = 422
    title = "The form holds no picture"
    hint = "Send multipart/form-data with the picture in the field `logo`."


class LogoType(Problem):
    """The content is none of the formats, whatever its name says, or it is damaged."""

    code = "organizations.logo_type"
    status = 415
    title = "The logo is not a picture that can be read"
    hint = "Send a PNG, JPEG, WebP or GIF; SVG is not taken, because it can hold programs."


class LogoPixels(Problem):
    """The picture has more pixels than any logo needs."""

    code = "organizations.logo_pixels"
    status = 422
    title = "The picture has more than 25 million pixels"
    hint = "Make it smaller; it is shown with 512 pixels a side at most."


class LogoTooLarge(Problem):
    """More bytes than MAX_LOGO_MB."""

    code = "organizations.logo_too_large"
    status = 413
    title = "The logo is too large"
    hint = "Make the picture smaller; it is shown with 512 pixels a side at most."


class LogoNotFound(NotFound):
    """The organization has no logo, or there is no such organization."""

    code = "organizations.logo_not_found"
    title = "There is no logo here"
    hint = "Show the organization's name instead; logo_url of an organization is null without one."


class InviteInvalid(Problem):
    """An invitation's link was used, taken back or replaced by a newer one, or is too old."""

    code = "organization.invite_invalid"
    status = 400
    title = "This invitation does not open anything any more"
    hint = "Ask an admin of the organization to invite you again; only the newest link counts."


class InviteForAnother(Problem):
    """The invitation went to another address than that of the signed-in account."""

    code = "organization.invite_for_another"
    status = 403
    title = "This invitation is for another address"
    hint = "Sign in with the account of the invited address, or register with it by the link."
