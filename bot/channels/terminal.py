"""The terminal door: a line in, an answer out, with its sources. Translates, calls handle(), draws.

A number presses a button. Where a number may be the answer (headcount, money, a line of the summary), buttons are
pressed as /1, /2 … instead.
"""

from __future__ import annotations

import getpass
import uuid
from collections.abc import Callable
from datetime import datetime

from rich.cells import chop_cells
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.accounts import Accounts
from bot.channels.terminal_files import PersonsFiles
from bot.clock import SHANGHAI
from bot.conversation import Conversation
from bot.dialogs.said import CASES, DRAFTS, GO_ON, OPENING, RIGHTS, said
from bot.files import FileStore
from bot.messages import Choice, FileIn, FormInput, Message, Reply
from bot.notices import Inbox
from bot.phrases import Lang, Phrases
from intake.interruption import Control, control_of
from rag.jurisdictions import parse_place, places

CONVERSATION = "terminal"
_NUMBERS_ARE_WORDS: frozenset[FormInput] = frozenset({"number", "money", "date", "phone", "code", "proposals", "card"})
"""Inputs at which a bare number is said and presses nothing."""


class Terminal:
    """`read` gives the next line or raises EOFError; `now` stamps messages."""

    def __init__(
        self,
        conversation: Conversation,
        accounts: Accounts,
        console: Console,
        read: Callable[[str], str],
        now: Callable[[], datetime],
        lang: Lang = "zh",
        inbox: Inbox | None = None,
        files: FileStore | None = None,
    ) -> None:
        """`inbox` has news to show at the start; `files` takes attachments in and gives exports out."""
        self._conversation = conversation
        self._inbox = inbox
        self._account = accounts.of("terminal", getpass.getuser()).id
        self._console = console
        self._read = read
        self._now = now
        self._lang: Lang = lang
        self._phrases = Phrases(lang)
        self._needs = Phrases(lang, "needs")
        self._files = PersonsFiles(files, lang) if files is not None else None
        self._choices: tuple[Choice, ...] = ()
        self._input: FormInput | None = None

    def run(self) -> None:
        """Talk until the end of input or /退出."""
        self._console.print(Text(self._phrases.say("ask.help.welcome"), style="bold"))
        self._news()
        while (line := self._line()) is not None:
            if not line.startswith("/") or self._pressed(line) or self._is_said(line):
                self._ask(line)
            elif not self._command(line):
                break
        self._console.print(self._phrases.say("ask.help.bye"))

    def _news(self) -> None:
        """What happened to one's cases since the last time; it counts as read once it is on the screen."""
        unread = self._inbox.unread(self._account, self._lang) if self._inbox else []
        for notice in unread:
            self._say(f"● {notice.at.astimezone(SHANGHAI):%m-%d %H:%M}  {notice.text}")
        if self._inbox and unread:
            self._inbox.seen(self._account, [notice.id for notice in unread], self._now())

    def _line(self) -> str | None:
        """The next line that is not empty; None at the end of input."""
        while True:
            try:
                line = self._read(self._phrases.say("ask.help.prompt")).strip()
            except (EOFError, KeyboardInterrupt):
                self._console.print()
                return None
            if line:
                return line

    def _ask(self, line: str) -> None:
        picked = self._pressed(line) or self._picked(line)
        self._send(text=None if picked else line, choice=picked.id if picked else None)

    def _send(self, text: str | None = None, choice: str | None = None, file: FileIn | None = None) -> None:
        message = Message(
            id=uuid.uuid4().hex,
            account=self._account,
            conversation=CONVERSATION,
            received_at=self._now(),
            text=text,
            choice=choice,
            file=file,
            lang=self._lang,
        )
        with self._console.status("…"):
            reply = self._conversation.handle(message)
        self._show(reply)

    def _picked(self, line: str) -> Choice | None:
        """The button that a bare number stands for, where numbers are not words."""
        return None if self._input in _NUMBERS_ARE_WORDS else self._button(line)

    def _pressed(self, line: str) -> Choice | None:
        """The button of /1, whatever is being asked."""
        return self._button(line[1:]) if line.startswith("/") else None

    def _button(self, number: str) -> Choice | None:
        place = int(number) - 1 if number.isascii() and number.isdigit() and len(number) < 3 else -1
        return self._choices[place] if 0 <= place < len(self._choices) else None

    def _is_said(self, line: str) -> bool:
        """Commands that the conversation understands (/cancel, /my); /help too, while a form is being filled in."""
        word = said(line)
        if control_of(word) is Control.HELP:
            return self._input is not None
        return control_of(word) is not None or word in DRAFTS | GO_ON | CASES | OPENING.keys() | RIGHTS.keys()

    def _show(self, reply: Reply) -> None:
        self._console.print()
        for line in reply.text.splitlines():
            self._lines(line, _styled)
        self._choices = reply.choices
        self._input = reply.form.input if reply.form else None
        slash = "/" if self._input in _NUMBERS_ARE_WORDS else ""
        for number, choice in enumerate(reply.choices, start=1):
            self._console.print(Padding(Text(f"[{slash}{number}] {choice.label}", style="cyan"), (0, 0, 0, 2)))
        for file in reply.files if self._files else ():
            self._say(self._files.save(file) if self._files else "")
        self._console.print()

    def _command(self, line: str) -> bool:
        """Whether to go on. Commands are exact words, in either language."""
        word, _, rest = line[1:].partition(" ")
        word = word.lower()
        if word in {"退出", "quit", "exit", "q"}:
            return False
        if word in {"附件", "file"}:
            self._attach(rest.strip())
        elif word in {"区", "district"}:
            self._say(self._district(rest.strip()))
        elif word in {"历史", "history"}:
            self._history()
        elif word in {"清空", "clear"}:
            count = self._conversation.forget(self._account, CONVERSATION)
            self._say(self._phrases.say("ask.help.cleared", count=count))
        else:
            self._say(self._phrases.say("ask.help.text"))
            self._say(self._needs.say("terminal.help"))
        return True

    def _attach(self, path: str) -> None:
        """Send a file of this machine into the conversation."""
        taken = self._files.take(path) if self._files else self._needs.say("terminal.file_usage")
        if isinstance(taken, str):
            self._say(taken)
        else:
            self._send(file=taken)

    def _district(self, name: str) -> str:
        if name in {"清除", "clear", ""}:
            self._conversation.set_district(self._account, None)
            return self._phrases.say("ask.help.district_cleared")
        place = parse_place(name)
        if place is None or place.kind not in {"district", "zone"}:
            known = "、".join(other.name for other in places() if other.kind in {"district", "zone"})
            return self._phrases.say("ask.help.district_unknown", places=known)
        self._conversation.set_district(self._account, place.name)
        return self._phrases.say("ask.status.district_kept", district=place.name)

    def _history(self) -> None:
        past = self._conversation.past(self._account, CONVERSATION, 20)
        for _, question, reply, at in past:
            self._say(f"{at.astimezone(SHANGHAI):%m-%d %H:%M}  {question}  →  {_gist(reply)}")
        if not past:
            self._say(self._phrases.say("ask.help.no_history"))

    def _say(self, text: str) -> None:
        for line in text.splitlines():
            self._lines(line, Text)

    def _lines(self, line: str, styled: Callable[[str], Text]) -> None:
        """A line folded at the width of the window: Chinese has no spaces to break at."""
        for piece in chop_cells(line, max(self._console.width - 4, 20)) or [""]:
            self._console.print(Padding(styled(piece), (0, 0, 0, 2)))


def _gist(reply: Reply) -> str:
    """One line for the list of what was asked: the first policy quoted, else how the reply begins."""
    lines = [line for line in reply.text.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith("《")), lines[0] if lines else "")[:60]


def _styled(line: str) -> Text:
    """Policy titles stand out, sources step back, amounts and dates are marked."""
    if line.startswith("《"):
        return Text(line, style="bold")
    if line.startswith(("来源：", "Source:")):
        return Text(line, style="dim")
    text = Text(line)
    text.highlight_regex(r"[0-9][0-9.,—-]*\s*(?:万元|亿元|万|元/月|元|%|个月|年|日)", style="bold yellow")
    text.highlight_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", style="yellow")
    return text
