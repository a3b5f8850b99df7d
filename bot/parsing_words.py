"""What an admin is told of a file that was read: a notice in words, with the pages it is about."""

from __future__ import annotations

from collections.abc import Sequence

from bot.phrases import Phrases

MOST_PAGES = 20
"""Page numbers that are listed; that there are more is said."""


def notice_words(phrases: Phrases, notice: str, count: int, pages: Sequence[int] = ()) -> str:
    """`phrases` are those of parsing; a notice without words there is told by its name."""
    if not phrases.has(f"notice.{notice}"):
        return notice
    said = phrases.say(f"notice.{notice}", count=count)
    listed = phrases.say("notice.separator").join(map(str, pages[:MOST_PAGES]))
    if len(pages) > MOST_PAGES:
        listed = phrases.say("notice.and_more", pages=listed)
    return said + phrases.say("notice.at_pages", pages=listed) if listed else said
