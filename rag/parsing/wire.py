"""Parsed and Refused as the lines that go from the child to its parent: JSON, the block lines read one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

from rag.parsing.models import (
    Block,
    BlockKind,
    Box,
    Hidden,
    HiddenWhy,
    Notice,
    Parsed,
    Printed,
    Reason,
    Refused,
    Warned,
)


def packed(parsed: Parsed) -> bytes:
    """A line for everything but the blocks, then a line a block: its fields in their order."""
    found = {
        "count": len(parsed.blocks),
        "hidden": [astuple(hidden) for hidden in parsed.hidden],
        "warnings": [astuple(warned) for warned in parsed.warnings],
        "title_hint": parsed.title_hint,
        "pages": parsed.pages,
        "parser": parsed.parser,
        "parser_version": parsed.parser_version,
        "file_digest": parsed.file_digest,
        "media_type": parsed.media_type,
    }
    return b"\n".join([_line({"parsed": found}), *(_line(astuple(block)) for block in parsed.blocks)])


def packed_refusal(reason: Reason, detail: str) -> bytes:
    return _line({"refused": [reason, detail[:300]]})


def packed_scan(pages: int) -> bytes:
    """The file has this many pages to read by OCR: the parent starts a child with the time and memory for it."""
    return _line({"scan": pages})


def _line(found: Any) -> bytes:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def unpacked(lines: Iterable[bytes]) -> Parsed | int:
    """The document, or the number of pages to read by OCR. Raises Refused; ValueError for lines cut short.

    Never the whole answer at once beside what is made of it: the service's memory is not the child's.
    """
    try:
        rest = iter(lines)
        found: dict[str, Any] = json.loads(next(rest))
        if "scan" in found:
            return int(found["scan"])
        if "refused" not in found:
            return _parsed(found["parsed"], rest)
        reason, detail = found["refused"]
        refusal = Refused(Reason(reason), str(detail))
    except (KeyError, TypeError, RecursionError, StopIteration) as error:
        raise ValueError("not what a child writes") from error
    raise refusal


def _parsed(found: dict[str, Any], rest: Iterable[bytes]) -> Parsed:
    blocks = tuple(_block(*json.loads(line)) for line in rest)
    if len(blocks) != found["count"]:
        raise ValueError("fewer blocks than were read")
    return Parsed(
        title_hint=found["title_hint"],
        blocks=blocks,
        pages=found["pages"],
        hidden=tuple(Hidden(HiddenWhy(why), text, page, _box(box)) for why, text, page, box in found["hidden"]),
        warnings=tuple(Warned(Notice(notice), count, tuple(pages)) for notice, count, pages in found["warnings"]),
        parser=found["parser"],
        parser_version=found["parser_version"],
        file_digest=found["file_digest"],
        media_type=found["media_type"],
    )


def _block(
    kind: str, text: str, level: int, page: int | None, start: int, box: Any, sheet: str | None, lines: Any
) -> Block:
    printed = tuple(Printed(int(at), int(on), _sure_box(place)) for at, on, place in lines)
    return Block(BlockKind(kind), text, level, page, start, _box(box), sheet, printed)


def _box(found: Any) -> Box | None:
    return None if found is None else _sure_box(found)


def _sure_box(found: Any) -> Box:
    left, top, right, bottom = (float(number) for number in found)
    return left, top, right, bottom
