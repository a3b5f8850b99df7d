"""「导出我的信息」「删除我的信息」「撤回同意」: a person's rights over what is kept of them, from the chat."""

from __future__ import annotations

import json
from datetime import timedelta

from bot.accounts import Accounts
from bot.clock import SHANGHAI
from bot.dialogs.buttons import of_menu, of_mine
from bot.dialogs.desk import Desk
from bot.dialogs.said import RIGHTS, said
from bot.dialogs.turn import Speaker, Turn
from bot.dialogs.words import Words
from bot.files import FileStoreError
from bot.messages import FileIn, Reply
from bot.personal import Personal

SURE_FOR = timedelta(minutes=30)
"""How long 「确定删除」 and 「确定撤回同意」 count after they were offered."""


class Mine:
    def __init__(self, desk: Desk, accounts: Accounts) -> None:
        self._desk = desk
        self._personal = Personal(desk.needs, desk.history, accounts)

    def named(self, speaker: Speaker) -> Turn | None:
        what = RIGHTS.get(said(speaker.text))
        return None if what is None else self.press(speaker, what)

    def press(self, speaker: Speaker, what: str) -> Turn | None:
        words = self._desk.words(speaker)
        if what == "export":
            return Turn(self._export(speaker, words), label=words.say("mine.export"))
        if what in ("erase", "withdraw"):
            return Turn(self._ask(what, words), label=words.say(f"mine.{what}"))
        name, sure, asked = what.partition("!")
        if sure and name in ("erase", "withdraw"):
            done = self._ask(name, words)
            if self._just_asked(asked):
                done = self._erase(speaker, words) if name == "erase" else self._withdraw(speaker, words)
            return Turn(done, label=words.say(f"mine.{name}"))
        return Turn(Reply("form_mine", words.say("mine.kept"))) if what == "keep" else None

    def _ask(self, what: str, words: Words) -> Reply:
        """Ask before anything is lost, and say what that would be."""
        sure = f"{what}!{int(self._desk.now().timestamp())}"
        choices = (of_mine(sure, words.say(f"mine.{what}_yes")), of_mine("keep", words.say("mine.no")))
        return Reply("form_mine", words.say(f"mine.{what}_ask"), choices)

    def _just_asked(self, asked: str) -> bool:
        """Whether the sure word was asked for a moment ago: in a chat old buttons stay where they can be pressed."""
        if not (asked.isascii() and asked.isdigit() and len(asked) < 12):
            return False
        return 0 <= self._desk.now().timestamp() - int(asked) <= SURE_FOR.total_seconds()

    def _export(self, speaker: Speaker, words: Words) -> Reply:
        """Everything kept of the person as one JSON file: what intake has, and the record of the talk."""
        content = self._personal.export(speaker.message.account, speaker.person)
        body = json.dumps(content, ensure_ascii=False, indent=2, default=str).encode()
        try:
            stored = self._desk.needs.files.put([body])
        except FileStoreError:
            return Reply("form_mine", words.say("mine.export_failed"))
        day = self._desk.now().astimezone(SHANGHAI)
        file = FileIn(stored.digest, words.say("mine.file", day=f"{day:%Y%m%d}"), "application/json", stored.size)
        return Reply("form_export", words.say("mine.exported", name=file.name), files=(file,))

    def _erase(self, speaker: Speaker, words: Words) -> Reply:
        """Erase for good: cases' words, drafts, profile, files, notices, the record, the district that was kept."""
        erased = self._personal.erase(speaker.message.account, speaker.person, speaker.via)
        numbers = words.say("mine.erased_cases", numbers=words.listed(erased.cases)) if erased.cases else ""
        done = words.say(
            "mine.erased", cases=len(erased.cases), drafts=erased.drafts, turns=erased.turns, numbers=numbers
        )
        return Reply("form_erased", done)

    def _withdraw(self, speaker: Speaker, words: Words) -> Reply:
        withdrawn = self._desk.needs.privacy.withdraw_consent(speaker.person, speaker.via)
        numbers = words.say("mine.withdrawn_cases", numbers=words.listed(withdrawn.cases)) if withdrawn.cases else ""
        choices = (of_menu("mine", words.say("menu.mine")), of_mine("erase", words.say("mine.erase")))
        return Reply("form_mine", words.say("mine.withdrawn", numbers=numbers), choices)
