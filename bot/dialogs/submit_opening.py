"""What words and buttons open from anywhere: a form, the menu, drafts, one's cases, one's own data."""

from __future__ import annotations

import json
from datetime import timedelta

from bot.accounts import Accounts
from bot.dialogs.buttons import Pressed
from bot.dialogs.desk import Desk
from bot.dialogs.mine import Mine
from bot.dialogs.said import DRAFTS, GO_ON, SUBMIT, said
from bot.dialogs.submit_card import Card
from bot.dialogs.submit_parked import Parked
from bot.dialogs.submit_start import Start
from bot.dialogs.track import Track
from bot.dialogs.turn import Speaker, Turn

JUST_NOW = timedelta(hours=1)
_UNMISTAKABLE = frozenset({"menu", "drafts", "go_on", "own"})
"""What opens also in the middle of a form, where 「技术」 or 「其他」 may be an answer."""


class Opening:
    def __init__(self, desk: Desk, accounts: Accounts, start: Start, parked: Parked, track: Track, card: Card) -> None:
        self._desk = desk
        self._start = start
        self._parked = parked
        self._track = track
        self._card = card
        self._mine = Mine(desk, accounts)

    def offered(self, speaker: Speaker) -> Pressed | None:
        """The button of the latest reply whose words were typed in place of pressing it."""
        message = speaker.message
        for turn in self._desk.history.last(message.account, message.conversation, 1):
            for choice in json.loads(turn.reply_json).get("choices", ()):
                if said(choice["label"]) == said(speaker.text):
                    return Pressed.of(choice["id"])
        return None

    def by_words(self, speaker: Speaker) -> Turn | None:
        """What the whole text is a name for."""
        if said(speaker.text) in SUBMIT:
            return self._just_submitted(speaker)
        what = self._named(speaker.text)
        return self.by_button(speaker, what) if what is not None else self._own(speaker)

    def inside(self, speaker: Speaker) -> Turn | None:
        """The same in the middle of something else, for words that can hardly be an answer."""
        what = self._named(speaker.text)
        if what is None:
            return self._own(speaker)
        sure = what in _UNMISTAKABLE or speaker.text.startswith("/")
        return self.by_button(speaker, what) if sure else None

    def by_button(self, speaker: Speaker, what: str) -> Turn | None:
        """A button of the menu, by what stands after m: in its id."""
        return (
            self._parked.press(speaker, what)
            or self._track.press_menu(speaker, what)
            or self._start.press(speaker, what)
        )

    def right(self, speaker: Speaker, what: str) -> Turn | None:
        """A button about one's own data."""
        return self._mine.press(speaker, what)

    def _named(self, text: str) -> str | None:
        word = said(text)
        if word in DRAFTS:
            return "drafts"
        return "go_on" if word in GO_ON else self._start.opening(text)

    def _own(self, speaker: Speaker) -> Turn | None:
        return self._track.named(speaker) or self._mine.named(speaker)

    def _just_submitted(self, speaker: Speaker) -> Turn:
        """「提交」 said again after the form is gone: the receipt again, if it has just been given."""
        latest = next(iter(self._desk.needs.cases.of_person(speaker.person)), None)
        if latest is not None and latest.draft and self._desk.now() - latest.submitted_at < JUST_NOW:
            again = self._card.again(latest.draft, speaker)
            if again is not None:
                return again
        return Turn(self._start.menu(speaker))
