"""The page's own files, held in memory and addressed by the digest of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
# Named here because a system's own table of types may be wrong or empty, and nosniff makes that fatal.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """`version` changes with any byte of any file; modules import each other by relative path under it.

    `at` is the address they are served under.
    """

    version: str
    files: Mapping[str, Asset]
    at: str = "/static"

    def url(self, name: str) -> str:
        if name not in self.files:
            raise KeyError(name)
        return f"{self.at}/{self.version}/{name}"


def load_assets(folder: Path = FOLDER, at: str = "/static") -> Assets:
    files = {path.name: Asset(path.read_bytes(), TYPES[path.suffix]) for path in sorted(folder.iterdir())}
    digest = hashlib.sha256()
    for name, asset in files.items():
        digest.update(name.encode() + b"\0" + asset.content + b"\0")
    return Assets(digest.hexdigest()[:12], files, at)
