"""A request as a handler of the console is handed it: who asks, what they filled in, and how to answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.channels.web_chat.hygiene import UncleanError, clean
from bot.channels.web_chat.pages import lang_of
from bot.console.session import SignedIn

if TYPE_CHECKING:
    from bot.console.desk import Desk

LONGEST_LINE = 200
LONGEST_TEXT = 4000


class Declined(Exception):  # noqa: N818 (it is an outcome, not a fault)
    """The console says no; drawn as a page with the sentence `declined.<key>`. Nothing was changed."""

    def __init__(self, status: int, key: str, **values: object) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True)
class Visit:
    """`who` is set wherever the rule does not say anonymous."""

    request: Request
    desk: Desk
    signed_in: SignedIn | None
    form: FormData = field(default_factory=FormData)

    @property
    def who(self) -> SignedIn:
        """Whoever is signed in. A rule that is not `anonymous` makes sure somebody is."""
        if self.signed_in is None:
            raise Declined(401, "sign_in")
        return self.signed_in

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def line(self, name: str, longest: int = LONGEST_LINE) -> str:
        """One line that was filled in, clean and stripped; "" where there is none. Declines one that is too long."""
        return " ".join(self.text(name, longest).split())

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        """As `line`, with its line breaks."""
        return self._clean(name, self.form.get(name), longest)

    def lines(self, name: str, longest: int = LONGEST_LINE) -> list[str]:
        """Every value of a field that may be chosen more than once."""
        return [self._clean(name, value, longest) for value in self.form.getlist(name) if value != ""]

    def asked(self, name: str, longest: int = LONGEST_LINE) -> str:
        """A line of the query; "" where there is none or it cannot be read."""
        try:
            return " ".join(clean(self.query.get(name, ""), lenient=True).split())[:longest]
        except UncleanError:
            return ""

    def ticked(self, name: str) -> bool:
        return self.form.get(name) not in (None, "")

    def file(self, name: str) -> UploadFile | None:
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Draw "console/<template>" for whoever asks."""
        return self.desk.drawing.page(self.request, f"console/{template}", who=self.signed_in, status=status, **context)

    def part(self, template: str, **context: Any) -> Response:
        """A part of a page, for the page that has it open; 304 where it is as the browser has it."""
        lang = lang_of(self.request)
        drawn = self.desk.drawing.draw(lang, f"console/{template}", who=self.signed_in, **context)
        tag = f'"{hashlib.sha256(drawn.encode()).hexdigest()[:24]}"'
        if self.request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return HTMLResponse(drawn, headers={"ETag": tag, "Cache-Control": "no-store"})

    def names(self, **more: str) -> Callable[[str], str]:
        """What somebody of the staff is called, by account; who is not known by the account itself."""
        known = {person.id: person.name for person in self.desk.parts.needs.register.staff()} | more
        return lambda account: known.get(account, account)

    def go(self, path: str, done: str = "") -> Response:
        """Send the reader on to a page below /console; `done` is the sentence `done.<key>` shown there."""
        address = quote(f"/console{path}", safe="/?&=#%:@")
        if done:
            address += ("&" if "?" in address else "?") + f"done={done}"
        return RedirectResponse(address, 303)

    @staticmethod
    def _clean(name: str, value: object, longest: int) -> str:
        if value is None or isinstance(value, UploadFile):
            return ""
        try:
            text = clean(str(value))
        except UncleanError as error:
            raise Declined(422, "unclean", field=name) from error
        if len(text) > longest:
            raise Declined(422, "too_long", field=name, longest=longest)
        return text


def inside(address: str, otherwise: str = "/console") -> str:
    """An address to go on to, if it is one of the console's own pages."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return otherwise
    ours = parts.path == "/console" or parts.path.startswith("/console/")
    if parts.scheme or parts.netloc or not ours or "\\" in address or not address.isprintable():
        return otherwise
    return address
