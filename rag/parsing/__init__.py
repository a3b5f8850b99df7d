"""Files of an office → blocks of text: START HERE. PDF, DOCX, XLSX, HTML, TXT, Markdown; scans through OCR.

    parsed = parse_file(path)            # in a child process with limits; raises Refused(reason, detail)
    text = as_markdown(parsed)           # what rag.corpus and rag.chunking read
    page_at(parsed, offset_in_text)      # for 第3页; None where the format has no pages

`sandbox` is the parent's side, `child` what runs inside; each format
has a module of its own that the child alone loads.
Every format ends in the same steps (`assembling`): characters normalised, articles and headings found, hidden and
instruction-like text set aside.
"""

from rag.parsing.markdown import as_markdown, block_at, page_at, page_starts, printed
from rag.parsing.models import (
    Block,
    BlockKind,
    Hidden,
    HiddenWhy,
    Limits,
    Notice,
    Parsed,
    Printed,
    Reason,
    Refused,
    Warned,
)
from rag.parsing.sandbox import parse_file

__all__ = [
    "Block",
    "BlockKind",
    "Hidden",
    "HiddenWhy",
    "Limits",
    "Notice",
    "Parsed",
    "Printed",
    "Reason",
    "Refused",
    "Warned",
    "as_markdown",
    "block_at",
    "page_at",
    "page_starts",
    "parse_file",
    "printed",
]
