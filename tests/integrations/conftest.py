"""The stage of these tests."""

from tests.integrations.stage import _bridged_app, _provider_server, bridges

__all__ = ["_bridged_app", "_provider_server", "bridges"]
