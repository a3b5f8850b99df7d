"""Who is signed in: what a page is told about them, the cookie that says so, and the token that guards its forms."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie

from starlette.requests import Request
from starlette.types import Scope

from bot.channels.web_chat.door import COOKIES
from bot.channels.web_chat.origin import is_loopback_host
from intake.cases import Actor, Role
from intake.staff import Staff

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
REAUTH = timedelta(minutes=5)
"""How long a password that was entered counts for exports and changes of roles."""

CODE_STAGE = timedelta(minutes=5)
"""How long somebody who gave the password has for the code."""

TOKEN_LONGEST = 100
HOME = "/console"
PATH = "/console"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody of the staff at the console.

    `csrf` goes into every form. `reauth_fresh`: the password was entered a few minutes ago. `must_change`: the password
    is a one-time one. `must_enrol`: a second factor is required and there is none. `owes_code`: the password was right,
    the code is still to come. `token` is the session's own and is never drawn.
    """

    staff: Staff
    actor: Actor
    csrf: str
    token: str
    reauth_fresh: bool = False
    must_change: bool = False
    must_enrol: bool = False
    owes_code: bool = False
    has_code: bool = False

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do before working."""
        return not (self.must_change or self.must_enrol or self.owes_code)

    def has(self, *roles: Role) -> bool:
        return not self.staff.roles.isdisjoint(roles)


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Tokens are 256 random bits, so a plain hash keeps them from whoever reads the database."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_of(token: str) -> str:
    """The token of a session's forms. It is made of the session's, so it needs no row and ends with it."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"console form", hashlib.sha256).hexdigest()


def same(given: str, wanted: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode("utf-8", "surrogatepass"))


class Cookies:
    """The two cookies of the console: who is signed in, and (before that) whose sign-in form it is.

    Over TLS they have the __Host- prefix, which browsers accept only with Secure and Path=/. On plain HTTP a browser
    would have to take 127.0.0.1 for a secure place: Chromium does, Firefox and Safari refuse a Secure cookie there. So
    on this machine's own addresses they have no prefix and no Secure, are sent to /console only, and plain HTTP on any
    other address is refused altogether (see `is_private`).
    """

    def __init__(self, *, https: bool) -> None:
        self._https = https
        prefix = "__Host-" if https else ""
        self.session = f"{prefix}kc_staff"
        self.knock = f"{prefix}kc_staff_form"

    def read(self, request: Request, name: str) -> str | None:
        value = request.cookies.get(name)
        return value if value and len(value) <= TOKEN_LONGEST and value.isascii() else None

    def keep(self, scope: Scope, name: str, value: str) -> None:
        """A cookie of the browser's session; how long it counts is decided by the row on the server."""
        self._put(scope, name, value, None)

    def drop(self, scope: Scope, name: str) -> None:
        self._put(scope, name, "", 0)

    def _put(self, scope: Scope, name: str, value: str, seconds: int | None) -> None:
        jar: SimpleCookie = SimpleCookie()
        jar[name] = value
        cookie = jar[name]
        cookie["path"] = "/" if self._https else PATH
        cookie["samesite"], cookie["httponly"], cookie["secure"] = "Strict", True, self._https
        if seconds is not None:
            cookie["max-age"] = str(seconds)
        scope["state"][COOKIES].append(cookie.OutputString())


def is_private(request: Request, *, https: bool) -> bool:
    """Whether what is typed here stays between browser and server: TLS, or this machine's own address.

    A proxy that ends TLS is announced by the setting PUBLIC_HTTPS; where it says of a request that it came over plain
    HTTP (X-Forwarded-Proto), that counts more. A browser does not lie about the address it was given (Host).
    """
    scheme = request.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    if request.url.scheme == "https" or (https and scheme in {"", "https"}):
        return True
    return not https and is_loopback_host(request.headers.get("host", ""))
