"""Cuts a quoted text into pieces to emphasise: amounts and dates in a card, the quoted span in a clause. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"[0-9０-９]+(?:[,，][0-9０-９]{3})*(?:[.．][0-9０-９]+)?"
_CHINESE = "[一二三四五六七八九十百千两]+"
_AMOUNT = rf"(?:{_NUMBER}|{_CHINESE})\s*(?:[万亿千百]+)?(?:美元|欧元|港元|元|平方米|平米)|{_NUMBER}\s*[万亿]+"
_SHARE = rf"{_NUMBER}\s*[%％‰]|百分之{_CHINESE}|{_NUMBER}\s*倍"
_DATE = (
    r"(?:19|20)[0-9]{2}\s*年(?:\s*[0-9]{1,2}\s*月)?(?:\s*[0-9]{1,2}\s*日)?"
    r"|(?:19|20)[0-9]{2}[-/.][0-9]{1,2}(?:[-/.][0-9]{1,2})?|[0-9]{1,2}月[0-9]{1,2}日"
)
_SPAN = rf"(?:{_NUMBER}|{_CHINESE})\s*(?:个)?(?:工作日|自然日|月(?![0-9])|年(?![0-9])|周岁|天|小时)"
# The guards keep a figure inside a document number, an identifier or a longer figure from being cut in two.
_EMPHASISED = re.compile(rf"(?<![0-9A-Za-z.])(?:{_DATE}|{_AMOUNT}|{_SHARE}|{_SPAN})(?![0-9])")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, as it stands. `figure`: an amount, a share, a date or a term. `quoted`: inside the quoted span."""

    text: str
    figure: bool = False
    quoted: bool = False


def figures(text: str) -> list[Piece]:
    """The text in pieces, its amounts, shares, dates and terms marked. The pieces joined are the text."""
    pieces: list[Piece] = []
    at = 0
    for found in _EMPHASISED.finditer(text):
        if found.start() > at:
            pieces.append(Piece(text[at : found.start()]))
        pieces.append(Piece(found[0], figure=True))
        at = found.end()
    if at < len(text):
        pieces.append(Piece(text[at:]))
    return pieces


def quoted(text: str, span: tuple[int, int] | None) -> list[Piece]:
    """The text in at most three pieces, the one inside [start, end) marked; one piece where the span does not fit."""
    if span is None:
        return [Piece(text)] if text else []
    start, end = span
    parts = [Piece(text[:start]), Piece(text[start:end], quoted=True), Piece(text[end:])]
    return [part for part in parts if part.text]


def locate(text: str, quote: str) -> tuple[int, int] | None:
    """Where a quote lies in a text: exactly, or else with white space left out of account."""
    quote = quote.strip()
    if not quote:
        return None
    at = text.find(quote)
    if at >= 0:
        return at, at + len(quote)
    places = [index for index, character in enumerate(text) if not character.isspace()]
    bare = "".join(text[index] for index in places)
    wanted = _SPACE.sub("", quote)
    at = bare.find(wanted)
    return None if at < 0 else (places[at], places[at + len(wanted) - 1] + 1)


def within(text: str, start: int, end: int) -> tuple[int, int] | None:
    """[start, end) if it is a span of this text, else None."""
    return (start, end) if 0 <= start < end <= len(text) else None


def cells(text: str) -> list[str] | None:
    """The cells of a Markdown table row, or None for a text that is none."""
    row = text.strip()
    if "\n" in row or len(row) < 3 or not (row.startswith("|") and row.endswith("|")):
        return None
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row[1:-1])]
