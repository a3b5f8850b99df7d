"""Start here: handle(Message) → Reply. Whose turn is it? A repeated message gets the reply it got before.

First whoever has the word about a need: a form being filled in, a case being talked about, a word that opens either
(bot/dialogs/submit.py). What is nobody's turn there is a question about policies (bot/dialogs/ask.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from pydantic import TypeAdapter

from bot.accounts import Accounts
from bot.dialogs.ask import AskDialog
from bot.dialogs.desk import Desk
from bot.dialogs.submit import SubmitDialog
from bot.dialogs.turn import Speaker, Turn
from bot.history import History, as_turns
from bot.messages import Message, Reply
from bot.needs import Needs
from intake.cases import Via
from rag.jurisdictions import find_places, parse_place
from rag.models import AnswerStatus

DISTRICT = "district"
_RESIDENT = re.compile(
    r"(?:我们?|咱们?|俺们?)?(?:公司|企业|单位|厂|注册地|注册)?(?:注册)?(?:是)?(?:在|位于|落在)?(?:青岛市?)?"
    r"(.{2,12}?)(?:的|这边|这里|办公|注册)?[。.!！~ ]*"
)
_replies: TypeAdapter[Reply] = TypeAdapter(Reply)


class Conversation:
    """Handles messages of all doors. Messages of one account must come one after the other (the doors see to it).

    Without `needs` it answers questions about policies and nothing else.
    """

    def __init__(
        self,
        ask: AskDialog,
        history: History,
        accounts: Accounts,
        history_turns: int = 6,
        needs: Needs | None = None,
    ) -> None:
        self._ask = ask
        self._history = history
        self._accounts = accounts
        self._history_turns = history_turns
        self._submit = SubmitDialog(Desk(needs, ask, history), accounts) if needs is not None else None

    def handle(self, message: Message, on_stage: Callable[[str], None] | None = None) -> Reply:
        """Answer a message and keep the turn before the reply is returned."""
        kept = self._history.replied(message.account, message.id)
        if kept is not None:
            return _replies.validate_json(kept)
        try:
            turn = self._turn(message, on_stage)
        except Exception:  # the one catch-all of the conversation: it is logged, and the person is told
            return self._ask.failed(message.lang)
        return _replies.validate_json(
            self._history.record(_as_recorded(message, turn), turn.reply, _as_json(turn.reply))
        )

    def _turn(self, message: Message, on_stage: Callable[[str], None] | None) -> Turn:
        """Needs first; what is nobody's turn there is a question."""
        if self._submit is not None and (speaker := self._speaker(message)) is not None:
            turn = self._submit.take(speaker, on_stage)
            if turn is not None:
                return turn
        asked = self._in_words(message)
        reply = self._reply(asked, message.choice, on_stage)
        return Turn(self._submit.with_register(reply, message) if self._submit else reply, label=asked.text)

    def _speaker(self, message: Message) -> Speaker | None:
        """The person behind the account; None for an account that is not there (any more)."""
        account = self._accounts.get(message.account)
        if account is None:
            return None
        district = message.district or account.settings.get(DISTRICT)
        return Speaker(message, account.person, cast(Via, account.channel), str(district) if district else None)

    def _in_words(self, message: Message) -> Message:
        """The message with its button's words in place of its id: they were said, and a follow-up leans on them."""
        words = self._ask.words_of(message.choice, message.lang) if message.choice else None
        return replace(message, text=words, choice=None) if words else message

    def _reply(self, message: Message, pressed: str | None, on_stage: Callable[[str], None] | None) -> Reply:
        if pressed and (topic := self._ask.topic(pressed, message.lang)) is not None:
            return topic
        text = message.text or ""
        if (home := _residence(text)) is not None:
            self._accounts.keep_setting(message.account, DISTRICT, home)
            said = self._ask.say("ask.status.district_kept", message.lang, district=home)
            return Reply(AnswerStatus.SMALLTALK.value, said)
        return self._ask.ask(
            text,
            lang=message.lang,
            history=as_turns(self._history.last(message.account, message.conversation, self._history_turns)),
            district=message.district or self.district(message.account),
            as_of=message.as_of,
            on_stage=on_stage,
            account=message.account,
        )

    def past(self, account: str, conversation: str, limit: int = 50) -> list[tuple[str, str, Reply, datetime]]:
        """The latest turns, oldest first: (message id, question, reply, when)."""
        return [
            (turn.message, turn.question, _replies.validate_json(turn.reply_json), turn.created_at)
            for turn in self._history.last(account, conversation, limit)
        ]

    def forget(self, account: str, conversation: str) -> int:
        return self._history.delete(account, conversation)

    def district(self, account: str) -> str | None:
        found = self._accounts.get(account)
        value: Any = found.settings.get(DISTRICT) if found else None
        return str(value) if value else None

    def set_district(self, account: str, name: str | None) -> None:
        self._accounts.keep_setting(account, DISTRICT, name)


def _residence(text: str) -> str | None:
    """The district of somebody who says only where they are (「我们公司在崂山区」); 「崂山呢」 is a follow-up."""
    match = _RESIDENT.fullmatch(text.strip())
    if match is None or not re.search(r"在|位于|我|公司|企业|单位", text):
        return None
    place = parse_place(match.group(1))
    return place.name if place and place.kind in {"district", "zone"} and find_places(text) else None


def _as_recorded(message: Message, turn: Turn) -> Message:
    """The message as it is kept: a button by its words, what must not be kept by a word that says so."""
    words = turn.recorded if turn.recorded is not None else turn.label if message.choice else None
    if words is None:
        return message
    return replace(message, text=words, choice=None, control=None, file=None, contact=None)


def _as_json(reply: Reply) -> str:
    """The reply as it is kept. What was found but not shown is recorded beside it, not in it."""
    if reply.answer is not None:
        reply = replace(reply, answer=replace(reply.answer, hits=()))
    return _replies.dump_json(reply).decode()
