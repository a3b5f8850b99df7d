"""Draws the console's pages: the templates, what they may call, and who is looking at them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.change_pieces import pieces
from bot.channels.web_chat.assets import Assets
from bot.channels.web_chat.door import set_cookie
from bot.channels.web_chat.pages import LANG_COOKIE, LANG_SECONDS, TEMPLATES, lang_of, local_time
from bot.channels.web_chat.words import Lang, Words
from bot.clock import SHANGHAI
from bot.console.navigation import Entry, entries
from bot.console.rules import Rule
from bot.console.session import SignedIn
from rag.changes import counts

FOLDER = Path(__file__).parent / "templates"


class Drawing:
    """Renders "console/<name>.html" with autoescape on; every sentence comes from `words` (t in a template).

    A template has at hand: t, lang, path, who (SignedIn or None), csrf, nav, done (what has just been done),
    asset(name) and web_asset(name), pieces and counts of changes, and the filters local_time, local_day and
    local_clock.
    """

    def __init__(self, words: Mapping[Lang, Words], assets: Assets, web_assets: Assets, *, https: bool) -> None:
        self.words = words
        self.assets = assets
        self._https = https
        self.rules: list[Rule] = []
        self._environment = Environment(
            loader=PrefixLoader({"console": FileSystemLoader(FOLDER), "web": FileSystemLoader(TEMPLATES)}),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(local_time=local_time, local_day=local_day, local_clock=local_clock)
        self._environment.globals.update(asset=assets.url, web_asset=web_assets.url, pieces=pieces, counts=counts)

    def add_filters(self, **filters: Any) -> None:
        """For the parts of the console that have filters of their own."""
        self._environment.filters.update(filters)

    def page(
        self, request: Request, template: str, *, who: SignedIn | None = None, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """A whole page. `?lang=` is kept in a cookie for the pages that follow."""
        lang = lang_of(request)
        if request.query_params.get("lang") == lang:
            set_cookie(request.scope, LANG_COOKIE, lang, seconds=LANG_SECONDS, https=self._https)
        named = {"path": request.url.path, "who": who, "done": self._done(request, lang), "status": status}
        return HTMLResponse(self.draw(lang, template, **{**named, **context}), status_code=status)

    def draw(self, lang: Lang, template: str, **context: Any) -> str:
        """A template as text: a page, or a fragment of one."""
        who: SignedIn | None = context.get("who")
        named: dict[str, Any] = {
            "t": self.words[lang],
            "lang": lang,
            "who": who,
            "csrf": who.csrf if who else "",
            "nav": self._nav(who),
            "done": "",
            "path": "",
        }
        return self._environment.get_template(template).render({**named, **context})

    def _nav(self, who: SignedIn | None) -> list[Entry]:
        return entries(self.rules, who.staff.roles) if who and who.settled else []

    def _done(self, request: Request, lang: str) -> str:
        """The sentence for ?done=…, which a form that succeeded sends its reader on with; "" for a word of no ours."""
        key = f"done.{request.query_params.get('done', '')}"
        words = self.words["en" if lang == "en" else "zh"]
        return words(key) if words.has(key) else ""


def local_day(at: datetime) -> str:
    return at.astimezone(SHANGHAI).date().isoformat()


def local_clock(at: datetime) -> str:
    """The time of day, rounded up to the minute: nobody is told to come back too early."""
    rounded = at.astimezone(SHANGHAI) + timedelta(seconds=59)
    return rounded.strftime("%H:%M")
