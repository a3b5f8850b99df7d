"""An edited message: offers to change the answer it gave, or to answer the new question. It never moves a form on."""

from __future__ import annotations

from dataclasses import replace

from bot.channels.telegram_bot.conversing import Conversing
from bot.channels.telegram_bot.hall import Hall
from bot.channels.telegram_bot.outcome import IGNORED, Outcome
from bot.channels.telegram_bot.parts import Button, Part
from bot.channels.telegram_bot.replies import say
from bot.channels.telegram_bot.store.chats import Chats, Given
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import Visit
from bot.dialogs.desk import STORY
from intake.store.drafts import Draft, StaleDraftError


class Edits:
    def __init__(self, hall: Hall, conversing: Conversing, chats: Chats) -> None:
        self._hall = hall
        self._conversing = conversing
        self._chats = chats

    async def answer(self, visit: Visit) -> Outcome:
        """A change without words (a location that moves, a photo exchanged) is none that anybody waits for."""
        incoming = visit.incoming
        if incoming.content != "text" or not incoming.text or incoming.message is None or incoming.command:
            return IGNORED
        return await in_thread(self._offer, visit, incoming.message)

    async def decide(self, visit: Visit, what: str, message: int) -> Outcome:
        """The person pressed one of the two buttons under the offer."""
        given = await in_thread(self._chats.given, visit.incoming.chat, message)
        words = given.offered if given is not None else None
        if given is None or words is None:
            return await self._conversing.remark(visit, visit.words.say("edited.gone"))
        if what == "keep":
            await in_thread(self._chats.offer, visit.incoming.chat, message, None)
            return await self._conversing.remark(visit, visit.words.say("edited.kept"))
        if given.draft is not None and not await in_thread(self._ask_again, visit, given):
            return await self._conversing.remark(visit, visit.words.say("edited.gone"))
        outcome = await self._conversing.talk(visit, visit.message(text=words))
        await in_thread(self._chats.offer, visit.incoming.chat, message, None)
        return outcome

    def _offer(self, visit: Visit, message: int) -> Outcome:
        words, given = visit.words, self._chats.given(visit.incoming.chat, message)
        if given is None:
            return say(words.say("edited.unknown")) if self._conversing.draft_of(visit) else IGNORED
        draft = self._draft(visit, given)
        if given.draft is not None and draft is None:
            return say(words.say("edited.gone"))
        if given.draft is None and self._conversing.draft_of(visit) is not None:
            return say(words.say("edited.unknown"))  # a question asked before the form: not in the middle of it
        self._chats.offer(visit.incoming.chat, message, visit.incoming.text)
        asked = words.say("edited.offer_question")
        if draft is not None and given.step is not None:
            asked = words.say("edited.offer_step", step=self._label(draft, given.step))
        yes = words.say("button.update" if draft is not None else "button.ask_again")
        row = (
            Button(yes, {"edited": "update", "message": message}),
            Button(words.say("button.keep"), {"edited": "keep", "message": message}),
        )
        return Outcome((Part(asked, rows=(row,), owner=visit.sender.id, reply_to=message),))

    def _draft(self, visit: Visit, given: Given) -> Draft | None:
        """The draft whose answer it was, while it can still be changed."""
        if self._hall.needs is None or given.draft is None:
            return None
        draft = self._hall.needs.drafts.get(given.draft)
        mine = draft is not None and draft.person == visit.account.person and given.step in draft.answers
        return draft if mine else None

    def _label(self, draft: Draft, step: str) -> str:
        if self._hall.needs is None or draft.kind == STORY:
            return step
        return self._hall.needs.formbook.form(draft.kind).step(step).label

    def _ask_again(self, visit: Visit, given: Given) -> bool:
        """Put the draft before that step, as an edit from the summary does. False where it is gone."""
        draft = self._draft(visit, given)
        if draft is None or self._hall.needs is None:
            return False
        again = replace(draft, reasked=given.step, failures=0, pending={}, parked=False)
        try:
            self._hall.needs.drafts.save(again, self._hall.now())
        except StaleDraftError:
            return False
        return True
