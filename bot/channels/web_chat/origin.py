"""Whether a request was meant for this host, and whether a page of ours sent it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from bot.channels.web_chat.refusals import DoorStatus, Refusal

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ASKING = "/api/chat/stream"


def check_host(headers: Headers, hosts: frozenset[str]) -> None:
    """Refuse a Host that is neither ours nor this machine (DNS rebinding, poisoned links). "*" admits any."""
    named = headers.getlist("host")
    host = _host_name(named[0]) if len(named) == 1 else None
    if host is None or not ("*" in hosts or host in hosts or _is_loopback(host)):
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
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
