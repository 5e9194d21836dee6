"""Which addresses we may be sent to. A name is resolved once, every answer is checked, and the connection goes to
the address that was checked: there is no second look that could find something else.

https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from functions.import_publish.sources.problems import forbidden_address, unreachable

if TYPE_CHECKING:
    from httpx import URL

Resolver = Callable[[str, int], Awaitable[list[str]]]

PORTS = {"https": frozenset({443, 8443}), "sftp": frozenset({22, 2222})}
RESOLVE_SECONDS = 5.0
_LONGEST_URL = 2_000
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_PLAIN = re.compile(r"[!-\[\]-~]+")
# The system's resolver reads these as addresses in shorthand, octal or hexadecimal.
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_INTERNAL = ("localhost", "internal", "local", "localdomain", "intranet", "lan", "home", "corp", "arpa", "svc")

# IANA's special-purpose registries, and what wraps an IPv4 address in an IPv6 one. Python's own `is_global` has
# changed its mind several times (CVE-2024-4032), so the list is here.
_REFUSED_V4 = (
    ip_network("0.0.0.0/8"),
    ip_network("10.0.0.0/8"),
    ip_network("100.64.0.0/10"),  # between a provider and its customers
    ip_network("127.0.0.0/8"),
    ip_network("169.254.0.0/16"),  # where clouds keep their metadata
    ip_network("172.16.0.0/12"),
    ip_network("192.0.0.0/24"),
    ip_network("192.0.2.0/24"),
    ip_network("192.31.196.0/24"),
    ip_network("192.52.193.0/24"),
    ip_network("192.88.99.0/24"),
    ip_network("192.168.0.0/16"),
    ip_network("192.175.48.0/24"),
    ip_network("198.18.0.0/15"),
    ip_network("198.51.100.0/24"),
    ip_network("203.0.113.0/24"),
    ip_network("224.0.0.0/4"),
    ip_network("240.0.0.0/4"),
)
_ALLOWED_V6 = ip_network("2000::/3")
_REFUSED_V6 = (
    ip_network("2001::/23"),  # Teredo is in here
    ip_network("2001:db8::/32"),
    ip_network("2002::/16"),  # 6to4
    ip_network("2620:4f:8000::/48"),
    ip_network("3fff::/20"),
)


def is_public(address: str) -> bool:
    """Whether the address is one of the open internet's."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        # Mapped and translated addresses lie outside 2000::/3, tunnelled ones are on the list.
        return ip in _ALLOWED_V6 and not any(ip in network for network in _REFUSED_V6)
    return not any(ip in network for network in _REFUSED_V4)


class Guard:
    """Decides about URLs and hosts. `allowed` are `host:port`s that may be private all the same (one's own machine)."""

    def __init__(self, allowed: Collection[str] = (), resolver: Resolver | None = None) -> None:
        self._allowed = frozenset(allowed)
        self._resolve = resolver or _ask_system

    def check_url(self, url: URL) -> None:
        """Raises SourceProblem for a URL that we would not follow, before anybody is asked anything."""
        host, port = url.raw_host.decode("ascii").lower(), url.port
        if port is None:
            port = {"https": 443, "http": 80}.get(url.scheme, 0)
        exempt = f"{host}:{port}" in self._allowed
        if url.scheme != "https" and not (exempt and url.scheme == "http"):
            raise forbidden_address("only https:// is fetched")
        if url.userinfo:
            raise forbidden_address("a URL must not carry a user or a password")
        self.check_host(host, port, "https")

    def check_host(self, host: str, port: int, scheme: str) -> None:
        """Raises SourceProblem for a host or port that we would not connect to."""
        if f"{host}:{port}" in self._allowed:
            return
        if port not in PORTS[scheme]:
            allowed = " and ".join(str(each) for each in sorted(PORTS[scheme]))
            raise forbidden_address(f"the ports that are fetched from are {allowed}")
        literal = _literal(host)
        if literal is not None:
            if not is_public(str(literal)):
                raise forbidden_address("this address is not public")
        elif not _is_name(host):
            raise forbidden_address("the host is neither a full name nor a plain address")

    async def resolve(self, host: str, port: int, scheme: str = "https") -> str:
        """The one address to connect to. Raises SourceProblem: also when only one of several answers is private."""
        host = host.lower().strip("[]")
        self.check_host(host, port, scheme)
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await self._resolve(host, port)
        except (OSError, TimeoutError, UnicodeError):
            # Never connected to by name then: the next answer could be anything.
            raise unreachable("the host's name cannot be resolved") from None
        if not found:
            raise unreachable("the host's name cannot be resolved")
        if f"{host}:{port}" not in self._allowed and not all(is_public(address) for address in found):
            raise forbidden_address("this host's address is not public")
        return found[0]


def read_url(text: str) -> URL:
    """The URL as everything after this will understand it. Raises SourceProblem."""
    import httpx

    if len(text) > _LONGEST_URL or not _PLAIN.fullmatch(text):
        raise forbidden_address("a URL has at most 2,000 ASCII characters, without spaces and backslashes")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise forbidden_address("this is not a URL") from None
    if not url.host or not url.is_absolute_url:
        raise forbidden_address("this is not a URL")
    return url


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _is_name(host: str) -> bool:
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    return labels[-1] not in _INTERNAL and not _NUMBER.fullmatch(labels[-1])


async def _ask_system(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
