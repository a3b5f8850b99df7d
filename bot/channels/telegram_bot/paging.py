"""Cuts marked-up text into pages that Telegram takes: at most 4,096 UTF-16 units, on sentence edges. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Literal

PAGE = 4096
"""What a message holds, in UTF-16 units: an emoji counts two."""

Style = Literal["plain", "bold", "quote", "italic"]
_TAGS: dict[Style, tuple[str, str]] = {
    "plain": ("", ""),
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "quote": ("<blockquote>", "</blockquote>"),
}
# After a paragraph, a line, a sentence with its closing marks, a clause: the best edge that leaves no page half empty.
_EDGES = [
    re.compile(r"\n\n+"),
    re.compile(r"\n"),
    re.compile(r"[。！？!?…][”’」』）)】]*|\.(?=\s)"),
    re.compile(r"[；;，,、：:\s]"),
]
_LEAST_FULL = 0.5


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text in one style; `url` makes it a link."""

    text: str
    style: Style = "plain"
    url: str | None = None

    @property
    def html(self) -> str:
        opens, closes = _TAGS[self.style]
        inner = escape(self.text, quote=False)
        if self.url:
            inner = f'<a href="{escape(self.url)}">{inner}</a>'
        return f"{opens}{inner}{closes}"


@dataclass(frozen=True, slots=True)
class Page:
    """A message's text, plain and marked up."""

    text: str
    html: str


def units(text: str) -> int:
    """The length of a text as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def pages(blocks: Iterable[Block], size: int = PAGE) -> list[Page]:
    """The blocks in pages, in order; a block that crosses an edge goes on in its style. Blank pages are left out."""
    done: list[list[Block]] = [[]]
    room = size
    for block in blocks:
        rest = block
        while rest.text:
            head, tail = _cut(rest.text, room, size)
            if head:
                done[-1].append(replace(rest, text=head))
                room -= units(head)
            if tail:
                done.append([])
                room = size
            rest = replace(rest, text=tail)
    return [page for page in map(_page, done) if page.text]


def _page(blocks: Sequence[Block]) -> Page:
    text = "".join(block.text for block in blocks).strip()
    return Page(text, "".join(block.html for block in blocks).strip())


def _cut(text: str, room: int, size: int) -> tuple[str, str]:
    """What still goes on the page, and the rest. Nothing goes on it where only a scrap would fit."""
    if units(text) <= room:
        return text, ""
    most = _fitting(text, room)
    for edge in _EDGES:
        at = max((match.end() for match in edge.finditer(text, 0, most)), default=0)
        if at >= most * _LEAST_FULL:
            return text[:at], text[at:]
    if room < size:
        return "", text
    at = _whole_sign(text, most)
    return text[:at], text[at:]


def _fitting(text: str, room: int) -> int:
    """How many characters take up to `room` units."""
    if room <= 0:
        return 0
    at = min(len(text), room)
    while units(text[:at]) > room:
        at -= max(1, (units(text[:at]) - room) // 2)
    return at


def _whole_sign(text: str, at: int) -> int:
    """Not inside a sign that several characters make up (a flag, a family, a letter with its accent)."""
    start = at
    while 0 < at < len(text) and start - at < 16 and _joined(text[at - 1], text[at]):
        at -= 1
    return at if at > 0 and start - at < 16 else start


def _joined(before: str, after: str) -> bool:
    joiner = "\u200d"
    pair_of_flag = all("\U0001f1e6" <= sign <= "\U0001f1ff" for sign in (before, after))
    return (
        pair_of_flag or joiner in (before, after) or unicodedata.combining(after) > 0 or "\ufe00" <= after <= "\ufe0f"
    )
