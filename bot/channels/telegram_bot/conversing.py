"""Takes a message to the conversation and its reply back, in a thread, with signs of life meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from telegram import Bot

from bot.channels.telegram_bot.crossing import Crossing
from bot.channels.telegram_bot.dispatching import ATTEMPTS
from bot.channels.telegram_bot.hall import Hall
from bot.channels.telegram_bot.outcome import Given, NotHandledError, Outcome
from bot.channels.telegram_bot.pacing import Pace, Time
from bot.channels.telegram_bot.presence import Presence
from bot.channels.telegram_bot.replies import outcome_of, say
from bot.channels.telegram_bot.sending import nothing_fails
from bot.channels.telegram_bot.store.inbox import Inbox
from bot.channels.telegram_bot.store.outgoing import Pressed
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import Visit
from bot.dialogs.buttons import of_menu
from bot.dialogs.desk import STORY
from bot.messages import Message, Reply
from intake.store.drafts import Draft
from rag.models import AnswerStatus

STALE = "n:-:0:r"
"""A button of a form that never was: whatever is at hand is shown again."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply, and which answers of a draft the message gave."""

    reply: Reply
    draft: str | None = None
    steps: tuple[str, ...] = ()


class Conversing:
    def __init__(
        self,
        hall: Hall,
        bot: Bot,
        inbox: Inbox,
        pace: Pace,
        crossing: Crossing,
        clock: Time,
        pass_by: Callable[[str], None] = nothing_fails,
    ) -> None:
        self._hall = hall
        self._bot = bot
        self._inbox = inbox
        self._pace = pace
        self._crossing = crossing
        self._clock = clock
        self._pass_by = pass_by

    async def talk(
        self, visit: Visit, message: Message, *, before: str = "", pressed: Pressed | None = None
    ) -> Outcome:
        """Hand a message to the conversation; what it says, after `before`. Raises NotHandledError to try again."""
        async with self._present(visit) as presence:
            heard = await in_thread(self._handle, visit, message, presence.on_stage)
        self._check(visit, heard.reply)
        given = None
        if message.text is not None and visit.incoming.message is not None:
            given = Given(visit.incoming.message, heard.draft, heard.steps)
        return outcome_of(
            visit, heard.reply, placeholder=presence.placeholder, before=before, pressed=pressed, given=given
        )

    async def hand_in(self, visit: Visit, messages: list[Message], before: str = "") -> Outcome:
        """Hand in several messages (the files of an album): what became of each, and the last reply in full."""
        replies: list[Reply] = []
        async with self._present(visit) as presence:
            for message in messages:
                heard = await in_thread(self._handle, visit, message, None)
                self._check(visit, heard.reply)
                replies.append(heard.reply)
        heads = [reply.text.partition("\n\n")[0] for reply in replies[:-1]]
        before = "\n".join(filter(None, (before, *heads)))
        return outcome_of(visit, replies[-1], placeholder=presence.placeholder, before=before)

    async def remark(self, visit: Visit, text: str) -> Outcome:
        """Say something of the door's own; where a form is being filled in, its question follows again."""
        draft = await in_thread(self.draft_of, visit)
        if draft is None:
            return say(text, placeholder=visit.taken.placeholder)
        again = of_menu(f"cont.{draft.id}", "").id if self.is_form(draft) else STALE
        return await self.talk(visit, visit.message(":again", choice=again), before=text)

    def draft_of(self, visit: Visit) -> Draft | None:
        """The form being filled in, or what is being said about a case. Synchronous."""
        needs = self._hall.needs
        return needs.drafts.active(visit.account.person) if needs is not None else None

    def has_place(self, visit: Visit) -> bool:
        """Whether a file has anywhere to go: a form, or a case that is open. Synchronous."""
        needs = self._hall.needs
        if needs is None:
            return False
        person = visit.account.person
        return needs.drafts.active(person) is not None or any(case.is_open for case in needs.cases.of_person(person))

    def is_form(self, draft: Draft) -> bool:
        return self._hall.needs is not None and draft.kind in {STORY, *self._hall.needs.formbook.forms}

    def _present(self, visit: Visit) -> Presence:
        return Presence(
            self._bot,
            self._inbox,
            self._pace,
            self._clock,
            visit.incoming.chat,
            visit.taken.id,
            visit.words.stages,
            self._crossing,
            visit.taken.placeholder,
            self._pass_by,
        )

    def _handle(self, visit: Visit, message: Message, on_stage: Callable[[str], None] | None) -> Heard:
        before = self.draft_of(visit)
        reply = self._hall.talk.handle(message, on_stage)
        after = self.draft_of(visit)
        if after is None:
            return Heard(reply)
        old = before.answers if before is not None and before.id == after.id else {}
        steps = tuple(step for step, answered in after.answers.items() if old.get(step) != answered)
        return Heard(reply, after.id, steps)

    @staticmethod
    def _check(visit: Visit, reply: Reply) -> None:
        """What went wrong inside is tried again before the person is told."""
        if reply.status == AnswerStatus.INTERNAL.value and visit.taken.attempts < ATTEMPTS:
            raise NotHandledError(reply.status)
