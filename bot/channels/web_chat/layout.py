"""How a reply is laid out on the page: its sentences in their order, with each quoted clause drawn as a card. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote as percent
from urllib.parse import urlencode, urlsplit

from bot.channels.web_chat.marking import cells, locate
from bot.channels.web_chat.schema import ChatReply, CitationOut

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
QUOTE_IN_LINK = 120


@dataclass(frozen=True, slots=True)
class Clause:
    """One citation on a card, and the address that opens it in its policy's page.

    A table's row is drawn in `cells`: (name of the column as the text gives it, or "", and the cell). `sheet` is the
    address of the original's page that it is printed on, "" where that is not known.
    """

    citation: CitationOut
    href: str
    cells: tuple[tuple[str, str], ...] = ()
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """The clauses of one policy that stand together; the first one's citation names the policy."""

    clauses: list[Clause] = field(default_factory=list)

    @property
    def policy(self) -> CitationOut:
        return self.clauses[0].citation


@dataclass(frozen=True, slots=True)
class Nearest:
    """Clauses that did not answer, or the policies of a listing: drawn together, apart from what answers."""

    cards: list[Card]


Block = str | Card | Nearest


@dataclass(frozen=True, slots=True)
class Layout:
    """`blocks` in reading order: a str is a paragraph."""

    reply: ChatReply
    blocks: list[Block]


def lay_out(reply: ChatReply) -> Layout:
    """A paragraph of the text that holds a quote is drawn as the card of its citation; the rest stays as it is.

    The nearest clauses come where the text has them, else before its last paragraph (whom to ask). Whatever the text
    does not quote gets its card all the same.
    """
    shown = [*reply.citations, *reply.nearest]
    clauses = [_clause(citation, reply) for citation in shown]
    answering = len(reply.citations)
    blocks: list[Block] = []
    placed: set[int] = set()
    words, text = _in_staffs_words(reply)
    blocks += words
    for paragraph, inside in _paragraphs(text, shown):
        for number in inside:
            if number < answering:
                _add(blocks, clauses[number])
        if any(number >= answering for number in inside) and not any(isinstance(block, Nearest) for block in blocks):
            blocks.append(Nearest(_grouped(clauses[answering:])))
        placed.update(inside)
        if not inside and paragraph.strip():
            blocks.append(paragraph.strip())
    _add_missing(blocks, [clauses[n] for n in range(answering) if n not in placed], clauses[answering:])
    return Layout(reply, blocks)


def _in_staffs_words(reply: ChatReply) -> tuple[list[str], str]:
    """What staff approved, word for word with the line that says so, and the rest of the text: a clause that they
    quote is theirs, and no card takes its place."""
    end = reply.text.find(reply.approved.text) + len(reply.approved.text) if reply.approved else 0
    words = [part.strip() for part in _BLANK_LINE.split(reply.text[:end])]
    return [part for part in words if part], reply.text[end:]


def _add_missing(blocks: list[Block], cited: Sequence[Clause], nearest: Sequence[Clause]) -> None:
    """Cards for what the text did not quote: after the last card, and the nearest before the last paragraph."""
    after = max((index + 1 for index, block in enumerate(blocks) if isinstance(block, Card)), default=len(blocks))
    blocks[after:after] = _grouped(cited)
    if nearest and not any(isinstance(block, Nearest) for block in blocks):
        closes = len(blocks) > 1 and isinstance(blocks[-1], str)
        blocks.insert(len(blocks) - 1 if closes else len(blocks), Nearest(_grouped(nearest)))


def _clause(citation: CitationOut, reply: ChatReply) -> Clause:
    row = cells(citation.quote) or []
    named = tuple((_column(cell, reply.text), cell) for cell in row)
    return Clause(citation, clause_href(citation, reply), named, _sheet_of(citation, reply))


def _sheet_of(citation: CitationOut, reply: ChatReply) -> str:
    start = _start(citation, reply)
    span = None if start is None else (start, start + len(citation.quote))
    return sheet_href(citation.policy, citation.page, citation.passage or "", span) if citation.page else ""


def _column(cell: str, text: str) -> str:
    """The column that the text names before a cell: 「奖励：300万元」 gives 奖励."""
    found = re.search(rf"([^\s；：·|]{{1,20}})：{re.escape(cell)}(?![^；\n])", text) if cell else None
    return found[1] if found else ""


def clause_href(citation: CitationOut, reply: ChatReply) -> str:
    """The policy's page at this clause, with the quoted span where it is known."""
    query: dict[str, str | int] = {}
    if citation.passage:
        query["passage"] = citation.passage
    start = _start(citation, reply)
    if start is not None:
        query |= {"start": start, "end": start + len(citation.quote)}
    elif citation.quote:
        query["quote"] = citation.quote[:QUOTE_IN_LINK]
    anchor = f"#p-{citation.passage}" if citation.passage else ""
    return f"{policy_href(citation.policy)}?{urlencode(query)}{anchor}" if query else policy_href(citation.policy)


def sheet_href(policy: str, page: int, passage: str = "", span: tuple[int, int] | None = None) -> str:
    """A page of the policy's original, with a passage (or a span of it) marked."""
    query: dict[str, str | int] = {"passage": passage} if passage else {}
    if passage and span:
        query |= {"start": span[0], "end": span[1]}
    address = f"/originals/{percent(policy, safe='')}/{page}"
    return f"{address}?{urlencode(query)}" if query else address


def policy_href(policy: str) -> str:
    return "/policies/" + percent(policy, safe="")


def web_link(url: str | None) -> str | None:
    """The address if it may be put into a link: http or https with a host, nothing else."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def _start(citation: CitationOut, reply: ChatReply) -> int | None:
    for claim in reply.claims:
        for found in claim.quotes:
            if found.passage == citation.passage and found.quote == citation.quote:
                return found.start
    return None


def _paragraphs(text: str, citations: Sequence[CitationOut]) -> list[tuple[str, list[int]]]:
    """Each paragraph with the numbers of the citations whose quotes it holds; a quote is never cut in two."""
    spans = [span for citation in citations if (span := locate(text, citation.quote))]
    breaks = [found.span() for found in _BLANK_LINE.finditer(text)]
    breaks = [(a, b) for a, b in breaks if not any(start < b and a < end for start, end in spans)]
    edges = [0, *(edge for pair in breaks for edge in pair), len(text)]
    paragraphs = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    homes = [_home(paragraphs, citation) for citation in citations]
    return [(paragraph, [n for n, home in enumerate(homes) if home == at]) for at, paragraph in enumerate(paragraphs)]


def _home(paragraphs: Sequence[str], citation: CitationOut) -> int | None:
    """The paragraph a citation is quoted in: a short quote may stand in several, then it is the one with its title."""
    holding = [at for at, paragraph in enumerate(paragraphs) if _holds(paragraph, citation)]
    titled = [at for at in holding if citation.title in paragraphs[at]]
    return next(iter([*titled, *holding]), None)


def _holds(paragraph: str, citation: CitationOut) -> bool:
    if locate(paragraph, citation.quote):
        return True
    row = cells(citation.quote)  # the text says a table's row in words
    return row is not None and citation.title in paragraph and all(cell in paragraph for cell in row)


def _grouped(clauses: Sequence[Clause]) -> list[Card]:
    blocks: list[Block] = []
    for clause in clauses:
        _add(blocks, clause)
    return [block for block in blocks if isinstance(block, Card)]


def _add(blocks: list[Block], clause: Clause) -> None:
    last = blocks[-1] if blocks else None
    if isinstance(last, Card) and last.policy.policy == clause.citation.policy:
        last.clauses.append(clause)
    else:
        blocks.append(Card([clause]))
