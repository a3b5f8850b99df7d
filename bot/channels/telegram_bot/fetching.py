"""A file somebody sent → the file store, judged by its bytes. What is refused is refused in words, before it is fetched
where its size says so."""

from __future__ import annotations

import io
from dataclasses import dataclass

from telegram import Bot
from telegram.error import BadRequest

from bot.channels.telegram_bot.reading import Remote
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.words import Words
from bot.channels.web_chat.needs_files import FileRefused, judge
from bot.files import FileStore, shown_name
from bot.messages import FileIn

MOST_BYTES = 10 * 1024 * 1024
"""The form's limit; Telegram itself hands out up to 20 MB."""

_DAMAGED = frozenset({"damaged", "encrypted", "too_many_parts", "bomb"})


@dataclass(frozen=True, slots=True)
class Unfetched:
    """Why a file was not kept, as a sentence."""

    text: str


class Fetching:
    def __init__(self, bot: Bot, files: FileStore) -> None:
        self._bot = bot
        self._files = files

    async def fetch(self, remote: Remote, words: Words) -> FileIn | Unfetched:
        """Keep the file. Raises telegram.error.TelegramError where Telegram cannot be reached, and FileStoreError."""
        name = shown_name(remote.name)
        if (remote.size or 0) > MOST_BYTES:
            return Unfetched(words.say("file.too_large", name=name))
        try:
            found = await self._bot.get_file(remote.id)
        except BadRequest as fault:
            key = "too_large" if "too big" in fault.message.lower() else "expired"
            return Unfetched(words.say(f"file.{key}", name=name))
        if (found.file_size or 0) > MOST_BYTES:
            return Unfetched(words.say("file.too_large", name=name))
        content = bytes(await found.download_as_bytearray())
        if len(content) > MOST_BYTES:
            return Unfetched(words.say("file.too_large", name=name))
        return await in_thread(self._keep, name, content, words)

    def _keep(self, name: str, content: bytes, words: Words) -> FileIn | Unfetched:
        try:
            judged = judge(io.BytesIO(content), name)
        except FileRefused as refused:
            return Unfetched(words.say(f"file.{_sentence(refused.key)}", name=name))
        stored = self._files.put([content])
        return FileIn(stored.digest, judged.name, judged.media_type, stored.size)


def _sentence(key: str) -> str:
    return key if key == "empty" else "damaged" if key in _DAMAGED else "type"
