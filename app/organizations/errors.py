"""What can go wrong with organizations and their members."""

from app.core.problems import Problem


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
