"""Segments as files: one uncompressed npz a segment, made durable before anything points at it."""

from __future__ import annotations

import os
import time
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.lexical import LexicalSegment
from rag.segments import Segment, SegmentError

_FAULTS = (OSError, KeyError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile raise on damage. RuntimeError: a turned bit may say "encrypted" or name an unknown method."""


LEFT_BEHIND = 24 * 3600
"""Seconds after which a half-written file has no writer any more."""


class SegmentFiles:
    """A `SegmentStore` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, segment: Segment) -> None:
        """Write to a temporary name, flush to the disk, rename: a crash leaves the whole file or none."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._folder / f".{segment.id}.{os.getpid()}.part"
            with part.open("wb") as file:
                np.savez(
                    file, allow_pickle=False, **_prefixed("p", segment.passages), **_prefixed("d", segment.documents)
                )
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path(segment.id))
            _flush_folder(self._folder)
            self._forget_parts()
        except OSError as fault:
            raise SegmentError(f"segment {segment.id} could not be written: {fault}") from fault

    def _forget_parts(self) -> None:
        """Remove what processes left behind that were killed while they wrote; what is young may be being written."""
        for part in self._folder.glob(".*.part"):
            if part.stat().st_mtime < time.time() - LEFT_BEHIND:
                part.unlink(missing_ok=True)

    def read(self, segment: str) -> Segment:
        try:
            with self._path(segment).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return Segment(segment, _unprefixed("p", arrays), _unprefixed("d", arrays))
        except _FAULTS as fault:
            raise SegmentError(f"segment {segment} could not be read: {fault}") from fault

    def passage_ids(self, segment: str) -> tuple[str, ...]:
        return tuple(bytes(value).decode() for value in self._one(segment, "p_ids"))

    def version_ids(self, segment: str) -> tuple[str, ...]:
        return tuple(bytes(value).decode() for value in self._one(segment, "d_ids"))

    def holds(self, segment: str, passages: Sequence[str]) -> set[str]:
        """Looked for by their first eight bytes: to make words of all, or to sort them, would cost what it holds."""
        held = self._one(segment, "p_ids")
        heads, wanted = _heads(held), {key: key.encode() for key in passages if key}
        found = {key: np.flatnonzero(heads == _heads(np.array([name]))) for key, name in wanted.items()}
        return {key for key, places in found.items() if wanted[key] in held[places].tolist()}

    def _one(self, segment: str, name: str) -> np.ndarray:
        try:
            with self._path(segment).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                found: np.ndarray = arrays[name]
                return found
        except _FAULTS as fault:
            raise SegmentError(f"segment {segment} could not be read: {fault}") from fault

    def ids(self) -> set[str]:
        return {path.stem for path in self._folder.glob("*.npz")}

    def drop(self, segment: str) -> None:
        try:
            self._path(segment).unlink(missing_ok=True)
        except OSError as fault:
            raise SegmentError(f"segment {segment} could not be removed: {fault}") from fault

    def _path(self, segment: str) -> Path:
        return self._folder / f"{segment}.npz"


def _heads(ids: np.ndarray) -> np.ndarray:
    return ids.astype("S8").view(np.uint64)


def _prefixed(prefix: str, segment: LexicalSegment) -> dict[str, np.ndarray]:
    return {f"{prefix}_{name}": array for name, array in segment.arrays().items()}


def _unprefixed(prefix: str, arrays: np.lib.npyio.NpzFile) -> LexicalSegment:
    return LexicalSegment.of_arrays({name[2:]: arrays[name] for name in arrays.files if name.startswith(f"{prefix}_")})


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
