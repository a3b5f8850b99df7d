"""Cut a document into passages: START HERE. A pure function of the document, in time linear in its length.

Digests follow the headings of our own files (`digest`). Everything else follows its outline (`outline`, `sections`):
编章节条 of statutes, 一、（一）1. of notices, Markdown headings, rows of tables; failing these, sentences (`packing`).
"""

from __future__ import annotations

from collections.abc import Iterator

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
    return passages(document, next((pieces for pieces in _readings(document, size) if pieces), []))


def _readings(document: Document, size: Size) -> Iterator[list[Piece]]:
    """The pieces by each grammar that may fit, the most telling first; an empty list where it found none."""
    if document.policy is not None and document.policy.text_kind == "digest":
        yield digest_pieces(document, size)
    worded = [piece for piece in section_pieces(document.text, outline(document), size) if _has_words(document, piece)]
    yield worded
    yield section_pieces(document.text, outline(document, plain=True), size)  # headings alone are better than nothing


def _has_words(document: Document, piece: Piece) -> bool:
    """False for what is left between headings at times: a dash, a zero-width blank."""
    return any(character.isalnum() for character in document.text[piece.start : piece.end])
