"""The message as it goes over the wire (RFC 5322), the same each time that one mail is built."""

from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Self

from email_validator import EmailNotValidError, validate_email

from app.core.settings_mail import MailSettings
from app.mail.models import Mail
from app.mail.rendering import Rendered


def wire_address(address: str) -> str:
    """The address for the envelope, with an ASCII domain where its local part allows that.

    Raises:
        ValueError: it is no address of one person.
    """
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        # The library's sentence repeats the address.
        raise ValueError("not an e-mail address") from None
    return found.ascii_email or found.normalized


class _Subject(str):
    """A subject that keeps its spaces: Python's own folding loses one between two encoded words."""

    __slots__ = ()
    name = "Subject"

    def __new__(cls, value: str) -> Self:
        if len(value.splitlines()) > 1:
            raise ValueError("a subject is one line")
        return super().__new__(cls, value)

    def fold(self, *, policy: Any) -> str:
        """The header as the library asks for it, in encoded words (RFC 2047) where it has to be."""
        charset = "us-ascii" if self.isascii() else "utf-8"
        folded = Header(str(self), charset, header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {folded}{policy.linesep}"


class _Whole(str):
    """A header in one line: Python would break a long address, and encode its pieces as words.

    RFC 5322 takes 998 characters.
    """

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, value: str) -> Self:
        if not value.isascii() or not value.isprintable() or " " in value or len(value) > 900:
            raise ValueError(f"{name} is no plain address")
        made = super().__new__(cls, value)
        made.name = name
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        """What makes a copy, as whoever sends the message does."""
        return self.name, str(self)

    def fold(self, *, policy: Any) -> str:
        """The header as the library asks for it."""
        return f"{self.name}: {self}{policy.linesep}"


def compose(
    mail: Mail, rendered: Rendered, settings: MailSettings, calendar: str = ""
) -> EmailMessage:
    """The message; its Message-ID and Date are the mail's own, so that a repeat is recognized.

    `calendar` is an iCalendar object that goes along, none when it is empty.

    Raises:
        ValueError: a header would hold a line break, or the address is none.
    """
    sender = wire_address(settings.mail_from)
    message = EmailMessage()
    message["From"] = Address(settings.mail_from_name, addr_spec=sender)
    message["To"] = wire_address(mail.recipient)
    message["Subject"] = _Subject(rendered.subject)
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    # No vacation notice is to answer it (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if rendered.one_click_url:
        message["List-Unsubscribe"] = _Whole("List-Unsubscribe", f"<{rendered.one_click_url}>")
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    if calendar:
        _enclose(message, calendar)
    # After the body: making it a multipart would take the header along into the first part.
    message["Content-Language"] = mail.language
    return message


def _enclose(message: EmailMessage, calendar: str) -> None:
    """The object twice: as another face of the mail, which calendars act on, and as a file.

    The type names the method (RFC 6047, 2.4); a program that finds them different shows a mere file.
    """
    method = calendar.partition("METHOD:")[2].split(None, 1)[0]
    message.add_alternative(calendar, subtype="calendar", params={"method": method})
    message.add_attachment(
        calendar, subtype="calendar", params={"method": method}, filename="invite.ics"
    )
