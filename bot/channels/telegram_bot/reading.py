"""A raw update → what the door needs of it. Tolerant of what it does not use, strict about what it does. Pure.

The library's own parser refuses a whole update for a field nobody asked about (an old poll without a flag that is new),
so it is not used for what comes in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bot.channels.web_chat.hygiene import clean

LARGEST = 2**63 - 1
ANSWERED_KINDS = ("message", "edited_message", "callback_query", "my_chat_member")

ANONYMOUS = 1087968824
"""GroupAnonymousBot: stands for an administrator who hides; nobody in particular."""

# What a message can hold besides text, as Telegram names it. The order decides where one holds two (an animation also
# has a document, a venue a location).
_CONTENTS = (
    "animation", "document", "photo", "sticker", "voice", "video_note", "video", "audio", "contact", "venue",
    "location", "poll", "dice", "game", "story", "checklist", "paid_media", "invoice", "successful_payment",
    "web_app_data", "giveaway", "passport_data", "live_photo",
)  # fmt: skip
_SERVICE = re.compile(
    "new_chat_|left_chat_|delete_chat_|group_chat_|supergroup_chat_|channel_chat_|message_auto_delete_|migrate_|pinned_|"
    "users_shared|chat_shared|connected_|write_access|proximity|boost_|chat_background|forum_|general_forum|"
    "video_chat_|giveaway_|refunded_|gift|unique_gift|direct_message|checklist_tasks|suggested_post|paid_message|poll_"
)
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{3,40}))?(?:\s+(.*))?", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class UnreadableError(Exception):
    """An update that lacks what the door must know, or has it in another shape. Says which field; never its value."""


@dataclass(frozen=True, slots=True)
class Sender:
    id: int
    lang: str | None
    bot: bool


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that is still at Telegram. `size` in bytes, where it was told."""

    id: str
    name: str
    media_type: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class SharedContact:
    phone: str
    name: str
    user: int | None


@dataclass(frozen=True, slots=True)
class Command:
    """/name@bot argument. `bot` is None where none was named."""

    name: str
    bot: str | None
    argument: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update. `content` names what a message holds: text, photo, voice … service for notes of Telegram's own.

    `pressed` is a button's callback data and `callback` the id to acknowledge; `standing` the bot's new membership.
    """

    kind: Literal["message", "edited", "press", "membership"]
    chat: int
    chat_type: str
    sender: Sender | None
    message: int | None = None
    at: datetime | None = None
    text: str = ""
    content: str = "text"
    file: Remote | None = None
    contact: SharedContact | None = None
    answers_bot: int | None = None
    anonymous: bool = False
    pressed: str | None = None
    callback: str | None = None
    standing: str | None = None
    migrate_to: int | None = None

    @property
    def private(self) -> bool:
        return self.chat_type == "private"

    @property
    def command(self) -> Command | None:
        """The command the text begins with."""
        match = _COMMAND.fullmatch(self.text)
        return Command(match[1].lower(), match[2], (match[3] or "").strip()) if match else None


def read_update(raw: Mapping[str, Any]) -> Incoming:
    """Raises UnreadableError."""
    if (message := _part(raw, "message")) is not None:
        return _message(message, "message")
    if (message := _part(raw, "edited_message")) is not None:
        return _message(message, "edited")
    if (query := _part(raw, "callback_query")) is not None:
        return _press(query)
    if (member := _part(raw, "my_chat_member")) is not None:
        chat, kind = _chat(member)
        standing = _text(_part(member, "new_chat_member") or {}, "status")
        return Incoming("membership", chat, kind, _sender(member), standing=standing)
    raise UnreadableError("no kind that is answered")


def _message(message: Mapping[str, Any], kind: Literal["message", "edited"]) -> Incoming:
    chat, chat_type = _chat(message)
    content = _content(message)
    written = _text(message, "text") or _text(message, "caption") or ""
    replied = _part(message, "reply_to_message") or {}
    author = replied.get("from")
    return Incoming(
        kind=kind,
        chat=chat,
        chat_type=chat_type,
        sender=_sender(message),
        message=_needed(message, "message_id"),
        at=_moment(message.get("date")),
        text=readable(written),
        content=content,
        file=_file(message, content),
        contact=_contact(message) if content == "contact" else None,
        answers_bot=author.get("id") if isinstance(author, Mapping) and isinstance(author.get("id"), int) else None,
        anonymous=message.get("sender_chat") is not None,
        migrate_to=_number(message, "migrate_to_chat_id"),
    )


def _press(query: Mapping[str, Any]) -> Incoming:
    message = _part(query, "message")
    callback = _text(query, "id")
    if message is None or callback is None:
        raise UnreadableError("callback_query without message or id")
    chat, chat_type = _chat(message)
    return Incoming(
        kind="press",
        chat=chat,
        chat_type=chat_type,
        sender=_sender(query),
        message=_number(message, "message_id"),
        content="press",
        pressed=_text(query, "data") or "",
        callback=callback,
    )


def readable(text: str) -> str:
    """Text as a person may have typed it: lone surrogates replaced, invisible and control characters dropped."""
    return clean(_SURROGATE.sub("\ufffd", text), lenient=True)


def _content(message: Mapping[str, Any]) -> str:
    if message.get("text") is not None:
        return "text"
    for name in _CONTENTS:
        if message.get(name) is not None:
            return name
    return "service" if any(_SERVICE.match(name) for name in message) else "unknown"


def _file(message: Mapping[str, Any], content: str) -> Remote | None:
    if content == "photo":
        sizes = [size for size in _list(message, "photo") if isinstance(size, Mapping)]
        if not sizes:
            raise UnreadableError("photo without sizes")
        largest = max(sizes, key=lambda size: _number(size, "file_size") or _number(size, "width") or 0)
        return Remote(_named(largest, "file_id"), "photo.jpg", "image/jpeg", _number(largest, "file_size"))
    if content == "document":
        document = _part(message, "document") or {}
        name = _SURROGATE.sub("\ufffd", _text(document, "file_name") or "")
        media_type = _text(document, "mime_type")
        return Remote(_named(document, "file_id"), name, media_type, _number(document, "file_size"))
    return None


def _contact(message: Mapping[str, Any]) -> SharedContact:
    contact = _part(message, "contact") or {}
    name = " ".join(filter(None, (_text(contact, "first_name"), _text(contact, "last_name"))))
    return SharedContact(_named(contact, "phone_number"), readable(name), _number(contact, "user_id"))


def _chat(holder: Mapping[str, Any]) -> tuple[int, str]:
    chat = _part(holder, "chat")
    if chat is None:
        raise UnreadableError("chat is missing")
    return _needed(chat, "id"), _text(chat, "type") or ""


def _sender(holder: Mapping[str, Any]) -> Sender | None:
    sender = _part(holder, "from")
    if sender is None:
        return None
    return Sender(_needed(sender, "id"), _text(sender, "language_code"), sender.get("is_bot") is True)


def _moment(seconds: Any) -> datetime | None:
    """None for a date that cannot be one: the time of arrival stands in."""
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds < 2**33:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise UnreadableError(f"{name} is no object")
    return value


def _text(holder: Mapping[str, Any], name: str) -> str | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise UnreadableError(f"{name} is no text")
    return value


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    if not isinstance(value, list):
        raise UnreadableError(f"{name} is no list")
    return value


def _named(holder: Mapping[str, Any], name: str) -> str:
    value = _text(holder, name)
    if not value:
        raise UnreadableError(f"{name} is missing")
    return value


def _number(holder: Mapping[str, Any], name: str) -> int | None:
    value = holder.get(name)
    if value is None:
        return None
    if not is_id(value):
        raise UnreadableError(f"{name} is no number")
    return int(value)


def _needed(holder: Mapping[str, Any], name: str) -> int:
    value = _number(holder, name)
    if value is None:
        raise UnreadableError(f"{name} is missing")
    return value


def is_id(value: Any) -> bool:
    """Whether this is a whole number that a database column holds."""
    return isinstance(value, int) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST
