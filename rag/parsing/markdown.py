"""Blocks as the Markdown that rag.corpus and rag.chunking read, and the way back from an offset in it to a block."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace

from rag.parsing.models import Block, BlockKind, Box, Parsed


def as_markdown(parsed: Parsed) -> str:
    """The document's text: # headings, articles and paragraphs as printed, tables as | rows |, a blank line between.

    `block.start` is the offset of each block in it; the items of a list follow one another without a blank line.
    """
    return _joined(parsed.blocks)


def placed(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks with `start` filled in."""
    done: list[Block] = []
    at = 0
    for block in blocks:
        at += len(_gap(done[-1], block)) if done else 0
        done.append(replace(block, start=at))
        at += len(_written(block))
    return tuple(done)


def block_at(parsed: Parsed, offset: int) -> Block | None:
    """The block that an offset of `as_markdown` lies in (or after); None for a document without blocks."""
    starts = [block.start for block in parsed.blocks]
    place = bisect_right(starts, offset) - 1
    return parsed.blocks[place] if place >= 0 else None


def page_at(parsed: Parsed, offset: int) -> int | None:
    """The page that this offset of `as_markdown` was printed on, from 1; None where it is not known."""
    block = block_at(parsed, offset)
    if block is None:
        return None
    inside = offset - block.start - _mark(block)
    return next((line.page for line in reversed(block.lines) if line.start <= inside), block.page)


def printed(parsed: Parsed) -> tuple[tuple[int, int, Box], ...]:
    """(offset in `as_markdown`, page, box) of every line whose place on its page is known, in order."""
    return tuple(
        (block.start + _mark(block) + line.start, line.page, line.box)
        for block in parsed.blocks
        for line in block.lines
    )


def page_starts(parsed: Parsed) -> tuple[tuple[int, int], ...]:
    """(offset in `as_markdown`, page) where each page begins, be it within a paragraph."""
    firsts: dict[int, int] = {}
    for block in parsed.blocks:
        if block.page is not None:
            firsts.setdefault(block.page, block.start)
        for line in block.lines:
            firsts.setdefault(line.page, block.start + _mark(block) + line.start)
    return tuple(sorted((start, page) for page, start in firsts.items()))


def _joined(blocks: tuple[Block, ...]) -> str:
    parts: list[str] = []
    for number, block in enumerate(blocks):
        if number:
            parts.append(_gap(blocks[number - 1], block))
        parts.append(_written(block))
    return "".join(parts) + ("\n" if parts else "")


def _gap(before: Block, after: Block) -> str:
    return "\n" if before.kind == after.kind == BlockKind.LIST else "\n\n"


def _written(block: Block) -> str:
    return f"{'#' * block.level} {block.text}" if block.kind == BlockKind.HEADING else block.text


def _mark(block: Block) -> int:
    """Characters of Markdown before the block's own text."""
    return block.level + 1 if block.kind == BlockKind.HEADING else 0
