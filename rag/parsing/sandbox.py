"""The parent's side of parsing: one file, one child process, its limits, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

from rag.parsing.models import Limits, Parsed


def parse_file(path: Path, limits: Limits | None = None) -> Parsed:
    """Read a file in a child process without network. Raises Refused; nothing is left behind either way."""
    raise NotImplementedError
