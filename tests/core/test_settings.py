"""Settings: what production refuses, what is read, what never shows."""

import pytest
from pydantic import SecretStr, ValidationError

from app.core.settings import AuthSettings, ServerSettings, Settings, load_settings

GOOD = {
    "DATABASE_URL": "postgresql://intake:pw@db/intake",
    "REDIS_URL": "redis://cache/0",
    "SECRET_KEY": "Zk3-vQ9_tY7.wX1!mN5?bL8+cR2=dF6*",
    "ENVIRONMENT": "production",
    "CORS_ORIGINS": "https://a.example, https://b.example/",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_whole_environment_is_read(production: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.server.cors_origins == ("https://a.example", "https://b.example")
    assert settings.database.url.get_secret_value() == GOOD["DATABASE_URL"]


def test_variables_that_are_not_ours_are_left_alone(production: pytest.MonkeyPatch) -> None:
    for name in ("REDIS", "CLAIMS", "AUTH", "SERVER"):
        production.setenv(name, "somebody else's")
    assert load_settings().redis.url.get_secret_value() == GOOD["REDIS_URL"]


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY"])
def test_a_missing_secret_is_named(production: pytest.MonkeyPatch, name: str) -> None:
    production.delenv(name)
    with pytest.raises(ValidationError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY_PREVIOUS", f"{GOOD['SECRET_KEY']},short"),
        ("ENCRYPTION_KEYS", f"zeros:{'A' * 43}="),
        ("SUPERUSER_PASSWORD", "tooshort"),
        ("CORS_ORIGINS", "*"),
        ("RATE_LIMITS", "off"),
        ("PUBLIC_URL", "http://api.intake.example"),
    ],
)
def test_production_refuses_what_is_weak(
    production: pytest.MonkeyPatch, name: str, value: str
) -> None:
    production.setenv(name, value)
    with pytest.raises(ValidationError, match=name) as caught:
        load_settings()
    assert value not in str(caught.value.errors(include_input=False)) or value == "*"


@pytest.mark.parametrize("value", ["no-colon", "new:AAAA", f"a b:{'Z' * 43}=", "new:!"])
def test_malformed_keys_are_refused_everywhere(production: pytest.MonkeyPatch, value: str) -> None:
    production.setenv("ENVIRONMENT", "development")
    production.setenv("ENCRYPTION_KEYS", value)
    with pytest.raises(ValidationError, match="ENCRYPTION_KEYS") as caught:
        load_settings()
    assert value not in str(caught.value)


def test_production_mails_under_its_own_name_and_links_to_its_own_pages(
    production: pytest.MonkeyPatch,
) -> None:
    production.setenv("SMTP_HOST", "mail.intake.test")
    with pytest.raises(ValidationError, match=r"MAIL_FROM.*FRONTEND_URL"):
        load_settings()
    production.setenv("MAIL_FROM", "no-reply@intake.test")
    production.setenv("FRONTEND_URL", "https://intake.test")
    assert load_settings().mail.port == 587


def test_development_starts_with_a_weak_secret(production: pytest.MonkeyPatch) -> None:
    production.setenv("ENVIRONMENT", "development")
    production.setenv("SECRET_KEY", "short")
    assert load_settings().auth.secret_key.get_secret_value() == "short"


def test_settings_are_frozen_and_hide_secrets(settings: Settings) -> None:
    with pytest.raises(ValidationError):
        settings.server.port = 1  # type: ignore[misc]
    shown = repr(
        Settings(
            auth=AuthSettings(secret_key=SecretStr("hush-" * 8)),
            server=ServerSettings(),
            database=settings.database,
            redis=settings.redis,
        )
    )
    assert "hush" not in shown
