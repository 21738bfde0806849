"""No body may carry what decides about rights: walked over every input model of the application."""

from collections.abc import Iterator
from importlib import import_module

import pytest

from app.core.schema import In

# The route table imports every room, and with it every model.
import_module("app.api")

FORBIDDEN = {
    "id",
    "user_id",
    "owner_id",
    "organization_id",
    "tenant_id",
    "role",
    "status",
    "auth_provider",
    "password_hash",
    "created_at",
    "updated_at",
}
# Each of these is guarded by its service; the access table shows by whom.
GUARDED = {
    ("UserPatch", "role"),
    ("UserPatch", "is_active"),
    ("MemberIn", "role"),
    ("MemberPatch", "role"),
    ("PracticePatch", "is_active"),
    ("JobIn", "status"),
    ("JobPatch", "status"),
    ("ApplicationPut", "status"),
    ("BulkMoveIn", "status"),
    ("WebhookPatch", "is_active"),
    # It filters public jobs.
    ("FiltersIn", "organization_id"),
}


def inputs(base: type[In] = In) -> Iterator[type[In]]:
    """Every model of the application that reads a request."""
    for model in base.__subclasses__():
        if model.__module__.startswith("app."):
            yield model
        yield from inputs(model)


def test_no_input_decides_about_rights() -> None:
    found = {
        (model.__name__, name)
        for model in inputs()
        for name in model.model_fields
        if name in FORBIDDEN or name.startswith("is_")
    }
    assert found - GUARDED == set()
    assert found >= GUARDED


@pytest.mark.parametrize("model", sorted(set(inputs()), key=str))
def test_every_input_refuses_or_ignores_unknown_fields(model: type[In]) -> None:
    assert model.model_config.get("extra") in {"forbid", "ignore"}
    if model.model_config["extra"] == "ignore":
        assert model.__name__ == "LoginForm", "only the form of OAuth 2.0 brings fields of its own"
