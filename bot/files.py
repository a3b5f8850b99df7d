"""Files that people send, kept under the digest of their content: DATA_DIR/files/ab/cd/<sha256>.

A name that came with a file is only ever shown, never used as a path.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO, Protocol

MOST_BYTES = 20 * 1024 * 1024
"""The limit for one file; also what Telegram's Bot API lets a bot fetch."""

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would turn line feeds into two bytes
_DIGEST = re.compile("[0-9a-f]{64}")


class FileStoreError(Exception):
    """The file could not be kept or read (disk full, gone). Nothing half-written is left behind."""


class FileTooLargeError(FileStoreError):
    """The content exceeds the limit; reading stopped there."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where content is kept, and its size in bytes."""

    digest: str
    size: int


class FileStore(Protocol):
    """Content by its sha256, in lower-case hexadecimal."""

    def put(self, chunks: Iterable[bytes]) -> Stored:
        """Keep the content, durably when this returns. The same content twice is kept once."""

    def open(self, digest: str) -> BinaryIO: ...

    def delete(self, digest: str) -> None:
        """Forget the content, whoever else sent the same: callers see to that. No error where it is not there."""


class FolderFileStore:
    """A `FileStore` in a folder; only this process's user may read it."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def put(self, chunks: Iterable[bytes]) -> Stored:
        """Raises FileTooLargeError and FileStoreError; what `chunks` itself raises passes through."""
        part = self._folder / f".{secrets.token_hex(8)}.part"
        with _faults("kept"):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            stored = self._write(part, chunks)
            with _faults("kept"):
                self._place(part, self._path(stored.digest))
        finally:
            with suppress(OSError):
                part.unlink()
        return stored

    def open(self, digest: str) -> BinaryIO:
        """Raises FileStoreError where there is no such content."""
        with _faults("read"):
            return self._path(digest).open("rb")

    def delete(self, digest: str) -> None:
        with _faults("deleted"):
            self._path(digest).unlink(missing_ok=True)

    def clear_unfinished(self) -> int:
        """Remove what a crash left half-written. Only for the process that owns the folder, before it takes files."""
        parts = list(self._folder.glob(".*.part"))
        for part in parts:
            part.unlink(missing_ok=True)
        return len(parts)

    def kept_before(self, moment: datetime) -> list[str]:
        """The digests of the content that was last put before that moment."""
        found = self._folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")
        with _faults("read"):
            return sorted(path.name for path in found if path.stat().st_mtime < moment.timestamp())

    def _write(self, part: Path, chunks: Iterable[bytes]) -> Stored:
        digest, size = hashlib.sha256(), 0
        with _faults("kept"):
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        with os.fdopen(handle, "wb", buffering=0) as file:  # a buffer would be flushed, and fail, once more at close
            for chunk in chunks:
                size += len(chunk)
                if size > self._most_bytes:
                    raise FileTooLargeError(f"more than {self._most_bytes} bytes")
                digest.update(chunk)
                with _faults("kept"):
                    _write_all(file, chunk)
            with _faults("kept"):
                os.fsync(file.fileno())
        return Stored(digest.hexdigest(), size)

    def _place(self, part: Path, target: Path) -> None:
        """Rename into place and make the names durable, those of folders that are new included."""
        outer, inner = target.parent.parent, target.parent
        outer.mkdir(mode=0o700, exist_ok=True)
        inner.mkdir(mode=0o700, exist_ok=True)
        part.replace(target)
        for folder in (inner, outer, self._folder):
            _flush_folder(folder)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise FileStoreError("this is no digest")
        return self._folder / digest[:2] / digest[2:4] / digest


def shown_name(name: str, longest: int = 100) -> str:
    """A sender's file name, made safe to show: no folders, no control or direction marks, never empty."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if dot and len(suffix) <= 10:
        return f"{stem[: longest - len(suffix) - 1]}.{suffix}"
    return plain[:longest] or "未命名"


def _write_all(file: RawIOBase, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) or 0 :]


@contextmanager
def _faults(done: str) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise FileStoreError(f"the file could not be {done}: {fault.strerror}") from fault


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folder and makes a rename durable by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
