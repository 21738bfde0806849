"""Which addresses an endpoint may have; what they resolve to is judged anew at each try."""

import ipaddress
import re
from typing import Final

from app.core.addresses import is_loopback, is_public
from app.core.problems import FieldError
from app.core.public_http import HttpUrl, HttpUrlInvalid
from app.webhooks.errors import UrlRefused

# Names that only mean something inside (RFC 6761, RFC 6762, RFC 9476).
_INSIDE: Final = ("localhost", "local", "internal", "invalid", "test", "onion", "home.arpa")
_NO_ADDRESS: Final = "This is no web address."
# A name as DNS has it, or an address of either kind.
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,253}|[0-9A-Fa-f:.]{2,45}")


def check_url(url: str, *, allow_local: bool) -> str:
    """The address, unchanged.

    Raises:
        UrlRefused: nothing will ever be sent there, and why.
    """
    try:
        parsed = HttpUrl(url)
    except (HttpUrlInvalid, ValueError):
        raise _refused(_NO_ADDRESS) from None
    # The parser would quote these, and receivers would be looked for under another name.
    if any(character.isspace() or character == "\\" for character in url):
        raise _refused(_NO_ADDRESS)
    fault = _fault(parsed, allow_local=allow_local)
    if fault:
        raise _refused(fault)
    return url


def _fault(url: HttpUrl, *, allow_local: bool) -> str:
    schemes = ("https", "http") if allow_local else ("https",)
    if url.scheme not in schemes or not url.host:
        return "The address has to begin with https:// and a host."
    if url.userinfo or url.fragment:
        return "The address must not hold a user name, a password or a fragment."
    port = 443 if url.port is None else url.port
    if not _NAME.fullmatch(url.raw_host.decode()) or not 0 < port < 65_536:
        return _NO_ADDRESS
    return "" if _may_be_outside(url.host, allow_local) else "The host is not on the internet."


def _may_be_outside(host: str, allow_local: bool) -> bool:
    name = host.rstrip(".").lower()
    if allow_local and (name == "localhost" or is_loopback(name)):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        # What is all digits is an address in disguise: no top-level domain is a number.
        last = name.rpartition(".")[2]
        is_number = last.isdigit() or last.startswith("0x")
        inside = any(name == one or name.endswith(f".{one}") for one in _INSIDE)
        return "." in name and not is_number and not inside
    return is_public(name)


def _refused(why: str) -> UrlRefused:
    return UrlRefused(why, errors=[FieldError("/url", "webhooks.url_refused", why)])
