"""Parsed and Refused as the bytes that go from the child to its parent."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import Any

from rag.parsing.models import Block, BlockKind, Box, Hidden, HiddenWhy, Notice, Parsed, Reason, Refused, Warned


def packed(parsed: Parsed) -> bytes:
    """JSON in UTF-8; blocks and the like as lists, in the order of their fields."""
    found = {
        "blocks": [astuple(block) for block in parsed.blocks],
        "hidden": [astuple(hidden) for hidden in parsed.hidden],
        "warnings": [astuple(warned) for warned in parsed.warnings],
        "title_hint": parsed.title_hint,
        "pages": parsed.pages,
        "parser": parsed.parser,
        "parser_version": parsed.parser_version,
        "file_digest": parsed.file_digest,
        "media_type": parsed.media_type,
    }
    return json.dumps({"parsed": found}, ensure_ascii=False, separators=(",", ":")).encode()


def packed_refusal(reason: Reason, detail: str) -> bytes:
    return json.dumps({"refused": [reason, detail[:300]]}).encode()


def packed_scan(pages: int) -> bytes:
    """The file has this many pages to read by OCR: the parent starts a child with the time and memory for it."""
    return json.dumps({"scan": pages}).encode()


def unpacked(data: bytes) -> Parsed | int:
    """The document, or the number of pages to read by OCR. Raises Refused; ValueError for bytes cut short."""
    try:
        found: dict[str, Any] = json.loads(data)
        if "scan" in found:
            return int(found["scan"])
        if "refused" in found:
            reason, detail = found["refused"]
            refusal = Refused(Reason(reason), str(detail))
        else:
            return _parsed(found["parsed"])
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("not what a child writes") from error
    raise refusal


def _parsed(found: dict[str, Any]) -> Parsed:
    return Parsed(
        title_hint=found["title_hint"],
        blocks=tuple(_block(*fields) for fields in found["blocks"]),
        pages=found["pages"],
        hidden=tuple(Hidden(HiddenWhy(why), text, page, _box(box)) for why, text, page, box in found["hidden"]),
        warnings=tuple(Warned(Notice(notice), count) for notice, count in found["warnings"]),
        parser=found["parser"],
        parser_version=found["parser_version"],
        file_digest=found["file_digest"],
        media_type=found["media_type"],
    )


def _block(kind: str, text: str, level: int, page: int | None, start: int, box: Any, sheet: str | None) -> Block:
    return Block(BlockKind(kind), text, level, page, start, _box(box), sheet)


def _box(found: Any) -> Box | None:
    if found is None:
        return None
    left, top, right, bottom = (float(number) for number in found)
    return left, top, right, bottom
