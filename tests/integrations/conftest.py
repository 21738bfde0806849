"""The stage of these tests."""

from tests.integrations.stage import _bridged_app, bridges, provider_server

__all__ = ["_bridged_app", "bridges", "provider_server"]
