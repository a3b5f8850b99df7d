"""A picture of a 营业执照 → name and code to confirm. The picture is read in the walled child and not kept.

rag reads the picture's text, intake knows what a licence says; neither knows the other, so they meet here.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from bot.files import FileStoreError, FolderFileStore
from bot.messages import FileIn
from intake.models import Read
from intake.reading.licence import Licence, read_licence
from intake.reading.uscc import read_uscc
from intake.values import Answered
from rag.parsing import Limits, Parsed, Refused, as_markdown, parse_file

ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
"""What may be one; a PDF is what the state's licence app saves."""

LIMITS = Limits(pages=4, ocr_pages=1)
WAIT_SECONDS = 30.0
"""One picture is read at a time: its reader takes most of a gigabyte. Who comes meanwhile waits so long at most."""

NAME_STEP, CODE_STEP = "org_name", "uscc"
STEPS = (NAME_STEP, CODE_STEP)


@dataclass(frozen=True, slots=True)
class LicencePhotos:
    """`unnamed` tells which files no draft and no case names; `pictures`: whether pictures can be read here."""

    files: FolderFileStore
    unnamed: Callable[[Collection[str]], set[str]]
    pictures: bool
    parse: Callable[[Path], Parsed] = field(default=lambda path: parse_file(path, LIMITS))
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def may_be_one(self, media_type: str) -> bool:
        return media_type in ENDINGS and (self.pictures or media_type == "application/pdf")

    def read(self, content: BinaryIO, media_type: str) -> Licence | None:
        """None where it is no licence, cannot be read, or others are being read for too long.

        `content` is taken from its beginning, whoever looked at it before, and closed.
        """
        content.seek(0)
        with content, tempfile.TemporaryDirectory(prefix="licence-") as folder:
            path = Path(folder, f"licence{ENDINGS[media_type]}")
            with path.open("wb") as copy:
                shutil.copyfileobj(content, copy)
            return self._read(path)

    def read_kept(self, file: FileIn) -> Licence | None:
        """The same for a file that a message brought. Raises FileStoreError where it is gone."""
        return self.read(self.files.open(file.digest), file.media_type)

    def forget(self, digests: Iterable[str]) -> None:
        """Remove files that nothing else names. One that cannot be removed now goes with the next sweep."""
        for digest in self.unnamed(set(digests)):
            with suppress(FileStoreError):
                self.files.delete(digest)

    def _read(self, path: Path) -> Licence | None:
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            return None
        try:
            return read_licence(as_markdown(self.parse(path)))
        except Refused:
            return None
        finally:
            self._turn.release()


def offers_of(licence: Licence) -> dict[str, Answered]:
    """Values on offer by step: none of them counts before the person presses or saves it."""
    found = {NAME_STEP: Answered(value=licence.name, text=licence.name)} if licence.name else {}
    read = read_uscc(licence.code or "")
    return found | ({CODE_STEP: read.answered(str(read.value))} if isinstance(read, Read) else {})
