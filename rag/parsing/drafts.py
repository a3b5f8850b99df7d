"""What a format's reader hands over, before the steps that all formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from rag.parsing.models import Box, Hidden, HiddenWhy, Notice


class Shape(StrEnum):
    """What the file itself says of a stretch. FLOW is a paragraph whose words may be a heading's or an article's."""

    HEADING = "heading"
    FLOW = "flow"
    LIST = "list"
    TABLE = "table"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line of a paragraph, or a row of a table, on its page. `before` counts the letters and figures of the stretch
    that come before it: marks and blanks are mended later, letters are not."""

    before: int
    page: int
    box: Box


@dataclass(slots=True)
class Draft:
    """A stretch of text. A table has `rows` instead of text; `level` is that of a heading, 0 where it is not known."""

    shape: Shape
    text: str = ""
    level: int = 0
    page: int | None = None
    box: Box | None = None
    sheet: str | None = None
    rows: list[list[str]] | None = None
    printed: list[PrintedLine] = field(default_factory=list)


@dataclass(slots=True)
class Drafted:
    """A whole file as its reader found it. `title` is what its properties call it, "" where they say nothing."""

    parser: str
    version: str
    drafts: list[Draft] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    notices: Counter[Notice] = field(default_factory=Counter)
    notice_pages: dict[Notice, list[int]] = field(default_factory=dict)
    title: str = ""
    pages: int | None = None
    unread_pages: list[int] = field(default_factory=list)

    def note(self, notice: Notice, pages: Iterable[int]) -> None:
        """A notice of these pages, counted once for each."""
        found = sorted(pages)
        self.notices[notice] += len(found)
        self.notice_pages[notice] = sorted({*self.notice_pages.get(notice, ()), *found})

    def hide(self, why: HiddenWhy, text: str, page: int | None = None, box: Box | None = None) -> None:
        if text.strip():
            self.hidden.append(Hidden(why, text.strip(), page, box))
