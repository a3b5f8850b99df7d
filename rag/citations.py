"""Quote and number verification: a quote is a substring of its passage, or it is nothing. Pure.

Fuzzy checks are worthless here: with one number changed they accepted every forgery that was tried (docs/adr/0005).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rag.models import Claim, Passage, Quote

_FIGURE = re.compile(
    r"[0-9]+(?:[.,][0-9]+)*\s*(?:%|‰|[万亿千百]*元?)?|[零〇一二三四五六七八九十百千万亿两]{2,}(?=[元个年月日人家项条%])"
)


def locate(quote: str, passage: Passage) -> Quote | None:
    """The quote as it stands in the passage, found exactly or after NFKC and white-space folding; else None."""
    start = passage.text.find(quote)
    if quote and start >= 0:
        return Quote(passage.id, quote, start)
    folded, places = _folded(passage.text)
    wanted, _ = _folded(quote)
    at = folded.find(wanted) if wanted else -1
    if at < 0:
        return None
    begin, end = places[at], places[at + len(wanted) - 1] + 1
    return Quote(passage.id, passage.text[begin:end], begin)


@lru_cache(maxsize=256)  # a clause is folded once for all that is sought in it
def _folded(text: str) -> tuple[str, list[int]]:
    """NFKC without white space, and for each character the place it came from."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKC", character):
            if not part.isspace():
                characters.append(part)
                places.append(place)
    return "".join(characters), places


def figures(text: str) -> set[str]:
    """The numbers, amounts, percentages and dates in a text, folded so that １０万元 and 10 万元 are one."""
    folded, _ = _folded(text)
    return {match.group().replace(",", "") for match in _FIGURE.finditer(folded)}


def verified(claim: Claim, passages: dict[str, Passage]) -> bool:
    """Every quote stands exactly where it says, and every figure of the sentence stands in one of its quotes."""
    if not claim.quotes or not all(_stands(quote, passages.get(quote.passage)) for quote in claim.quotes):
        return False
    quoted = set().union(*(figures(quote.quote) for quote in claim.quotes))
    return figures(claim.text) <= quoted


def _stands(quote: Quote, passage: Passage | None) -> bool:
    return (
        passage is not None
        and bool(quote.quote)
        and passage.text[quote.start : quote.start + len(quote.quote)] == quote.quote
    )
