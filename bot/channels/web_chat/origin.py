"""Whether a request was meant for this host, and whether a page of ours sent it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from bot.channels.web_chat.refusals import DoorStatus, Refusal

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (compared with, not bound to)
ASKING = "/api/chat/stream"


def check_host(headers: Headers, hosts: frozenset[str]) -> None:
    """Refuse a Host that is neither ours nor this machine (DNS rebinding, poisoned links). "*" admits any.

    A server that listens everywhere (0.0.0.0, ::) is met under any of its addresses: those are no names that somebody
    else could point at it.
    """
    named = headers.getlist("host")
    host = _host_name(named[0]) if len(named) == 1 else None
    if host is None or not ("*" in hosts or host in hosts or _is_loopback(host) or _is_met(host, hosts)):
        raise Refusal(DoorStatus.HOST)


def check_same_origin(method: str, path: str, headers: Headers) -> None:
    """Refuse what another site's page set off. A caller that is no browser sends neither header and may pass.

    Sec-Fetch-Site cannot be forged by a page. Origin is read only where it is missing: our own Referrer-Policy makes
    a browser send `Origin: null` with a plain form. The GET stream asks a question, so it is guarded as well.
    """
    if method in SAFE and path != ASKING:
        return
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise Refusal(DoorStatus.FOREIGN)
        return
    origin = headers.get("origin")
    if origin is not None and _authority(origin) != headers.get("host", "").lower():
        raise Refusal(DoorStatus.FOREIGN)


def is_loopback_host(host: str) -> bool:
    """Whether this Host header names this machine itself, as the browser sees it."""
    name = _host_name(host)
    return name is not None and _is_loopback(name)


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _host_name(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 (reading it checks it)
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    return parts.hostname


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _is_met(host: str, hosts: frozenset[str]) -> bool:
    return not hosts.isdisjoint(EVERYWHERE) and _address(host) is not None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
