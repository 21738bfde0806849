"""The one file that speaks SMTP."""

import asyncio
import ssl
from email.message import EmailMessage

import aiosmtplib

from app.core.settings_mail import MailSettings
from app.core.telemetry import call_span


class PutOff(Exception):
    """The server is away, busy or set up wrongly; the same mail can go later. Holds a code."""


class Refused(Exception):
    """The server will never take this mail. Holds a code."""


async def transmit(settings: MailSettings, message: EmailMessage) -> None:
    """Hand one message to the server, within SMTP_TIMEOUT_SECONDS in all.

    Only what concerns this recipient or this content is final; a refused login, sender or greeting
    is the installation's own fault, which somebody will mend.

    Raises:
        PutOff: try again later.
        Refused: do not.
    """
    try:
        with call_span("smtp send", server__address=settings.smtp_host):
            async with asyncio.timeout(settings.smtp_timeout_seconds), _client(settings) as client:
                await _hand_over(client, message)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise PutOff(f"smtp.login_refused_{error.code}") from None
    except aiosmtplib.SMTPResponseException as error:
        raise PutOff(f"smtp.{error.code}") from None
    except ssl.SSLError:
        raise PutOff("smtp.certificate") from None
    except TimeoutError:
        raise PutOff("smtp.timeout") from None
    except OSError:
        raise PutOff("smtp.unreachable") from None
    except (aiosmtplib.SMTPException, ValueError):
        # STARTTLS or a login is asked for, and the server offers neither the one nor the other.
        raise PutOff("smtp.not_offered") from None


def _client(settings: MailSettings) -> aiosmtplib.SMTP:
    password = settings.smtp_password.get_secret_value()
    return aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.port,
        username=settings.smtp_username or None,
        password=password or None,
        use_tls=settings.smtp_security == "tls",
        start_tls=settings.smtp_security == "starttls",
        timeout=settings.smtp_timeout_seconds,
        # The machine's own name would be looked up, and is nobody's business.
        local_hostname=settings.mail_from.rpartition("@")[2].encode("idna").decode(),
    )


async def _hand_over(client: aiosmtplib.SMTP, message: EmailMessage) -> None:
    try:
        await client.send_message(message)
    except aiosmtplib.SMTPNotSupported:
        # The address has letters that this server cannot write (RFC 6531).
        raise Refused("smtp.address_not_supported") from None
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _verdict(error.recipients[0]) from None
    except aiosmtplib.SMTPDataError as error:
        raise _verdict(error) from None


def _verdict(error: aiosmtplib.SMTPResponseException) -> PutOff | Refused:
    kind = Refused if error.code >= 500 else PutOff
    return kind(f"smtp.{error.code}")
