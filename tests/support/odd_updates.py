"""Updates as nobody would send them: missing, wrong, huge, old and unheard-of fields. Each with what must come of it.

`said`: a private chat is told something (how sensible is tested elsewhere) · `silent`: nobody is answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Fate = Literal["said", "silent"]
CHAT = 500
"""The private chat of whoever sends these."""


@dataclass(frozen=True, slots=True)
class Odd:
    name: str
    update: dict[str, Any]
    fate: Fate


def _chat(**changes: Any) -> dict[str, Any]:
    return {"id": CHAT, "type": "private", "first_name": "某人", **changes}


def _person(**changes: Any) -> dict[str, Any]:
    return {"id": CHAT, "is_bot": False, "first_name": "某人", "language_code": "zh-hans", **changes}


def _message(number: int, **changes: Any) -> dict[str, Any]:
    """A message; a field that is changed to ... is left out."""
    body = {"message_id": 700_000 + number, "date": 1_790_000_000, "chat": _chat(), "from": _person(), **changes}
    return {name: value for name, value in body.items() if value is not ...}


def _nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"message_id": 1, "chat": _chat(), "date": 1, "text": "底"}
    for _ in range(depth):
        inner = {"message_id": 1, "chat": _chat(), "date": 1, "text": "层", "reply_to_message": inner}
    return inner


_MESSAGES: list[tuple[str, dict[str, Any], Fate]] = [
    # Text
    ("text of 10,000 characters", {"text": "高企补贴多少？" * 1500}, "said"),
    ("text of 4,096 emoji", {"text": "😀" * 4096}, "said"),
    ("text that is empty", {"text": ""}, "said"),
    ("text of blanks", {"text": " \n\t\u3000"}, "said"),
    ("text of zero-width characters", {"text": "\u200b\u200c\u200d\ufeff"}, "said"),
    ("text from right to left", {"text": "\u202eمرحبا\u202c 政策"}, "said"),
    ("text with NUL and controls", {"text": "高企\x00\x07\x1b[2J补贴"}, "said"),
    ("text with a lone surrogate", {"text": "补贴\ud800多少"}, "said"),
    ("text of combining marks", {"text": "a" + "\u0301" * 3000}, "said"),
    ("text of HTML", {"text": "<b><i><script>alert(1)</script>"}, "said"),
    ("text of braces", {"text": "{0.__class__} {reference} %s %(x)s"}, "said"),
    ("text of SQL", {"text": "'; DROP TABLE telegram_updates; --"}, "said"),
    ("text that is a number", {"text": 42}, "said"),
    ("text that is a list", {"text": ["高企"]}, "said"),
    ("text that is an object", {"text": {"x": 1}}, "said"),
    ("text that is null", {"text": None}, "said"),
    ("text that is true", {"text": True}, "said"),
    ("a command alone", {"text": "/"}, "said"),
    ("a command of other letters", {"text": "/开始"}, "said"),
    ("a very long command", {"text": "/" + "a" * 500}, "said"),
    ("a command for another bot", {"text": "/start@another_bot"}, "said"),
    ("a start with a forged payload", {"text": "/start case_../../etc/passwd"}, "said"),
    ("a start with a long payload", {"text": "/start " + "x" * 3000}, "said"),
    ("entities that lie", {"text": "短", "entities": [{"type": "bold", "offset": 900, "length": -5}]}, "said"),
    ("entities of no type", {"text": "你好", "entities": "none"}, "said"),
    ("entities unheard of", {"text": "你好", "entities": [{"type": "hologram", "offset": 0, "length": 1}]}, "said"),
    # Who and where
    ("nobody sent it", {"from": ..., "text": "你好"}, "silent"),
    ("sender is null", {"from": None, "text": "你好"}, "silent"),
    ("sender is a list", {"from": [1], "text": "你好"}, "said"),
    ("sender without id", {"from": {"first_name": "x"}, "text": "你好"}, "said"),
    ("sender id is text", {"from": _person(id="500"), "text": "你好"}, "said"),
    ("sender id is huge", {"from": _person(id=10**30), "text": "你好"}, "said"),
    ("sender is a bot", {"from": _person(is_bot=True), "text": "你好"}, "silent"),
    ("sender's language is a number", {"from": _person(language_code=5), "text": "你好"}, "said"),
    ("chat is missing", {"chat": ..., "text": "你好"}, "silent"),
    ("chat is null", {"chat": None, "text": "你好"}, "silent"),
    ("chat id is text", {"chat": _chat(id="500"), "text": "你好"}, "silent"),
    ("chat id is huge", {"chat": _chat(id=10**30), "text": "你好"}, "silent"),
    ("chat id is a fraction", {"chat": _chat(id=1.5), "text": "你好"}, "silent"),
    ("chat id is true", {"chat": _chat(id=True), "text": "你好"}, "silent"),
    ("chat without type", {"chat": {"id": CHAT}, "text": "你好"}, "silent"),
    ("chat of a type unheard of", {"chat": _chat(type="hive"), "text": "你好"}, "silent"),
    ("chat type is a number", {"chat": _chat(type=3), "text": "你好"}, "said"),
    ("anonymous administrator", {"chat": _chat(id=-100, type="supergroup"), "text": "@kechuang_test_bot 你好",
     "from": _person(id=1087968824, is_bot=True), "sender_chat": {"id": -100, "type": "supergroup"}}, "silent"),
    ("a channel speaks in a group", {"chat": _chat(id=-100, type="supergroup"), "text": "@kechuang_test_bot 你好",
     "sender_chat": {"id": -200, "type": "channel"}}, "silent"),
    ("a group where nobody addressed it", {"chat": _chat(id=-100, type="group"), "text": "大家好"}, "silent"),
    # Numbers
    ("message id is missing", {"message_id": ..., "text": "你好"}, "said"),
    ("message id is text", {"message_id": "x", "text": "你好"}, "said"),
    ("message id is negative", {"message_id": -5, "text": "你好"}, "said"),
    ("message id is huge", {"message_id": 10**25, "text": "你好"}, "said"),
    ("date is missing", {"date": ..., "text": "你好"}, "said"),
    ("date is huge", {"date": 10**18, "text": "你好"}, "said"),
    ("date is negative", {"date": -1, "text": "你好"}, "said"),
    ("date is text", {"date": "yesterday", "text": "你好"}, "said"),
    # Kinds of content
    ("a poll as it was before Bot API 9.6", {"poll": {"id": "1", "question": "?", "type": "regular"}}, "said"),
    ("a poll that is text", {"poll": "?"}, "said"),
    ("a photo without sizes", {"photo": []}, "said"),
    ("a photo that is no list", {"photo": {"file_id": "x"}}, "said"),
    ("a photo of odd sizes", {"photo": [1, None, {"file_id": 5}]}, "said"),
    ("a document without id", {"document": {"file_name": "a.pdf"}}, "said"),
    ("a document with a hostile name", {"document": {"file_id": "x", "file_name": "../../etc/passwd\x00.pdf"}}, "said"),
    ("a document of negative size", {"document": {"file_id": "x", "file_name": "a.pdf", "file_size": -1}}, "said"),
    ("a document whose size is text", {"document": {"file_id": "x", "file_size": "big"}}, "said"),
    ("a document that is null", {"document": None, "text": "你好"}, "said"),
    ("a contact without a number", {"contact": {"first_name": "x"}}, "said"),
    ("a contact whose number is a number", {"contact": {"phone_number": 13800138000}}, "said"),
    ("a contact with a forged owner", {"contact": {"phone_number": "+86", "user_id": "500"}}, "said"),
    ("a location without place", {"location": {}}, "said"),
    ("a sticker that is true", {"sticker": True}, "said"),
    ("a voice message", {"voice": {"file_id": "v", "duration": 1}}, "said"),
    ("a dice", {"dice": {"emoji": "🎲", "value": 6}}, "said"),
    ("a game", {"game": {"title": "x"}}, "said"),
    ("a story", {"story": {"id": 1}}, "said"),
    ("a payment", {"successful_payment": {"total_amount": 1}}, "said"),
    ("a passport", {"passport_data": {"data": []}}, "said"),
    ("a content unheard of", {"hologram": {"x": 1}}, "said"),
    ("no content at all", {}, "said"),
    ("a forwarded message", {"text": "你好", "forward_origin": {"type": "hidden_user"}}, "said"),
    ("a forward of the old kind", {"text": "你好", "forward_from": 5, "forward_date": "x"}, "said"),
    ("a reply to nothing", {"text": "你好", "reply_to_message": {}}, "said"),
    ("a reply to a number", {"text": "你好", "reply_to_message": 5}, "said"),
    ("a reply twenty deep", {"text": "你好", "reply_to_message": _nested(20)}, "said"),
    ("a reply four hundred deep", {"text": "你好", "reply_to_message": _nested(400)}, "said"),
    ("an album of one", {"media_group_id": 77, "text": "你好"}, "said"),
    ("a pinned note", {"pinned_message": {"message_id": 1}}, "silent"),
    ("a new member", {"new_chat_members": [_person()]}, "silent"),
    ("a thousand unknown fields", {"text": "你好", **{f"field_{n}": n for n in range(1000)}}, "said"),
    ("a megabyte of unknown field", {"text": "你好", "junk": "x" * 600_000}, "said"),
]  # fmt: skip

_OTHERS: list[tuple[str, dict[str, Any], Fate]] = [
    ("nothing but an id", {}, "silent"),
    ("a message that is null", {"message": None}, "silent"),
    ("a message that is text", {"message": "你好"}, "silent"),
    ("a message that is a list", {"message": [1]}, "silent"),
    ("a channel's post", {"channel_post": _message(1, chat=_chat(id=-9, type="channel"), text="你好")}, "silent"),
    ("a message in a channel", {"message": _message(2, chat=_chat(id=-9, type="channel"), text="你好")}, "silent"),
    ("a poll by itself", {"poll": {"id": "1"}}, "silent"),
    ("a poll's answer", {"poll_answer": {"poll_id": "1", "option_ids": [0]}}, "silent"),
    ("an inline query", {"inline_query": {"id": "1", "from": _person(), "query": "x"}}, "silent"),
    ("a reaction", {"message_reaction": {"chat": _chat(), "message_id": 1}}, "silent"),
    ("a kind unheard of", {"telepathy": {"chat": _chat()}}, "silent"),
    ("a business message", {"business_message": _message(3, text="你好")}, "silent"),
    ("an edit of an unknown message", {"edited_message": _message(4, text="你好")}, "silent"),
    ("an edit without chat", {"edited_message": {"message_id": 5, "text": "你好"}}, "silent"),
    ("an edit that is a number", {"edited_message": 5}, "silent"),
    ("a press without message", {"callback_query": {"id": "1", "from": _person(), "data": "x.0"}}, "silent"),
    ("a press of an old message", {"callback_query": {"id": "1", "from": _person(), "data": "x.0",
     "message": {"chat": _chat(), "message_id": 9, "date": 0}}}, "said"),
    ("a press without data", {"callback_query": {"id": "1", "from": _person(), "message": _message(6)}}, "said"),
    ("a press with huge data", {"callback_query": {"id": "1", "from": _person(), "data": "x" * 9000,
     "message": _message(7)}}, "said"),
    ("a press by nobody", {"callback_query": {"id": "1", "data": "x.0", "message": _message(8)}}, "silent"),
    ("a press without id", {"callback_query": {"from": _person(), "data": "x.0", "message": _message(9)}}, "said"),
    ("a membership without status", {"my_chat_member": {"chat": _chat(), "from": _person()}}, "silent"),
    ("a membership of odd status", {"my_chat_member": {"chat": _chat(), "new_chat_member": {"status": 5}}}, "silent"),
    ("two kinds in one", {"telepathy": {}, "message": _message(10, text="你好")}, "said"),
]  # fmt: skip


def odd_updates() -> Iterator[Odd]:
    """Over eighty, each with an id of its own."""
    for number, (name, changes, fate) in enumerate(_MESSAGES):
        yield Odd(name, {"message": _message(1000 + number, **changes)}, fate)
    for name, update, fate in _OTHERS:
        yield Odd(name, update, fate)
