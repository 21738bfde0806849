"""A mail server in the loop of a test: keeps what it is given and answers as it is told."""

import asyncio
import email
import email.policy
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from app.core.clock import now
from app.core.settings import Settings
from app.core.settings_mail import MailSettings


@dataclass
class PostOffice:
    """What came in, and what is answered next to MAIL, RCPT and DATA."""

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    recipient_answer: str = "250 OK"
    data_answer: str = "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        policy = email.policy.default
        contents = [one.content for one in self.envelopes]
        return [email.message_from_bytes(cast("bytes", one), policy=policy) for one in contents]

    async def handle_RCPT(  # noqa: N802 - the library's name.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(  # noqa: N802 - the library's name.
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data_answer.startswith("2"):
            self.envelopes.append(envelope)
        return self.data_answer


@asynccontextmanager
async def open_post_office(**options: Any) -> AsyncIterator[PostOffice]:
    """A server on a free port of this machine."""
    office = PostOffice()

    def serve() -> SMTP:
        return SMTP(office, hostname="post.test", **{"enable_SMTPUTF8": True, **options})

    server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()


def with_mail(settings: Settings, port: int, **changes: Any) -> Settings:
    """Settings that lead to a server on this port of this machine."""
    mail = MailSettings(
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_security=changes.pop("security", "none"),
        smtp_password=SecretStr(changes.pop("password", "")),
        mail_from=changes.pop("mail_from", "no-reply@intake.test"),
        **changes,
    )
    return settings.model_copy(update={"mail": mail})


def own_certificate(path: Path) -> ssl.SSLContext:
    """A server's context with a certificate for 127.0.0.1 that it has signed itself, also at `path`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post.test")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
