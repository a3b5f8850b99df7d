"""Files at the terminal: one of this machine into the file store, judged by its content; one of a reply out of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bot.channels.web_chat.needs_files import FileRefused, judge
from bot.files import FileStore, FileStoreError
from bot.messages import FileIn
from bot.phrases import Lang, Phrases

CHUNK = 64 * 1024
MOST_NAMES = 100


class PersonsFiles:
    """`folder` is where exports are put; the current one by default."""

    def __init__(self, files: FileStore, lang: Lang, folder: Path | None = None) -> None:
        self._files = files
        self._phrases = Phrases(lang, "needs")
        self._refusals = Phrases(lang, "web")
        self._folder = folder

    def take(self, path: str) -> FileIn | str:
        """The file, kept; or why not, in words."""
        if not path:
            return self._phrases.say("terminal.file_usage")
        file = Path(path.strip("\"'")).expanduser()
        if not file.is_file():
            return self._phrases.say("terminal.file_missing", path=path)
        try:
            with file.open("rb") as content:
                judged = judge(content, file.name)
                content.seek(0)
                stored = self._files.put(_chunks(content))
        except FileRefused as refusal:
            return self._refusals.say(f"web.needs.file.{refusal.key}")
        except (OSError, FileStoreError):
            return self._phrases.say("terminal.file_unreadable", name=file.name)
        return FileIn(stored.digest, judged.name, judged.media_type, stored.size)

    def save(self, file: FileIn) -> str:
        """Put a file of a reply into the folder under a name that is free; where it went, in words."""
        target = self._free(file.name)
        try:
            with self._files.open(file.digest) as source, target.open("xb") as copy:
                shutil.copyfileobj(source, copy)
        except (OSError, FileStoreError):
            return self._phrases.say("terminal.not_saved", name=file.name)
        return self._phrases.say("terminal.saved", path=target)

    def _free(self, name: str) -> Path:
        """The name, or with a number behind it where there is such a file."""
        first = (self._folder or Path.cwd()) / name
        others = (first.with_stem(f"{first.stem}-{number}") for number in range(2, MOST_NAMES))
        return next((path for path in (first, *others) if not path.exists()), first)


def _chunks(content: BinaryIO) -> Iterator[bytes]:
    while chunk := content.read(CHUNK):
        yield chunk
