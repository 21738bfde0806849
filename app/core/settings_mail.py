"""The settings of outgoing mail."""

from typing import Literal

from pydantic import SecretStr

from app.core.settings_base import Room, variable


class MailSettings(Room):
    """Outgoing mail; without SMTP_HOST mails wait, and /health says so."""

    smtp_host: str = variable("SMTP_HOST", "", "Mail server; empty: ./scripts/dev's own catcher")
    smtp_port: int = variable(
        "SMTP_PORT", 0, "Its port; 0: 587 for starttls, 465 for tls, 25 for none", ge=0, le=65535
    )
    smtp_username: str = variable("SMTP_USERNAME", "", "Login there, if it wants one")
    smtp_password: SecretStr = variable("SMTP_PASSWORD", "", "Its password")
    smtp_security: Literal["starttls", "tls", "none"] = variable(
        "SMTP_SECURITY", "starttls", "starttls, tls, or none in a network that is trusted"
    )
    smtp_timeout_seconds: float = variable(
        "SMTP_TIMEOUT_SECONDS", 20.0, "Longest time for handing one mail over", gt=0, le=25
    )
    mail_from: str = variable("MAIL_FROM", "no-reply@intake.example", "Address of the sender")
    mail_from_name: str = variable("MAIL_FROM_NAME", "Intake", "Name of the sender")

    @property
    def port(self) -> int:
        """The port that is set, else the usual one of the chosen security."""
        return self.smtp_port or {"starttls": 587, "tls": 465, "none": 25}[self.smtp_security]

    def faults(self, frontend_url: str, public_url: str = "") -> list[str]:
        """What production refuses once there is a mail server."""
        found = []
        if self.smtp_host and self.mail_from.endswith(".example"):
            found.append("MAIL_FROM must be an address of yours when SMTP_HOST is set")
        if self.smtp_host and not frontend_url.startswith("https://"):
            found.append("FRONTEND_URL must be https when SMTP_HOST is set: links hold tokens")
        if public_url and not public_url.startswith("https://"):
            found.append("PUBLIC_URL must be https: mail programs post to nothing else (RFC 8058)")
        return found
