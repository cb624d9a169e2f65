"""Names and addresses of this machine."""

import ipaddress
import re


def is_loopback(host: str) -> bool:
    """Returns whether a host name or address is a loopback one. IPv6 can be in brackets.

    Only numeric addresses count: `127.0.0.1.example.org` is a name that someone owns.
    """
    name = host.lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?", re.IGNORECASE)


def host_name(header: str) -> str | None:
    """Returns the name in a Host header without its port, or None for an invalid header."""
    found = _HOST.fullmatch(header)
    return None if found is None else found[1].lower()
