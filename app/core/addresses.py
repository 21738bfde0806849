"""Which addresses lie outside: where a server may go when somebody else names the place.

`127.1`, `0x7f000001` and `2130706433` are no addresses to Python but loopback to the resolver, so
names are never judged, only what they resolve to.
"""

import ipaddress
from typing import Final

# Addresses that carry another one: `is_global` says yes to NAT64's and 6to4's, whose inside may be
# loopback. Nobody serves webhooks behind any of them.
_CARRIERS: Final = tuple(
    map(
        ipaddress.IPv6Network,
        ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10"),
    )
)


def is_public(address: str) -> bool:
    """Whether `address` is one of a host on the public internet; False for what is no address."""
    ip = _parse(address)
    if ip is None or ip.is_multicast or ip.is_reserved or not ip.is_global:
        return False
    return ip.version == 4 or not any(ip in network for network in _CARRIERS)


def is_loopback(address: str) -> bool:
    """Whether `address` is this machine."""
    ip = _parse(address)
    return ip is not None and ip.is_loopback


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return ip
