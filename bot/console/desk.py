"""What every route of the console has at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.web_chat.assets import load_assets
from bot.channels.web_chat.pages import lang_of
from bot.console.drawing import Drawing
from bot.console.exchange_uploads import Uploads
from bot.console.labels import Labels
from bot.console.numbers_desk import Numbers
from bot.console.parts import ConsoleParts
from bot.console.passwords import Passwords
from bot.console.queue_board import Board
from bot.console.session import Cookies, SignedIn
from bot.console.shown_changes import ShownChange, shown
from bot.console.signing_in import SigningIn
from bot.console.store.credentials import Credentials
from bot.console.store.sessions import StaffSessions
from bot.console.store.sign_ins import SignInLog
from bot.console.visit import Declined
from bot.console.words import load_words
from intake.store.register_history import Changes

STATIC = "/console/static"


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts, who signs in and how, the cookies that say so, and who draws the pages."""

    parts: ConsoleParts
    signing_in: SigningIn
    cookies: Cookies
    drawing: Drawing
    board: Board
    numbers: Numbers
    rights: Lock = field(default_factory=Lock)
    """Held while it is checked that an administrator is left, and until the change is made."""
    uploads: Uploads = field(default_factory=Uploads)

    def labels(self, request: Request) -> Labels:
        needs = self.parts.needs
        return Labels(needs.reference, needs.formbook, self.drawing.words[lang_of(request)])

    def changes(self, request: Request, what: str, key: str) -> list[ShownChange]:
        """The last changes of a row of the registers, in words."""
        names = {person.id: person.name for person in self.parts.needs.register.staff()}
        return shown(Changes(self.parts.engine).of(what, key, limit=8), self.labels(request), names)

    def declined(self, request: Request, who: SignedIn | None, error: Declined) -> Response:
        """A refusal, as a page for people and as a line of JSON for a script of ours."""
        words = self.drawing.words[lang_of(request)]
        text = words(f"declined.{error.key}", **error.values)
        if wants_page(request):
            context = {"heading": words(f"declined.title.{error.status}"), "text": text}
            return self.drawing.page(request, "console/declined.html", who=who, status=error.status, **context)
        return JSONResponse({"status": error.key, "text": text}, error.status)


def make_desk(parts: ConsoleParts) -> Desk:
    assets = load_assets(Path(__file__).parent / "static", STATIC)
    drawing = Drawing(load_words(), assets, load_assets(), https=parts.https)
    needs = parts.needs
    board = parts.board
    numbers = Numbers(board, parts.ledger, needs.timing, needs.reference, parts.clock.now)
    return Desk(parts, signing_in_of(parts), Cookies(https=parts.https), drawing, board, numbers)


def signing_in_of(parts: ConsoleParts) -> SigningIn:
    engine = parts.engine
    return SigningIn(
        register=parts.needs.register,
        credentials=Credentials(engine),
        sessions=StaffSessions(engine),
        log=SignInLog(engine),
        passwords=Passwords(parts.hasher),
        totp_required=parts.totp_required,
        now=parts.clock.now,
    )


def wants_page(request: Request) -> bool:
    """Whether a person waits for a page, rather than a script of ours for an answer."""
    return request.headers.get("sec-fetch-dest", "document") not in {"empty"} and "text/html" in request.headers.get(
        "accept", "text/html"
    )
