"""A cited clause as its button opens it: the text as it stands in the library, and its page on the web."""

from __future__ import annotations

from urllib.parse import quote

from bot.channels.telegram_bot.hall import Hall
from bot.channels.telegram_bot.outcome import Outcome
from bot.channels.telegram_bot.paging import Block
from bot.channels.telegram_bot.parts import Button, Part
from bot.channels.telegram_bot.rendering import text_parts
from bot.channels.telegram_bot.words import Words
from bot.channels.web_chat.ports import PolicyPage, Section


def clause(hall: Hall, policy: str, passage: str, words: Words) -> Outcome:
    """Synchronous: the library is read."""
    page = hall.library.policy(policy)
    section = next((each for each in page.sections if each.passage == passage), None) if page else None
    link = _link(hall.public_url, policy, passage if section else "", words)
    if page is None or section is None:
        return Outcome((Part(words.say("clause.gone"), rows=link),))
    parts = text_parts(_blocks(page, section, words), words.labels)
    last = parts[-1]
    parts[-1] = Part(last.text, last.html, link, file=last.file)
    return Outcome(tuple(parts))


def _blocks(page: PolicyPage, section: Section, words: Words) -> list[Block]:
    article = section.article or section.label
    head = words.say("clause.head", title=page.card.title, article=f" {article}" if article else "")
    printed = words.say("clause.page", page=section.page) if section.page else None
    under = "　".join(filter(None, (page.card.doc_no, page.card.state.value if page.card.state else None, printed)))
    return [
        Block(f"{head}\n", "bold"),
        Block(f"{under}\n" if under else ""),
        Block(f"{section.lead}\n" if section.lead else "", "italic"),
        Block(section.text, "quote"),
    ]


def _link(public_url: str, policy: str, passage: str, words: Words) -> tuple[tuple[Button, ...], ...]:
    if not public_url:
        return ()
    address = f"{public_url.rstrip('/')}/policies/{quote(policy)}"
    return ((Button(words.say("button.web"), url=f"{address}?passage={quote(passage)}" if passage else address),),)
