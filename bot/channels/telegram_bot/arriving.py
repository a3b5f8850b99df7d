"""An update as it came → a row of the inbox: its ids, its chat, whether anything is to be answered. Never raises."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.channels.telegram_bot.reading import ANSWERED_KINDS, is_id
from bot.channels.telegram_bot.store.inbox import Arrival

_LONGEST_RAW = 1_000_000
_ABSURD = 2**53
"""No id of Telegram's comes near; an offset past it would never see an update again."""


def arrival_of(raw: Any) -> Arrival:
    """What cannot be told apart or answered ends at once: quarantined (kept as it came) or ignored."""
    text = _dumped(raw)
    digest, update_id = _digest(text), update_id_of(raw)
    if not isinstance(raw, Mapping) or update_id is None:
        return Arrival(text, "unknown", digest, key=f"?{digest}", ending="quarantined", error="no update_id")
    kind = _kind(raw)
    if kind not in ANSWERED_KINDS:
        return Arrival(text, kind, digest, update_id, ending="ignored")
    return _answered(raw[kind], Arrival(text, kind, digest, update_id))


def update_id_of(raw: Any) -> int | None:
    """The update's id; None where it has none that could be one."""
    found = raw.get("update_id") if isinstance(raw, Mapping) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < _ABSURD else None


def _answered(body: Any, arrival: Arrival) -> Arrival:
    message = body.get("message") if arrival.kind == "callback_query" and isinstance(body, Mapping) else body
    chat = _at(message, "chat", "id")
    if not is_id(chat):
        return replace(arrival, ending="quarantined", error="no chat")
    if _at(message, "chat", "type") == "channel":
        return replace(arrival, chat=chat, ending="ignored")
    if arrival.kind != "message":
        return replace(arrival, chat=chat)
    number = _at(message, "message_id")
    key = f"{chat}:{number}:{_digest(_dumped(message))}" if is_id(number) else None
    return replace(arrival, key=key, chat=chat, album=_album(message))


def _kind(raw: Mapping[str, Any]) -> str:
    """What the update is about; one that is about two things is about the first that is answered."""
    names = [name for name in raw if name != "update_id" and isinstance(name, str)]
    answered = [name for name in ANSWERED_KINDS if name in names]
    return (answered or names or ["unknown"])[0][:50]


def _album(message: Any) -> str | None:
    album = _at(message, "media_group_id")
    return album[:100] if isinstance(album, str) and album else None


def _at(holder: Any, *path: str) -> Any:
    for name in path:
        holder = holder.get(name) if isinstance(holder, Mapping) else None
    return holder


def _dumped(raw: Any) -> str:
    """ASCII, so that no odd character stands in the way of keeping it."""
    try:
        return json.dumps(raw, ensure_ascii=True, sort_keys=True)[:_LONGEST_RAW]
    except (TypeError, ValueError, RecursionError):
        return ascii(type(raw))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
