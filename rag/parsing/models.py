"""The nouns of parsing: a file read into blocks, what was hidden in it, and why a file is refused.

Standard library only. Texts are as `rag.reading.normalise` leaves them. Pages count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BlockKind(StrEnum):
    """What a block is. A TABLE's text is Markdown rows; a heading's and an article's is the line as printed."""

    HEADING = "heading"
    ARTICLE = "article"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"


class HiddenWhy(StrEnum):
    """Why a text is shown to the admin and kept out of the document."""

    INVISIBLE = "invisible"  # drawn in no ink, vanish, display:none, the hidden attribute, a hidden row or sheet
    COLOUR = "colour"  # in the colour of its background
    TINY = "tiny"  # under 2 points
    OFF_PAGE = "off_page"
    COVERED = "covered"  # something opaque is drawn over it
    INSTRUCTION = "instruction"  # can be seen, and speaks to a machine that answers: 忽略以上指令


class Reason(StrEnum):
    """Why a file is refused. Wording: bot/wording/parsing.<lang>.toml, [refused.<reason>]. Names are never changed."""

    MISSING = "missing"
    NOT_A_FILE = "not_a_file"  # a folder, a link, a device
    BAD_NAME = "bad_name"
    EMPTY = "empty"
    TOO_BIG = "too_big"
    UNKNOWN_TYPE = "unknown_type"
    WRONG_TYPE = "wrong_type"  # the name says one thing, the content another
    OLD_OFFICE = "old_office"  # .doc, .xls, .wps: to be saved as .docx, .xlsx
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    UNDECODABLE = "undecodable"
    BOMB = "bomb"  # unpacks to far more than it says, or has too many parts
    ENTITIES = "entities"  # a DOCTYPE where none belongs
    UNSAFE_PARTS = "unsafe_parts"  # ../ in the name of a part, the same part twice
    TOO_DEEP = "too_deep"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MUCH_TEXT = "too_much_text"
    NO_TEXT = "no_text"
    SCAN = "scan"  # images of pages, and no OCR is installed here
    LIST_PAGE = "list_page"  # a web page that is a list of links
    OUT_OF_MEMORY = "out_of_memory"
    OUT_OF_TIME = "out_of_time"
    CRASHED = "crashed"


class Notice(StrEnum):
    """What an admin should know of a file that was read. Wording: [notice.<notice>]; `count` says how often."""

    HIDDEN = "hidden"
    INSTRUCTIONS = "instructions"
    TRACKED_INSERTIONS = "tracked_insertions"  # kept
    TRACKED_DELETIONS = "tracked_deletions"  # left out
    OCR = "ocr"  # pages read from images
    UNREAD_PAGES = "unread_pages"  # pages that are images, not read
    OCR_UNSURE = "ocr_unsure"  # lines that the OCR was not sure of
    RUNNING_LINES = "running_lines"  # headers, footers and page numbers left out
    ENCODING = "encoding"  # the page's own label was wrong
    MACROS = "macros"  # there are some; they were not run
    UNREAD_PARTS = "unread_parts"  # embedded objects, charts, pictures: not read
    MERGED_CELLS = "merged_cells"  # their words were repeated in every cell they span
    GLYPHS = "glyphs"  # characters that the file's font gives no letter for


class Refused(Exception):  # noqa: N818  # a word of the glossary, as Faulted and Withdrawn are
    """The file is not read and nothing of it is kept. `detail` is for the log: numbers and names, never its text."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. OCR has its own time: `ocr_seconds_a_page` for each page without text, and its memory."""

    file_bytes: int = 20_000_000
    unpacked_bytes: int = 200_000_000
    parts: int = 2_000
    ratio: int = 100  # of a part over 1 MB
    depth: int = 200  # elements within elements
    pages: int = 1_000
    characters: int = 5_000_000
    memory_bytes: int = 1_000_000_000  # of address space
    cpu_seconds: int = 25
    wall_seconds: float = 28.0
    output_bytes: int = 40_000_000
    ocr: bool = True
    ocr_pages: int = 100
    ocr_seconds_a_page: int = 30
    ocr_memory_bytes: int = 4_000_000_000


Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Printed:
    """A line as it is printed: where it begins in the block's text, and where it stands on which page."""

    start: int
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the text in reading order.

    `level` is 1 to 6 for a heading and 0 for all else. `page` is None where the format has none (HTML, TXT, Markdown,
    most DOCX). `start` is where the block begins in `as_markdown`. `box` is (left, top, right, bottom) in points from
    the page's upper left corner, for files with pages only. `sheet` is the name of the XLSX sheet it is from. `lines`
    are the lines it is printed on (rows of a table), in order, where the file has pages: a block that runs on over a
    page's end says so here.
    """

    kind: BlockKind
    text: str
    level: int = 0
    page: int | None = None
    start: int = 0
    box: Box | None = None
    sheet: str | None = None
    lines: tuple[Printed, ...] = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A text that a reader of the file does not see, or that speaks to a machine. It is in no block."""

    why: HiddenWhy
    text: str
    page: int | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """A notice with how often it applies, and on which pages where that is known."""

    notice: Notice
    count: int = 1
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as read. `title_hint` is the heading that looks like its title, or "". `pages` is None where it has none.

    `file_digest` is the SHA-256 of its bytes in hexadecimal. The same bytes, parser and version give the same blocks.
    """

    title_hint: str
    blocks: tuple[Block, ...]
    pages: int | None
    hidden: tuple[Hidden, ...]
    warnings: tuple[Warned, ...]
    parser: str
    parser_version: str
    file_digest: str
    media_type: str
