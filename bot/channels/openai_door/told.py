"""What a program gets: OpenAI's completion, whole or in chunks, with what ours stands on under `kechuang`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.openai_door.asked import MODEL
from bot.channels.web_chat.schema import ChatReply
from bot.messages import Reply

EXTENSION = "kechuang"
DONE = "data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion's own facts. `asked` is how many characters were read."""

    id: str
    created: int
    asked: int

    def whole(self, reply: Reply, parts: Sequence[str]) -> dict[str, Any]:
        text = "".join(parts)
        choice = {"index": 0, "message": _message(text), "logprobs": None, "finish_reason": "stop"}
        return {
            **self._head("chat.completion", reply),
            "choices": [choice],
            "usage": self.usage(text),
            EXTENSION: facts_of(reply),
        }

    def first(self) -> str:
        """At once, before anything is known: the reader sees that somebody answers."""
        return self._chunk({"role": "assistant", "content": ""})

    def chunks(self, reply: Reply, parts: Sequence[str], *, usage: bool) -> Iterator[str]:
        """A chunk a part (a verified claim, the footnotes …), then the facts, then the usage where it was wanted."""
        for part in parts:
            yield self._chunk({"content": part})
        yield self._chunk({}, finish="stop", **{EXTENSION: facts_of(reply)})
        if usage:
            body = {**self._head("chat.completion.chunk"), "choices": [], "usage": self.usage("".join(parts))}
            yield data(body)
        yield DONE

    def usage(self, text: str) -> dict[str, int]:
        """Counted as our meter counts: a token a character."""
        told = len(text)
        return {"prompt_tokens": self.asked, "completion_tokens": told, "total_tokens": self.asked + told}

    def _chunk(self, delta: dict[str, str], finish: str | None = None, **more: object) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return data({**self._head("chat.completion.chunk"), "choices": [choice], **more})

    def _head(self, kind: str, reply: Reply | None = None) -> dict[str, Any]:
        release = reply.answer.release if reply and reply.answer else None
        return {"id": self.id, "object": kind, "created": self.created, "model": MODEL, "system_fingerprint": release}


def facts_of(reply: Reply) -> dict[str, Any]:
    """The fields of POST /api/chat, without the words."""
    return ChatReply.of(reply).model_dump(mode="json", exclude={"text", "form", "files", "id", "choices"})


def data(body: object) -> str:
    """One event on the wire; JSON has no raw line feed."""
    return f"data: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _message(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text, "refusal": None}
