"""How a reply is laid out on the page: its sentences in their order, with each quoted clause drawn as a card. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote as percent
from urllib.parse import urlencode, urlsplit

from bot.channels.web_chat.marking import locate
from bot.channels.web_chat.schema import ChatReply, CitationOut

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
QUOTE_IN_LINK = 120


@dataclass(frozen=True, slots=True)
class Clause:
    """One citation on a card, and the address that opens it in its policy's page."""

    citation: CitationOut
    href: str


@dataclass(frozen=True, slots=True)
class Card:
    """The clauses of one policy that stand together; the first one's citation names the policy."""

    clauses: list[Clause] = field(default_factory=list)

    @property
    def policy(self) -> CitationOut:
        return self.clauses[0].citation


Block = str | Card


@dataclass(frozen=True, slots=True)
class Layout:
    """`blocks` in reading order: a str is a paragraph. `nearest` are clauses that did not answer, or a listing.

    `closing` is the last paragraph (whom to ask) where it reads better after the nearest clauses.
    """

    reply: ChatReply
    blocks: list[Block]
    nearest: list[Card]
    closing: str = ""


def lay_out(reply: ChatReply) -> Layout:
    """A paragraph of the text that holds a citation's quote becomes that citation's card; the rest stays as it is.

    A citation whose quote is not in the text gets its card after the last one, or at the end.
    """
    clauses = [Clause(citation, clause_href(citation, reply)) for citation in reply.citations]
    nearest = [Clause(citation, clause_href(citation, reply)) for citation in reply.nearest]
    blocks: list[Block] = []
    shown: set[int] = set()
    for paragraph, inside in _paragraphs(reply.text, reply.citations):
        for number in inside:
            _add(blocks, clauses[number])
        shown.update(inside)
        if not inside and paragraph.strip():
            blocks.append(paragraph.strip())
    rest = _grouped([clause for number, clause in enumerate(clauses) if number not in shown])
    at = max((index + 1 for index, block in enumerate(blocks) if isinstance(block, Card)), default=len(blocks))
    blocks = [*blocks[:at], *rest, *blocks[at:]]
    if nearest and len(blocks) > 1 and isinstance(blocks[-1], str):
        return Layout(reply, blocks[:-1], _grouped(nearest), blocks[-1])
    return Layout(reply, blocks, _grouped(nearest))


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
    spans = [(span, number) for number, c in enumerate(citations) if (span := locate(text, c.quote))]
    breaks = [found.span() for found in _BLANK_LINE.finditer(text)]
    breaks = [(a, b) for a, b in breaks if not any(start < b and a < end for (start, end), _ in spans)]
    edges = [0, *(edge for pair in breaks for edge in pair), len(text)]
    paragraphs = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        inside = [number for (at, _), number in spans if start <= at < end]
        paragraphs.append((text[start:end], inside))
    return paragraphs


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
