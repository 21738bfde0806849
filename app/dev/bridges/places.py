"""Settings that lead to the local providers; real credentials must never be sent to them."""

from collections.abc import Mapping
from typing import Final

from app.core.settings import ServerSettings
from app.dev.bridges.asgi import LocalProviders
from app.dev.bridges.front import PLACE

# The provider's folder there, and its word in the callback's path.
_NAMES: Final = {
    "LINKEDIN": ("linkedin", "linkedin"),
    "GOOGLE": ("google", "google-calendar"),
    "MICROSOFT": ("microsoft", "outlook"),
}


def local_providers(given: Mapping[str, str], address: str) -> tuple[str | None, dict[str, str]]:
    """The address, and the settings of each provider that has no client id of its own.

    Without any of them there is no address.
    """
    local = [name for name in _NAMES if f"{name}_CLIENT_ID" not in given]
    variables: dict[str, str] = {}
    for name in local:
        folder = _NAMES[name][0]
        place = LocalProviders().places[folder]
        variables |= place.variables(name, f"{address}/{folder}")
    if not local:
        return None, {}
    if "FRONTEND_URL" not in given:
        # Where a browser is sent at the end; a frontend of one's own is named by the setting.
        variables["FRONTEND_URL"] = f"{address}{PLACE}"
        if "CORS_ORIGINS" not in given:
            variables["CORS_ORIGINS"] = ",".join(
                (*ServerSettings.model_fields["cors_origins"].default, address)
            )
    return address, variables


def provider_redirects(made: Mapping[str, str], url: str) -> dict[str, str]:
    """Where the local providers send people back to, for an API at `url`."""
    return {
        f"{name}_REDIRECT_URI": f"{url}/api/v1/integrations/{word}/callback"
        for name, (_, word) in _NAMES.items()
        if f"{name}_CLIENT_ID" in made
    }
