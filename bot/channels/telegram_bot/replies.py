"""A reply of the conversation → an outcome: where its parts go, and what they do to the chat's keyboard. Pure."""

from __future__ import annotations

from dataclasses import replace

from bot.channels.telegram_bot.outcome import Given, Outcome
from bot.channels.telegram_bot.parts import Part
from bot.channels.telegram_bot.rendering import parts_of
from bot.channels.telegram_bot.store.outgoing import Pressed
from bot.channels.telegram_bot.visits import Visit
from bot.messages import Reply
from rag.models import AnswerStatus

PHONE = "phone"
ERASED = "form_erased"
"""The status of a reply that says that everything was erased."""


def outcome_of(
    visit: Visit,
    reply: Reply,
    *,
    placeholder: int | None = None,
    before: str = "",
    pressed: Pressed | None = None,
    given: Given | None = None,
) -> Outcome:
    """`before` is said above the reply; `pressed` is the button that led to it; `placeholder` is written over."""
    if before:
        reply = replace(reply, text=f"{before}\n\n{reply.text}")
    parts = parts_of(reply, visit.words.labels, visit.sender.id)
    parts, contact_asked = _with_contact(visit, reply, parts)
    parts = _placed(parts, placeholder or _in_place(visit, parts, pressed))
    failed = reply.status == AnswerStatus.INTERNAL.value
    awaits = reply.form.input if reply.form else None
    return Outcome(
        parts=tuple(parts),
        ending="failed" if failed else "done",
        error=reply.status if failed else None,
        given=given,
        chat={"awaits": awaits, "contact_asked": contact_asked},
        forget=reply.status == ERASED,
    )


def say(text: str, *parts: Part, placeholder: int | None = None) -> Outcome:
    """A sentence of the door's own; the form at hand, if there is one, is untouched."""
    return Outcome(tuple(_placed([Part(text), *parts], placeholder)))


def _with_contact(visit: Visit, reply: Reply, parts: list[Part]) -> tuple[list[Part], bool]:
    """Where a number is asked for, a button to share one's own; taken away once it is not."""
    labels, asked = visit.words.labels, visit.chat.contact_asked
    if reply.form is not None and reply.form.input == PHONE:
        hint = Part(labels.contact_hint, contact=labels.contact)
        return (parts if asked else [*parts, hint]), True
    if not asked:
        return parts, False
    if parts[0].rows or parts[0].file:
        return [Part(labels.contact_done, drop_contact=True), *parts], False
    return [replace(parts[0], drop_contact=True), *parts[1:]], False


def _in_place(visit: Visit, parts: list[Part], pressed: Pressed | None) -> int | None:
    """The message whose button was pressed, where the reply asks the same step again and nothing came after it."""
    message = visit.incoming.message
    same_step = pressed is not None and pressed.form is not None and pressed.form == parts[0].form
    return message if same_step and len(parts) == 1 and message == visit.chat.last_message else None


def _placed(parts: list[Part], over: int | None) -> list[Part]:
    """The first part written over a message that stands; where it cannot be, that message goes."""
    if over is None:
        return parts
    first = parts[0]
    if first.file or first.contact or first.drop_contact:
        return [replace(first, remove=over), *parts[1:]]
    return [replace(first, edit=over), *parts[1:]]
