"""Draws HTML: the templates, what they may call, and the language a page is drawn in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.channels.web_chat.assets import Assets
from bot.channels.web_chat.door import set_cookie
from bot.channels.web_chat.layout import Layout, lay_out, policy_href, sheet_href, web_link
from bot.channels.web_chat.marking import cells, figures, quoted
from bot.channels.web_chat.needs_shown import case_tone, due_words, file_size, own_links
from bot.channels.web_chat.schema import ChatReply, stored_reply
from bot.channels.web_chat.words import Lang, Words, choose
from rag.models import PolicyState

TEMPLATES = Path(__file__).parent / "templates"
LANG_COOKIE = "kc_lang"
LANG_SECONDS = 365 * 24 * 60 * 60
SHANGHAI = ZoneInfo("Asia/Shanghai")
STATE_NAMES = {str(state): state.name.lower() for state in PolicyState}
TONES = {
    PolicyState.IN_FORCE: "good",
    PolicyState.PARTLY_EXPIRED: "warn",
    PolicyState.UNVERIFIED: "warn",
    PolicyState.DRAFT: "soon",
    PolicyState.NOT_YET: "soon",
    PolicyState.CLOSED: "gone",
    PolicyState.EXPIRED: "gone",
    PolicyState.REPEALED: "gone",
    PolicyState.SUPERSEDED: "gone",
}
"""The colour of a status badge; the word is always beside it."""


def lang_of(request: Request) -> Lang:
    return choose(request.query_params.get("lang"), request.cookies.get(LANG_COOKIE))


def tone(state: str | None) -> str:
    """good, warn, soon or gone; a word that is no status reads as unverified."""
    return TONES[PolicyState(state)] if state in STATE_NAMES else "warn"


def local_time(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


class Pages:
    """Renders templates with autoescape on; every sentence of the page comes from `words`."""

    def __init__(
        self, words: Mapping[Lang, Words], assets: Assets, *, contact: str, https: bool, needs: bool = False
    ) -> None:
        """`needs`: whether there are pages to submit a need on, to be linked to."""
        self.words = words
        self.assets = assets
        self._contact = contact
        self._https = https
        self._needs = needs
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(figures=figures, tone=tone, local_time=local_time, web_link=web_link)
        self._environment.filters.update(
            case_tone=case_tone, due_words=due_words, file_size=file_size, own_links=own_links
        )
        self._environment.globals.update(
            asset=assets.url,
            cells=cells,
            quoted=quoted,
            policy_href=policy_href,
            sheet_href=sheet_href,
            lay_out=self.lay_out,
        )

    def page(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A whole page. `?lang=` is kept in a cookie for the pages that follow."""
        lang = lang_of(request)
        if request.query_params.get("lang") == lang:
            set_cookie(request.scope, LANG_COOKIE, lang, seconds=LANG_SECONDS, https=self._https)
        return HTMLResponse(self.draw(lang, template, path=request.url.path, **context), status_code=status)

    def draw(self, lang: Lang, template: str, **context: Any) -> str:
        words = self.words[lang]
        named: dict[str, Any] = {"t": words, "lang": lang, "contact": self._contact, "state_word": _states(words)}
        named["needs"] = self._needs
        return self._environment.get_template(template).render(**named, **context)

    @staticmethod
    def lay_out(reply: ChatReply | Mapping[str, Any]) -> Layout:
        """Layout of a reply, or of one from the history."""
        return lay_out(reply if isinstance(reply, ChatReply) else stored_reply(reply))


def _states(words: Words) -> Mapping[str, str]:
    """What a status is called in the page's language, by its Chinese word."""
    return {state: words(f"state.{name}") for state, name in STATE_NAMES.items()}
