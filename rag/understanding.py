"""What a question says of itself before anything is searched: terms, places, documents named, dates, shape. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rag.guardrails import fold
from rag.jurisdictions import Place, find_elsewhere, find_mentions, find_places
from rag.lexical import terms_of
from rag.wordbook import Wordbook, wordbook

SYNONYM_WEIGHT = 0.5
_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2}|(?<=[^0-9])[12][0-9])\s*年")
_NUMBER_REF = re.compile(
    r"(?<![0-9])(20[0-9]{2})\s*[〕\])】)年,, ]*\s*(?:第|的)?[^0-9。?!,,]{0,10}?\s*([0-9]{1,4})\s*号"
)
_YEARLESS_REF = re.compile(r"([\u3400-\u9fff]{2,7})\s*(?:第)?\s*([0-9]{1,4})\s*号(?!线|楼|门|码)")
_TITLE = re.compile(r"[《〈<「]([^》〉>」]{2,60})[》〉>」]")
_LATIN_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class NumberRef:
    """A 文号 as people type it: `before` is what stood in front (青人社发 … or nothing); the year may be left out."""

    year: int | None
    number: int
    before: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """`core` is the folded question without question words; `content` is what is left without generic words either,
    `subject` without the names of places too: empty where the question has no subject of its own.
    """

    text: str
    core: str
    content: str
    subject: str
    terms: Mapping[int, float]
    places: tuple[Place, ...] = ()
    elsewhere: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    numbers: tuple[NumberRef, ...] = ()
    years: tuple[int, ...] = ()
    as_of: date | None = None
    asks_status: bool = False
    asks_listing: bool = False
    smalltalk: str | None = None
    english: bool = False
    domain: bool = False
    related: tuple[str, ...] = field(default=())


def understand(text: str, today: date) -> Understanding:
    """Read a guarded question. `today` tells past years from coming ones."""
    book, folded = wordbook(), fold(text)
    years = tuple(_full_year(match.group(1)) for match in _YEAR.finditer(folded))
    as_of = _as_of(folded, years, today, book)
    # The year a question puts itself into says when, not what: it must not be sought in a clause.
    core = _squeezed(book.stop.sub(" ", _YEAR.sub(" ", folded) if as_of else folded))
    content = _squeezed(book.generic.sub(" ", core))
    related = tuple(book.related(folded))
    return Understanding(
        text=text,
        core=core,
        content=content,
        subject=_squeezed(book.generic.sub(" ", _without_places(content))),
        terms=_terms(core or folded, related, english=_is_english(folded)),
        places=tuple(find_places(text)),
        elsewhere=tuple(find_elsewhere(text)),
        titles=tuple(match.group(1) for match in _TITLE.finditer(text)),
        numbers=_numbers(folded),
        years=years,
        as_of=as_of,
        asks_status=bool(book.status.search(folded)),
        asks_listing=bool(book.listing.search(folded) and book.listing_self.search(folded)),
        smalltalk=next((key for key, pattern in book.smalltalk.items() if pattern.search(folded)), None),
        english=_is_english(folded),
        domain=bool(book.domain.search(folded)),
        related=related,
    )


def _squeezed(text: str) -> str:
    return re.sub(r"[\s,。?!、;:,.?!;:~…“”\"'()（）]+", " ", text).strip()


def _without_places(text: str) -> str:
    for mention in sorted(find_mentions(text), key=lambda m: -m.start):
        text = text[: mention.start] + " " + text[mention.end :]
    return re.sub(r"[区市县的]", "", text) if len(text) < 3 else text


def _terms(core: str, related: tuple[str, ...], *, english: bool) -> dict[int, float]:
    """Terms of the question at weight 1, those of related words lower: they widen the search, they must not lead it."""
    terms = dict.fromkeys(terms_of(core).tolist(), 1.0)
    weight = 1.0 if english else SYNONYM_WEIGHT
    for word in related:
        for term in terms_of(word).tolist():
            terms.setdefault(term, weight)
    return terms


def _full_year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _numbers(folded: str) -> tuple[NumberRef, ...]:
    dated = _dated_numbers(folded)
    if dated:
        return dated
    return tuple(NumberRef(None, int(m.group(2)), m.group(1)) for m in _YEARLESS_REF.finditer(folded))


def _dated_numbers(folded: str) -> tuple[NumberRef, ...]:
    return tuple(
        NumberRef(
            int(m.group(1)),
            int(m.group(2)),
            re.sub(r"[^\u3400-\u9fff]", "", folded[max(0, m.start() - 10) : m.start()]),
        )
        for m in _NUMBER_REF.finditer(folded)
    )


def _as_of(folded: str, years: tuple[int, ...], today: date, book: Wordbook) -> date | None:
    """The end of a past year that the question puts itself into (「2023年能拿多少」), unless it also speaks of now."""
    past = [year for year in years if year < today.year]
    if len(past) != 1 or book.today.search(folded) or _NUMBER_REF.search(folded):
        return None
    asks = re.search(
        r"年(?:的时候|那会儿?|那时|当时|当年|底)?.{0,12}(?:能|可以?|拿|领|给|补|奖|标准|多少|规定|政策|执行|算)", folded
    )
    return date(past[0], 12, 31) if asks else None


def _is_english(folded: str) -> bool:
    letters = re.findall(r"[a-z]", folded)
    han = re.findall(r"[\u3400-\u9fff]", folded)
    return len(letters) > 8 and len(letters) / (len(letters) + 3 * len(han)) > _LATIN_SHARE
