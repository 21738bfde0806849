"""Where a request comes from: its address behind the trusted proxies, and the network around it."""

import ipaddress
from contextvars import ContextVar
from typing import Final

from starlette.types import Scope

connection: Final[ContextVar[tuple[Scope, int] | None]] = ContextVar("connection", default=None)
"""The request being answered, and how many proxies in front of it are trusted."""


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """The address of whoever called, as the outermost of exactly `trusted_proxies` hops saw it.

    Each trusted proxy appends one entry to X-Forwarded-For; everything to the left of those is the
    caller's own invention. With fewer entries than hops the peer itself counts.
    """
    peer = (scope.get("client") or ("", 0))[0]
    if trusted_proxies == 0:
        return str(peer)
    chain = [
        entry.strip()
        for name, value in scope["headers"]
        if name == b"x-forwarded-for"
        for entry in value.decode("latin-1").split(",")
    ]
    if len(chain) < trusted_proxies:
        return str(peer)
    return str(chain[-trusted_proxies])


def network_of(address: str, *, coarse: bool = False) -> str:
    """The bucket of an address: IPv4 as it is, IPv6 by its /64; coarse is /24 and /48.

    One household or host owns a whole /64, so a single IPv6 address would be no limit at all.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.version == 4:
        return str(ipaddress.ip_network(f"{ip}/24", strict=False)) if coarse else str(ip)
    return str(ipaddress.ip_network(f"{ip}/{48 if coarse else 64}", strict=False))


def caller_network() -> str | None:
    """The coarse network of whoever sent the request being answered; None outside of one.

    Enough to tell an odd sign-in from a usual one, too little to find a household by it.
    """
    current = connection.get()
    if current is None:
        return None
    scope, trusted_proxies = current
    return network_of(client_address(scope, trusted_proxies), coarse=True)
