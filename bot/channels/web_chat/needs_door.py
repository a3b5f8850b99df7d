"""What the needs pages have at hand: the house's side, the door's own rules around it, and how a page is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.web_chat.desk import Desk
from bot.channels.web_chat.faults import Faults
from bot.channels.web_chat.limits import Limits, Rate
from bot.channels.web_chat.needs_grants import Grants, Locks
from bot.channels.web_chat.needs_ports import NeedRefusal, Notices, WebNeeds
from bot.channels.web_chat.needs_posted import Posted, read_posted
from bot.channels.web_chat.needs_words import NeedsWords, needs_words
from bot.channels.web_chat.pages import lang_of
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from bot.channels.web_chat.turns import BUSY_SECONDS
from bot.channels.web_chat.visitors import address_of

Found = TypeVar("Found")
HEADING = "h3"
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


class Uploads:
    """Large bodies on their way, by address: few at once, so that slow ones cannot take all the room."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._coming: Counter[str] = Counter()

    @contextmanager
    def room(self, request: Request) -> Iterator[None]:
        """Room for this body, or a Refusal. A form of ordinary size needs none."""
        if self._is_small(request):
            yield
            return
        address = address_of(request)
        full = self._coming.total() >= self._limits.uploads_at_once
        if full or self._coming[address] >= self._limits.uploads_per_address:
            raise Refusal(DoorStatus.BUSY, retry_after=BUSY_SECONDS)
        self._coming[address] += 1
        try:
            yield
        finally:
            self._coming -= Counter([address])

    def _is_small(self, request: Request) -> bool:
        announced = request.headers.get("content-length", "")
        return announced.isdigit() and int(announced) <= self._limits.form_bytes


@dataclass(frozen=True, slots=True)
class NeedsDoor:
    """One for the whole app; what counts and locks lives in this process only."""

    desk: Desk
    faults: Faults
    needs: WebNeeds
    notices: Notices | None
    words: Mapping[str, NeedsWords]
    saves_by_account: Rate
    saves_by_address: Rate
    lookups_by_address: Rate
    grants: Grants
    locks: Locks
    uploads: Uploads
    https: bool = False

    def base(self, request: Request) -> str:
        """This site's address as the visitor reached it: the door has checked the host they named."""
        return f"{'https' if self.https else request.url.scheme}://{request.url.netloc}"

    async def admit(self, request: Request) -> str:
        """Count a form against its address and its session; the account it belongs to, or a Refusal."""
        count(self.saves_by_address, address_of(request))
        account = await self.desk.visitors.account(request)
        count(self.saves_by_account, account)
        return account

    async def known(self, request: Request, label: str | None = None) -> str | None:
        return await self.desk.known(request, label)

    @asynccontextmanager
    async def posted(self, request: Request) -> AsyncIterator[Posted]:
        """The form of a request; what it brought is closed at the end."""
        with self.uploads.room(request):
            posted = await read_posted(request, self.desk.limits)
        try:
            yield posted
        finally:
            await run_in_threadpool(posted.close)

    async def ask(self, work: Callable[..., Found], *given: Any, **named: Any) -> Found:
        """Ask the house for something, off the event loop."""
        return await run_in_threadpool(work, *given, **named)

    def page(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
        words = self.words[lang_of(request)]
        return self.desk.pages.page(request, template, status=status, said=words, **context)

    def sorry(self, request: Request, refusal: NeedRefusal) -> str:
        return self.words[lang_of(request)].say(refusal.saying)


def make_needs_door(
    desk: Desk,
    faults: Faults,
    needs: WebNeeds,
    notices: Notices | None,
    *,
    https: bool,
    monotonic: Callable[[], float],
) -> NeedsDoor:
    limits = desk.limits
    return NeedsDoor(
        desk,
        faults,
        needs,
        notices,
        needs_words(desk.pages.words),
        saves_by_account=Rate(limits.saves_per_minute, monotonic),
        saves_by_address=Rate(limits.address_saves_per_minute, monotonic),
        lookups_by_address=Rate(limits.lookups_per_minute, monotonic),
        grants=Grants(monotonic),
        locks=Locks(limits.wrong_codes, limits.locked_seconds, monotonic),
        uploads=Uploads(limits),
        https=https,
    )


def count(rate: Rate, key: str) -> None:
    """Count a form, or refuse it until there is room again."""
    wait = rate.wait(key)
    if wait:
        raise Refusal(DoorStatus.TOO_FAST, retry_after=wait)


def from_markdown(text: str) -> Markup:
    """A text of our own as HTML, its headings below those of the page; markup inside it stays text."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = HEADING
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 (html is off)
