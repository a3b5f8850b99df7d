"""From an outline to pieces: articles by themselves, items of one parent together, long texts in even parts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rag.chunking.articles import article_pieces
from rag.chunking.marks import Rank
from rag.chunking.outline import Part, Section
from rag.chunking.packing import Atom, Size, even_groups, heading_only, split_pieces, text_pieces
from rag.chunking.pieces import Piece, stripped
from rag.chunking.sentences import lead_in


def section_pieces(text: str, root: Section, size: Size) -> list[Piece]:
    """The pieces of a document, in order, none longer than the cap."""
    packer = _Packer(text, size)
    packer.pack(root, (), "")
    return packer.pieces


@dataclass(slots=True)
class _Flow:
    """A section while it is packed: what a piece of its own text is like, the lead of its items, the atoms waiting."""

    piece: Piece
    lead: str = ""
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
        if section.rank == Rank.ARTICLE:
            self._pack_article(section, path[: -1 if section.title else None])
        else:
            self._pack_flow(section, path, "")
        self._settle()

    def _pack_article(self, section: Section, path: tuple[str, ...]) -> None:
        piece = Piece(section.start, section.end, "article", path, section.label)
        if not section.has_rows:
            self.pieces += article_pieces(self._text, piece, self._size)
            return
        for part in section.parts:
            if part.row:
                self._emit_row(part, piece)
            else:
                self.pieces += article_pieces(self._text, replace(piece, start=part.start, end=part.end), self._size)

    def _pack_flow(self, section: Section, path: tuple[str, ...], label: str) -> None:
        flow = _Flow(Piece(0, 0, "article" if label else "paragraph", path, label or None))
        for part in section.parts:
            self._take_part(flow, part, bool(section.title))
        for child in section.children:
            if child.is_item and not child.has_rows and child.end - child.start <= self._size.whole:
                flow.run.append(self._child_atom(flow, child))
            else:
                self._flush(flow)
                self.pack(child, path, label)
        self._flush(flow)

    def _take_part(self, flow: _Flow, part: Part, titled: bool) -> None:
        if part.row:
            self._flush(flow)
            self._emit_row(part, flow.piece)
            return
        start, end = stripped(self._text, part.start, part.end)
        if start == end:
            return
        heading = heading_only(self._text, start, end)
        flow.lead = "" if heading and titled else lead_in(self._text, start, end)
        if end - start <= self._size.whole:
            flow.run.append(Atom(start, end, flow.piece, heading))
            return
        self._flush(flow)
        for piece in text_pieces(self._text, replace(flow.piece, start=start, end=end), self._size):
            self._emit(piece)

    def _child_atom(self, flow: _Flow, child: Section) -> Atom:
        path = (*flow.piece.path, child.title) if child.title else flow.piece.path
        piece = Piece(child.start, child.end, "article", path, (flow.piece.article or "") + child.label, flow.lead)
        return Atom(child.start, child.end, piece, heading_only(self._text, child.start, child.end))

    def _flush(self, flow: _Flow) -> None:
        for group in even_groups(self._text, flow.run, self._size):
            if len(group) == 1 and group[0].heading:
                self._settle()
                self._pending = group[0]
                continue
            content = [atom for atom in group if not (atom.heading and atom.alone is flow.piece)]
            piece = content[0].alone if len(content) == 1 else replace(flow.piece, lead=group[0].alone.lead)
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
        self._floor = max(self._floor, len(self.pieces) if waiting is not None else self._floor)
