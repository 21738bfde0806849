"""Telling an organization's admins that one of their webhooks has been switched off by itself."""

from typing import Final
from urllib.parse import urlsplit

from app.core.audit import Entry, record
from app.core.db import WriteSession
from app.core.log import logger
from app.mail import service as mail
from app.mail.languages import USUAL
from app.organizations import service as organizations
from app.webhooks.queries.deliveries import Leased

TEMPLATE: Final = "webhook_disabled"


async def tell_disabled(session: WriteSession, leased: Leased, reason: str) -> None:
    """Note it in the audit log and write to every admin who has an address.

    The caller's transaction is the one that switches off, which happens once.
    """
    subject = "webhook", str(leased.endpoint_id)
    entry = Entry("webhooks.disabled", None, leased.organization_id, *subject, {"reason": reason})
    record(session, entry)
    logger.warning("webhooks.disabled", endpoint_id=leased.endpoint_id, reason=reason)
    name, addresses = await organizations.admins(session, organization_id=leased.organization_id)
    # The host alone: what stands behind it may be a secret of the receiver's.
    context = {
        "organization": name,
        "host": urlsplit(leased.url).hostname or "",
        "cause": reason,
        "webhook_id": str(leased.endpoint_id),
    }
    for address in addresses:
        try:
            await mail.send(session, template=TEMPLATE, to=address, language=USUAL, context=context)
        except ValueError:
            # An address that no mail can go to must not keep the endpoint on.
            logger.warning("webhooks.notice_unsendable", endpoint_id=leased.endpoint_id)
