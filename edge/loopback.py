"""Which hosts are this machine: only there may a connection go without TLS."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this machine's own; any other name counts as another machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
