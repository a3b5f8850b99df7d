"""One turn as it is kept: the tables of the record, and how a row is made of a message and its reply, and read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Row,
    Table,
    Text,
    UniqueConstraint,
)

from bot.messages import Message, Reply
from db.schema import CleanText, UtcDateTime, metadata
from intake.reading.sensitive import without_numbers
from rag.models import Answer, Focus, Hit

conversations = Table(
    "conversations",
    metadata,
    Column("account", Text, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("id", CleanText, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("conversation", CleanText, nullable=False),
    Column("message", CleanText, nullable=False),
    Column("question", CleanText, nullable=False),
    Column("reply", CleanText, nullable=False),
    Column("reply_json", CleanText, nullable=False),
    Column("status", Text, nullable=False),
    Column("release", Text),
    Column("focus", JSON(none_as_null=True)),
    Column("timings", JSON(none_as_null=True)),
    Column("found", JSON(none_as_null=True)),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("account", "message"),
    ForeignKeyConstraint(
        ["account", "conversation"], ["conversations.account", "conversations.id"], ondelete="CASCADE"
    ),
)
Index(None, turns.c.account, turns.c.conversation, turns.c.id)
Index(None, turns.c.created_at, turns.c.status)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One turn as it was recorded. `timings` are seconds by step; `found` names the passages seen, with scores, and
    says why nothing was found, or which approved answer was given."""

    message: str
    conversation: str
    question: str
    reply: str
    reply_json: str
    status: str
    release: str | None
    focus: Focus | None
    timings: dict[str, float] | None
    found: dict[str, Any] | None
    created_at: datetime


def turn_row(message: Message, reply: Reply, reply_json: str, now: datetime) -> dict[str, Any]:
    return {
        "account": message.account,
        "conversation": message.conversation,
        "message": message.id,
        "question": _asked(message),
        "reply": reply.text,
        "reply_json": reply_json,
        "status": reply.status,
        "created_at": now,
        **(_of_answer(reply.answer) if reply.answer else {}),
    }


def recorded_of(row: Row[Any]) -> Recorded:
    focus = None
    if row.focus is not None:
        as_of = row.focus["as_of"]
        focus = Focus(**{**row.focus, "as_of": date.fromisoformat(as_of) if as_of else None})
    return Recorded(
        message=row.message,
        conversation=row.conversation,
        question=row.question,
        reply=row.reply,
        reply_json=row.reply_json,
        status=row.status,
        release=row.release,
        focus=focus,
        timings=row.timings,
        found=row.found,
        created_at=row.created_at,
    )


def _asked(message: Message) -> str:
    """The message as a line of text. Phone numbers have no place in the record: contacts go, others are masked."""
    said = message.text or message.choice or message.control
    return without_numbers(said or (message.file.name if message.file else ""))


def _of_answer(answer: Answer) -> dict[str, Any]:
    focus = answer.focus
    return {
        "release": answer.release,
        "focus": {
            "policy": focus.policy,
            "district": focus.district,
            "topic": focus.topic,
            "as_of": focus.as_of.isoformat() if focus.as_of else None,
        },
        "timings": {step.name: round(step.seconds, 6) for step in answer.steps},
        "found": {
            "cited": [citation.passage for citation in answer.citations],
            "nearest": [citation.passage for citation in answer.nearest],
            "hits": [_scores(hit) for hit in answer.hits],
            **({"reason": answer.reason} if answer.reason else {}),
            **({"approved": answer.approved.id} if answer.approved else {}),
        },
    }


def _scores(hit: Hit) -> list[Any]:
    """[passage, fused, lexical, dense]; the legs compute in numpy, whose numbers JSON does not know."""
    legs = [None if leg is None else float(leg) for leg in (hit.lexical, hit.dense)]
    return [hit.passage.id, float(hit.score), *legs]
