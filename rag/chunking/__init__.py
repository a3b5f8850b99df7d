"""Cut a document into passages: START HERE. A pure function of the document, in time linear in its length.

Digests follow the headings of our own files (`digest`). Everything else follows its outline (`outline`, `sections`):
编章节条 of statutes, 一、（一）1. of notices, Markdown headings, rows of tables; failing these, sentences (`packing`).
"""

from __future__ import annotations

from rag.chunking.digest import digest_pieces
from rag.chunking.outline import outline
from rag.chunking.packing import Size
from rag.chunking.pieces import Piece, passage_id, passages
from rag.chunking.sections import section_pieces
from rag.models import Document, Passage, Span

__all__ = ["chunk", "passage_id"]


def chunk(document: Document, *, target: int = 350, cap: int = 800) -> list[tuple[Passage, Span]]:
    """The document's passages in order, each with its span.

    A passage's text aims at `target` characters and never exceeds `cap`. The spans tile the document's text: each
    starts where the one before ends. A text of white space alone has no passage. Two passages of one document have the
    same id where they are alike in everything (a row that comes twice). Raises ValueError unless 0 < target <= cap.
    """
    if not 0 < target <= cap:
        raise ValueError(f"0 < target <= cap is needed, not target={target}, cap={cap}")
    size = Size(target, cap)
    return passages(document, _pieces(document, size) or _unheaded(document, size))


def _pieces(document: Document, size: Size) -> list[Piece]:
    if document.policy is not None and document.policy.text_kind == "digest":
        return digest_pieces(document, size)
    return section_pieces(document.text, outline(document), size)


def _unheaded(document: Document, size: Size) -> list[Piece]:
    """A text of headings alone: better to be found as plain text than not at all."""
    return section_pieces(document.text, outline(document, plain=True), size)
