"""One kept message → calls of the Bot API, with something plainer to fall back on where Telegram refuses the markup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from telegram.error import BadRequest

from bot.channels.telegram_bot.api import UNREAD
from bot.channels.telegram_bot.parts import Attached, Key, Payload
from bot.channels.telegram_bot.threads import in_thread
from bot.files import FileStore, FileStoreError

HTML = "HTML"
_UNCHANGED = "not modified"
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_MESSAGE_FAULTS = (
    "chat not found",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "user is deactivated",
)


class GoneError(Exception):
    """The chat cannot be written to, now or later. The words are Telegram's."""


class RefusedError(Exception):
    """Telegram takes this message in no form. The words are Telegram's."""


class OddAnswerError(Exception):
    """What was answered, or what was to be sent, is nothing the library can read. Says what kind of fault."""


class Post:
    """Sends what was kept. Raises telegram.error.TelegramError for what may pass, GoneError, RefusedError and
    OddAnswerError else.
    """

    def __init__(self, bot: Bot, files: FileStore | None = None) -> None:
        self._bot = bot
        self._files = files

    async def post(self, chat: int, payload: Payload) -> int | None:
        """Send it, or write it over the message it replaces; the id of the message that shows it now."""
        try:
            return await self._post(chat, payload)
        except UNREAD as fault:
            raise OddAnswerError(type(fault).__name__) from fault

    async def _post(self, chat: int, payload: Payload) -> int | None:
        if payload.remove is not None:
            with suppress(BadRequest):
                await self._bot.delete_message(chat, payload.remove)
        if payload.edit is not None and await self._edited(chat, payload, payload.edit):
            return payload.edit
        return await (self._file(chat, payload, payload.file) if payload.file else self._text(chat, payload))

    async def _edited(self, chat: int, payload: Payload, message: int) -> bool:
        """Whether the message stands as wanted; not where it is gone or too old to be written over."""
        markup = _inline(payload.keys)
        for text, mode in _versions(payload):
            try:
                await self._bot.edit_message_text(
                    text, chat, message, parse_mode=mode, reply_markup=markup, link_preview_options=_NO_PREVIEW
                )
            except BadRequest as fault:
                if _UNCHANGED in fault.message.lower():
                    return True
            else:
                return True
        return False

    async def _text(self, chat: int, payload: Payload) -> int:
        refused: BadRequest | None = None
        for version in self._sendable(payload):
            try:
                sent = await self._bot.send_message(chat, link_preview_options=_NO_PREVIEW, **version)
            except BadRequest as fault:
                _raise_if_gone(fault)
                refused = fault
            else:
                return sent.message_id
        raise RefusedError(refused.message if refused else "nothing to send")

    @staticmethod
    def _sendable(payload: Payload) -> Iterator[dict[str, Any]]:
        """The message as it should be, then without its markup, then without its buttons."""
        markup = _markup(payload)
        reply = None
        if payload.reply_to is not None:
            reply = ReplyParameters(payload.reply_to, allow_sending_without_reply=True)
        for text, mode in _versions(payload):
            yield {"text": text, "parse_mode": mode, "reply_markup": markup, "reply_parameters": reply}
        if markup is not None or reply is not None:
            yield {"text": payload.text}

    async def _file(self, chat: int, payload: Payload, file: Attached) -> int:
        try:
            content = await in_thread(self._content, file)
        except FileStoreError:
            return await self._text(chat, Payload(f"{file.name}：…", keys=payload.keys))
        try:
            sent = await self._bot.send_document(
                chat, InputFile(content, filename=file.name), reply_markup=_inline(payload.keys)
            )
        except BadRequest as fault:
            _raise_if_gone(fault)
            raise RefusedError(fault.message) from None
        return sent.message_id

    def _content(self, file: Attached) -> bytes:
        if file.content is not None:
            return file.content.encode("utf-8-sig", "replace")
        if self._files is None or file.digest is None:
            raise FileStoreError("no file store")
        with self._files.open(file.digest) as kept:
            return kept.read()


def _versions(payload: Payload) -> Iterator[tuple[str, str | None]]:
    if payload.html is not None and payload.html != payload.text:
        yield payload.html, HTML
    yield payload.text, None


def _markup(payload: Payload) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
    if payload.contact is not None:
        button = KeyboardButton(payload.contact, request_contact=True)
        return ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)
    if payload.drop_contact:
        return ReplyKeyboardRemove()
    return _inline(payload.keys)


def _inline(keys: tuple[tuple[Key, ...], ...]) -> InlineKeyboardMarkup | None:
    if not keys:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(key.label, callback_data=key.data, url=key.url) for key in row] for row in keys]
    )


def _raise_if_gone(fault: BadRequest) -> None:
    if any(words in fault.message.lower() for words in _MESSAGE_FAULTS):
        raise GoneError(fault.message) from None
