"""A parser for tests of what comes after it: lines as paragraphs, a page each three; what is told to hide is hidden."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from rag.parsing import Block, BlockKind, Hidden, HiddenWhy, Parsed, Reason, Refused
from rag.parsing.markdown import placed


@dataclass
class PlainReader:
    refuses: Reason | None = None
    hidden: str = ""

    def __call__(self, path: Path) -> Parsed:
        if self.refuses:
            raise Refused(self.refuses)
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
        blocks = placed(Block(BlockKind.PARAGRAPH, line, page=1 + n // 3) for n, line in enumerate(lines))
        hidden = (Hidden(HiddenWhy.COLOUR, self.hidden),) if self.hidden else ()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return Parsed("", blocks, 1 + (len(lines) - 1) // 3, hidden, (), "fake", "7", digest, "text/plain")
