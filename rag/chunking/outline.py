"""A document's outline: which section hangs under which, with its own text and tables. Statutes and notices alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.chunking.lines import Heading, Noise, Reading, heading_words, read_lines
from rag.chunking.marks import Rank
from rag.chunking.numbering import NO_DEPTH, Candidate, accepted
from rag.chunking.pieces import stripped
from rag.chunking.tables import Row, Table
from rag.models import Document

_ITEM_TITLE = re.compile(r"([^\s。；;：:！？]{1,40})(?=[\s。；;：:！？]|$)")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a section's own text, or one row of a table in it."""

    start: int
    end: int
    row: Row | None = None


@dataclass(slots=True)
class Section:
    """A heading, an article or an item, its own parts (they stand before its children) and what hangs under it.

    `label` is the mark as written; `title` the heading's words, "" where the section has none.
    """

    rank: Rank | None
    number: int = 0
    label: str = ""
    title: str = ""
    depth: int = NO_DEPTH
    parts: list[Part] = field(default_factory=list)
    children: list[Section] = field(default_factory=list)
    start: int = 0
    end: int = 0
    has_rows: bool = False

    @property
    def is_numbered(self) -> bool:
        """True for 一、（一）1.（1）①."""
        return self.rank is not None and self.rank > Rank.ARTICLE

    @property
    def is_item(self) -> bool:
        """True where 一、（一）1.（1）① is text and not a Markdown heading: small ones may share a passage."""
        return self.is_numbered and self.depth == NO_DEPTH


Event = Heading | Noise | Table | Candidate


def outline(document: Document, *, plain: bool = False) -> Section:
    """The root section (rank None). With `plain` the whole text is its one part."""
    text = document.text
    root = Section(None, depth=0)
    if plain:
        root.parts.append(Part(0, len(text)))
        return root
    reading = read_lines(text)
    title_end = _repeated_title(text, document.title)
    if title_end:
        reading.noise.insert(0, Noise(0, title_end))
    builder = _Builder(text, document.title, root)
    for event in _events(text, reading, title_end):
        builder.take(event)
    builder.finish()
    return root


def _repeated_title(text: str, title: str) -> int:
    """Where the text proper begins, when it opens with the title, once or more."""
    found = re.match(rf"(?:\s*{re.escape(title)}(?=\s|$))+", text) if title.strip() else None
    return found.end() if found else 0


def _events(text: str, reading: Reading, after: int) -> list[Event]:
    candidates = [c for c in reading.candidates if c.cut >= after]
    heads = accepted(_without_contents(text, candidates))
    if sum(head.mark.rank == Rank.ARTICLE for head in heads) < 2:  # one 第X条 alone is a mention
        heads = accepted([c for c in candidates if c.mark.rank != Rank.ARTICLE])
    events: list[Event] = [*heads, *_filled(text, reading.headings), *reading.noise, *reading.tables]
    events = [event for event in events if _begin(event) >= after or isinstance(event, Noise)]
    return sorted(events, key=_begin)


def _begin(event: Event) -> int:
    return event.cut if isinstance(event, Candidate) else event.start


def _filled(text: str, headings: Sequence[Heading]) -> list[Heading]:
    """Leave out attachments that are only named (附件：申报书): these lines are text."""
    ends = [heading.start for heading in headings[1:]] + [len(text)]
    return [h for h, end in zip(headings, ends, strict=False) if not h.attachment or text[h.end : end].strip()]


def _without_contents(text: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Leave out the lines of a table of contents: headings that come again, with nothing between them and the next."""
    left = Counter(c.heading for c in candidates if c.heading)
    kept: list[Candidate] = []
    for index, candidate in enumerate(candidates):
        if candidate.heading:
            left[candidate.heading] -= 1
            following = candidates[index + 1].cut if index + 1 < len(candidates) else len(text)
            if left[candidate.heading] and not text[candidate.start : following].strip():
                continue
        kept.append(candidate)
    return kept


class _Builder:
    """Takes events in order and hangs sections where they belong."""

    def __init__(self, text: str, title: str, root: Section) -> None:
        self._text = text
        self._title = title
        self._stack = [root]
        self._cursor = 0

    def take(self, event: Event) -> None:
        if isinstance(event, Candidate):
            self._take_head(event)
            return
        self._own_text(event.start)
        self._cursor = event.end
        if isinstance(event, Heading):
            title = "" if event.title == self._title else event.title
            self._open(Section(Rank.HEADING, title=title, depth=event.depth))
        elif isinstance(event, Table):
            self._stack[-1].parts += [Part(row.start, row.end, row) for row in event.rows]

    def finish(self) -> None:
        self._own_text(len(self._text))
        _measure(self._text, self._stack[0])

    def _take_head(self, head: Candidate) -> None:
        mark = head.mark
        if mark.rank > Rank.ARTICLE and any(section.rank == Rank.ARTICLE for section in self._stack):
            return  # the items of an article belong to its text
        self._own_text(head.cut)
        self._cursor = head.start
        title = head.heading
        if mark.rank > Rank.ARTICLE and head.depth == NO_DEPTH and (found := _ITEM_TITLE.match(self._text, mark.body)):
            title = heading_words(self._text[mark.start : found.end()])
        self._open(Section(mark.rank, mark.number[0], mark.label, title, head.depth))

    def _open(self, section: Section) -> None:
        del self._stack[_parent(section, self._stack) + 1 :]
        self._stack[-1].children.append(section)
        self._stack.append(section)

    def _own_text(self, end: int) -> None:
        if self._text[self._cursor : end].strip():
            self._stack[-1].parts.append(Part(self._cursor, end))


def _parent(new: Section, stack: Sequence[Section]) -> int:
    """Where in the stack of open sections (root first) the new one hangs."""
    if new.is_item and stack[-1].is_item:
        for place in range(len(stack) - 1, 0, -1):
            if stack[place].rank == new.rank and 0 < stack[place].number < new.number:
                return place - 1  # the next of a list that is open, whatever hangs between
        if new.number == 1 and new.rank != Rank.FIRST and all(old.rank != new.rank for old in stack):
            return len(stack) - 1  # a list of its own inside an item: 14、…：（一）…
    place = len(stack) - 1
    while _closes(new, stack[place]):
        place -= 1
    return place


def _closes(new: Section, old: Section) -> bool:
    if old.rank is None or new.rank is None:
        return False
    if new.depth < NO_DEPTH and old.depth >= new.depth:
        return True
    return new.rank > Rank.HEADING and old.rank > Rank.HEADING and old.rank >= new.rank


def _measure(text: str, section: Section) -> None:
    """Fill in where the words of each section begin and end, and whether a table stands under it."""
    for child in section.children:
        _measure(text, child)
    inner = [(part.start, part.end) for part in section.parts] + [(c.start, c.end) for c in section.children if c.end]
    if inner:
        section.start, section.end = stripped(text, inner[0][0], inner[-1][1])
    section.has_rows = any(part.row for part in section.parts) or any(child.has_rows for child in section.children)
