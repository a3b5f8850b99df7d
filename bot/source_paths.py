"""Whether a folder or a file may become a source, from the command line or the console."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from bot.corpus_sources import Kind

LONGEST_URL = 500
Why = Literal["outside", "missing", "not_kind", "url", "url_folder"]
"""Not below the folder that the console may name · not there · neither a folder nor a file · no web address · a folder
with an address."""


class SourcePathError(Exception):
    """This cannot become a source."""

    def __init__(self, why: Why, named: str) -> None:
        super().__init__(f"{why}: {named}")
        self.why: Why = why
        self.named = named


def source_at(typed: str, url: str, root: Path | None = None) -> tuple[Kind, Path, str]:
    """The kind and the absolute path of what was typed, and its address. Raises SourcePathError.

    With a `root` it has to lie in that folder, links followed, and a relative path begins there: whoever signs in at
    the console names no other file of the machine, and does not learn whether one exists.
    """
    path = _resolved(typed, root)
    if not path.exists():
        raise SourcePathError("missing", str(path))
    if not (path.is_dir() or path.is_file()):
        raise SourcePathError("not_kind", str(path))
    if url and (not url.startswith(("http://", "https://")) or len(url) > LONGEST_URL or not url.isprintable()):
        raise SourcePathError("url", url[:LONGEST_URL])
    if url and path.is_dir():
        raise SourcePathError("url_folder", str(path))
    return ("folder" if path.is_dir() else "page"), path, url


def _resolved(typed: str, root: Path | None) -> Path:
    try:
        if root is None:
            return Path(typed).expanduser().resolve()
        path = (root / typed).resolve()
    except (OSError, RuntimeError, ValueError) as fault:  # a loop of links, a name that no file can have
        raise SourcePathError("missing" if root is None else "outside", typed) from fault
    if not path.is_relative_to(root.resolve()):
        raise SourcePathError("outside", typed)
    return path
