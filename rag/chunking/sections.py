"""From an outline to pieces: articles by themselves, items of one parent together, long texts in even parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rag.chunking.articles import article_pieces
from rag.chunking.lines import heading_words
from rag.chunking.marks import Rank
from rag.chunking.outline import Part, Section
from rag.chunking.packing import Atom, Size, even_groups, heading_only, sentence_atoms, split_pieces
from rag.chunking.pieces import Piece, stripped
from rag.chunking.sentences import lead_in


def section_pieces(text: str, root: Section, size: Size) -> list[Piece]:
    """The pieces of a document, in order, none longer than the cap."""
    packer = _Packer(text, size)
    packer.pack(root, (), "")
    return packer.pieces


@dataclass(slots=True)
class _Flow:
    """A section while it is packed: what its own pieces are like, the lead of its items, the name of its next table."""

    piece: Piece
    lead: str = ""
    caption: str = ""
    run: list[Atom] = field(default_factory=list)


class _Packer:
    """Walks the sections in order. `_pending` is a heading that waits for what follows it in its section."""

    def __init__(self, text: str, size: Size) -> None:
        self.pieces: list[Piece] = []
        self._text = text
        self._size = size
        self._pending: Atom | None = None
        self._floor = 0  # pieces before this one belong to another heading

    def pack(self, section: Section, path: tuple[str, ...], label: str) -> None:
        path = (*path, section.title) if section.title else path
        if section.is_item:
            self._pack_flow(section, path, label + section.label)
            return
        self._settle()
        self._floor = len(self.pieces)
        if section.rank == Rank.ARTICLE:
            self._pack_article(section, path)
        else:
            self._pack_flow(section, path, label + section.label if section.is_numbered else "")
        self._settle()
        self._floor = len(self.pieces)

    def _pack_article(self, section: Section, path: tuple[str, ...]) -> None:
        piece = Piece(section.start, section.end, "article", path, section.label)
        for part in section.parts:
            if part.row:
                self._emit_row(part, piece)
            else:
                self.pieces += article_pieces(self._text, replace(piece, start=part.start, end=part.end), self._size)

    def _pack_flow(self, section: Section, path: tuple[str, ...], label: str) -> None:
        flow = _Flow(Piece(0, 0, "article" if label else "paragraph", path, label or None))
        for part in section.parts:
            self._take_part(flow, part, section)
        if not section.is_item:
            self._flush(flow)
        for child in section.children:
            if child.is_item and not child.has_rows and child.end - child.start <= self._size.whole:
                flow.run.append(self._child_atom(flow, child))
            else:
                self._flush(flow)
                self.pack(child, path, label)
        self._flush(flow)

    def _take_part(self, flow: _Flow, part: Part, section: Section) -> None:
        if part.row:
            self._flush(flow)
            path = (*flow.piece.path, flow.caption) if flow.caption else flow.piece.path
            self._emit_row(part, replace(flow.piece, path=path))
            return
        self._flush(flow)  # a rule or a table stands between two parts
        self._settle()
        start, end = stripped(self._text, part.start, part.end)
        if start == end:
            return
        heading = heading_only(self._text, start, end)
        flow.caption = self._caption(start, end)
        if section.is_item and not (heading and section.title):
            flow.lead = lead_in(self._text, start, end)
        if end - start <= self._size.whole:
            flow.run.append(Atom(start, end, flow.piece, heading))
        else:
            flow.run += sentence_atoms(self._text, start, end, flow.piece, self._size)

    def _caption(self, start: int, end: int) -> str:
        """The last line of a text, which names a table that follows, if it looks like a name; else ""."""
        first, _ = stripped(self._text, self._text.rfind("\n", start, end) + 1 or start, end)
        return heading_words(self._text[first:end]) if heading_only(self._text, first, end) else ""

    def _child_atom(self, flow: _Flow, child: Section) -> Atom:
        path = (*flow.piece.path, child.title) if child.title else flow.piece.path
        piece = Piece(child.start, child.end, "article", path, (flow.piece.article or "") + child.label, flow.lead)
        heading = heading_only(self._text, child.start, child.end)
        return Atom(child.start, child.end, piece, heading, child.number)

    def _flush(self, flow: _Flow) -> None:
        for group in even_groups(self._text, flow.run, self._size):
            if len(group) == 1 and group[0].heading:
                self._settle()
                self._pending = group[0]
                continue
            piece = replace(_common(group, flow.piece), lead=group[0].alone.lead)
            self._emit(replace(piece, start=group[0].start, end=group[-1].end))
        flow.run.clear()

    def _emit(self, piece: Piece) -> None:
        if self._pending and piece.end - self._pending.start <= self._size.cap:
            piece = replace(piece, start=self._pending.start, lead=self._pending.alone.lead)
            self._pending = None
        self._settle()
        self.pieces.append(piece)

    def _emit_row(self, part: Part, piece: Piece) -> None:
        self._settle()
        if part.row:
            row = replace(piece, start=part.start, end=part.end, kind="row", lead=part.row.lead)
            self.pieces += split_pieces(self._text, row, self._size)
            self._floor = len(self.pieces)

    def _settle(self) -> None:
        """A heading that nothing followed goes with what stands before it, or for want of that stands alone."""
        waiting, self._pending = self._pending, None
        if waiting is not None:
            before = self.pieces[-1] if len(self.pieces) > self._floor else None
            if before and waiting.end - before.start <= self._size.cap:
                self.pieces[-1] = replace(before, end=waiting.end)
            else:
                self.pieces.append(replace(waiting.alone, start=waiting.start, end=waiting.end))


def _common(group: Sequence[Atom], own: Piece) -> Piece:
    """What a group is called: its one item, 二、至四、 for a run, else what its section is called."""
    content = [atom for atom in group if not (atom.heading and atom.alone is own)] or list(group)
    first, last = content[0].alone, content[-1].alone
    if len(content) == 1:
        return first
    numbers = [atom.number for atom in content]
    if not numbers[0] or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return own
    return replace(own, kind=first.kind, article=f"{first.article}至{(last.article or '')[len(own.article or '') :]}")
