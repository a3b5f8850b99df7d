"""A Reply → the parts to send: marked-up pages, buttons under the last one, files after it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.channels.telegram_bot.paging import Block, Page, pages, units
from bot.channels.telegram_bot.parts import Attached, Button, Part, Rows
from bot.messages import Choice, Reply
from rag.models import Answer, Citation

MOST_PAGES = 5
"""A longer text comes as a file, after its first pages."""

_MOST_CITED = 8
_MOST_BUTTONS = 100
_WIDE = 12
"""Labels up to so many units share a row."""

_ROW_UNITS = 24
_LONGEST_LABEL = 60
_LONGEST_CITATION = 36
_SOURCE = re.compile(r"^(来源：|Source: ?)(https?://\S+)$", re.MULTILINE)
_TITLE = re.compile(r"^《.+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Labels:
    """Words of our own that go into a reply."""

    clause: str
    rest_of_it: str
    file_name: str
    contact: str
    contact_hint: str
    contact_done: str


def parts_of(reply: Reply, labels: Labels, owner: int | None, *, cite: bool = True) -> list[Part]:
    """Everything to say for a reply, in order; never empty."""
    rows = (*(_citation_rows(reply.citations, labels) if cite else ()), *choice_rows(reply.choices))
    texts = text_parts(blocks_of(reply), labels)
    form = f"{reply.form.draft}:{reply.form.name or reply.form.step}" if reply.form else None
    last = texts[-1]
    texts[-1] = Part(last.text, last.html, rows[:_MOST_BUTTONS], owner=owner, form=form, file=last.file)
    files = [Part(text=file.name, file=Attached(file.name, digest=file.digest)) for file in reply.files]
    return [*texts, *files]


def text_parts(blocks: Iterable[Block], labels: Labels) -> list[Part]:
    """A text in messages; past MOST_PAGES the whole of it comes as a file."""
    blocks = list(blocks)
    done = pages(blocks) or [Page("…", "…")]
    if len(done) <= MOST_PAGES:
        return [Part(page.text, page.html) for page in done]
    whole = "".join(block.text for block in blocks)
    file = Part(text=labels.rest_of_it, file=Attached(labels.file_name, content=whole))
    return [*(Part(page.text, page.html) for page in done[: MOST_PAGES - 1]), file]


def blocks_of(reply: Reply) -> list[Block]:
    """The reply's text, its quoted clauses as quotes, its titles in bold, its sources as links."""
    if reply.answer is None:
        return [Block(reply.text)]
    blocks: list[Block] = []
    at = 0
    for start, end in _quoted(reply.text, reply.answer):
        blocks += _lines(reply.text[at:start])
        blocks.append(Block(reply.text[start:end], "quote"))
        at = end
    return [*blocks, *_lines(reply.text[at:])]


def _quoted(text: str, answer: Answer) -> Iterator[tuple[int, int]]:
    """Where the clauses stand in the text, in order."""
    at = text.find(answer.approved.text) + len(answer.approved.text) if answer.approved else 0
    clauses = [c.quote for c in answer.citations] if answer.generated else [claim.text for claim in answer.claims]
    for quote in [*clauses, *(citation.quote for citation in answer.nearest)]:
        start = text.find(quote, at) if quote else -1
        if start >= 0:
            at = start + len(quote)
            yield start, at


def _lines(text: str) -> list[Block]:
    """Titles and sources marked, the rest as it is."""
    marked = sorted(
        [(m.start(), m.end(), Block(m[0], "bold")) for m in _TITLE.finditer(text)]
        + [(m.start(2), m.end(2), Block(m[2], url=m[2])) for m in _SOURCE.finditer(text)],
        key=lambda found: found[0],
    )
    blocks: list[Block] = []
    at = 0
    for start, end, block in marked:
        blocks += [Block(text[at:start]), block]
        at = end
    return [block for block in [*blocks, Block(text[at:])] if block.text]


def choice_rows(choices: Sequence[Choice]) -> Rows:
    """Buttons in rows: short labels side by side, long ones alone."""
    return packed(Button(_short(choice.label), {"choice": choice.id}) for choice in choices)


def packed(buttons: Iterable[Button]) -> Rows:
    rows: list[list[Button]] = []
    for button in buttons:
        width = units(button.label)
        fits = rows and width <= _WIDE and sum(max(units(b.label), 4) for b in rows[-1]) + width <= _ROW_UNITS
        if fits and all(units(b.label) <= _WIDE for b in rows[-1]):
            rows[-1].append(button)
        else:
            rows.append([button])
    return tuple(tuple(row) for row in rows)


def _citation_rows(citations: Sequence[Citation], labels: Labels) -> Rows:
    """One button a clause cited, which opens it."""
    seen: dict[str, Citation] = {}
    for citation in citations:
        seen.setdefault(citation.passage, citation)
    return tuple(
        (Button(_clause_label(number, citation, labels), {"clause": [citation.policy, citation.passage]}),)
        for number, citation in enumerate(list(seen.values())[:_MOST_CITED], start=1)
    )


def _clause_label(number: int, citation: Citation, labels: Labels) -> str:
    """The article first: a phone cuts a long label short, and the titles are alike."""
    article = f" {citation.article}" if citation.article else ""
    head = f"{labels.clause}{number}{article}"
    return f"{head}《{_short(citation.title, max(_LONGEST_CITATION - units(head), 8))}》"


def _short(label: str, most: int = _LONGEST_LABEL) -> str:
    """A label that fits a button; never empty."""
    label = " ".join(label.split()) or "…"
    if units(label) <= most:
        return label
    while units(label) > max(most - 1, 1):
        label = label[:-1]
    return f"{label}…"
