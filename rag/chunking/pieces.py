"""What a grammar hands over (pieces), and how pieces become passages with spans and ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from rag.models import Confidence, Document, Passage, PassageKind, Span


@dataclass(frozen=True, slots=True)
class Piece:
    """text[start:end] is quotable as it stands: not empty, no white space at its ends. `path` is without the title."""

    start: int
    end: int
    kind: PassageKind = "paragraph"
    path: tuple[str, ...] = ()
    article: str | None = None
    lead: str = ""
    provision: int | None = None
    confidence: Confidence | None = None


def passage_id(
    *,
    document: str,
    kind: PassageKind,
    path: Sequence[str],
    article: str | None,
    lead: str,
    text: str,
    provision: int | None = None,
    confidence: Confidence | None = None,
) -> str:
    """The first 24 hex digits of the SHA-256 of all that makes the passage, as a JSON list: nothing runs together."""
    parts = [document, kind, list(path), article, lead, text, provision, confidence]
    encoded = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return hashlib.sha256(encoded).hexdigest()[:24]


def passages(document: Document, pieces: Sequence[Piece]) -> list[tuple[Passage, Span]]:
    """Passages with spans that tile the text. What stands before a piece (headings, rules) belongs to its span."""
    found: list[tuple[Passage, Span]] = []
    start = 0
    for number, piece in enumerate(pieces):
        passage = _passage(document, piece)
        end = len(document.text) if number + 1 == len(pieces) else skip_space(document.text, piece.end)
        found.append((passage, Span(passage.id, start, end)))
        start = end
    return found


def _passage(document: Document, piece: Piece) -> Passage:
    path = (document.title, *piece.path)
    text = document.text[piece.start : piece.end]
    digest = passage_id(
        document=document.id,
        kind=piece.kind,
        path=path,
        article=piece.article,
        lead=piece.lead,
        text=text,
        provision=piece.provision,
        confidence=piece.confidence,
    )
    return Passage(
        id=digest,
        document=document.id,
        kind=piece.kind,
        path=path,
        article=piece.article,
        lead=piece.lead,
        text=text,
        provision=piece.provision,
        confidence=piece.confidence,
    )


def skip_space(text: str, start: int) -> int:
    """The first offset from `start` on that is not white space."""
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """[start, end) without white space at its ends; an empty range stays empty."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
