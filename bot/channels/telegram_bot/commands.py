"""Commands and deep links, /start /need /my …: each a button of the conversation, or a sentence of our own."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from telegram import Bot, BotCommand
from telegram.error import TelegramError

from bot.channels.telegram_bot.conversing import Conversing
from bot.channels.telegram_bot.hall import Hall
from bot.channels.telegram_bot.outcome import Outcome
from bot.channels.telegram_bot.paging import Block
from bot.channels.telegram_bot.parts import Button, Part, Rows
from bot.channels.telegram_bot.reading import Command
from bot.channels.telegram_bot.rendering import packed, text_parts
from bot.channels.telegram_bot.replies import say
from bot.channels.telegram_bot.staff import StaffRoom
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import Visit
from bot.channels.telegram_bot.words import Words
from bot.dialogs.buttons import of_case, of_menu, of_mine
from bot.phrases import Lang
from intake.interruption import control_of
from rag.jurisdictions import parse_place

MENU = ("start", "ask", "need", "my", "brief", "district", "help", "privacy")
ASK_MENU = ("start", "ask", "district", "help")
"""Where needs are not taken in."""

RIGHTS = ("export", "withdraw", "erase")

_NEED = re.compile("need_([a-z_]{2,40})")
_CASE = re.compile("case_([A-Za-z0-9-]{5,20})")
_LINK = re.compile("link_([A-Za-z0-9]{6,20})")

Run = Callable[[Visit, str], Awaitable[Outcome | None]]


class Commands:
    def __init__(self, hall: Hall, conversing: Conversing, staff: StaffRoom) -> None:
        self._hall = hall
        self._conversing = conversing
        self._staff = staff
        self._runs: dict[str, Run] = {
            "start": self._start,
            "help": self._help,
            "ask": self._ask,
            "district": self._district,
            **staff.commands,
        }
        if hall.needs is not None:
            self._runs |= {
                "need": self._pressing(of_menu("menu", "").id),
                "my": self._pressing(of_menu("mine", "").id),
                "brief": self._pressing(of_menu("kind.brief", "").id),
                "privacy": self._privacy,
                "drafts": self._pressing(of_menu("drafts", "").id),
                "continue": self._pressing(of_menu("go_on", "").id),
                **{what: self._pressing(of_mine(what, "").id) for what in RIGHTS},
            }

    async def run(self, visit: Visit, command: Command) -> Outcome | None:
        """None for a control of the conversation's (/back, /skip …); an unknown command is no answer to anything."""
        run = self._runs.get(command.name)
        if run is not None:
            return await run(visit, command.argument)
        if self._hall.needs is not None and control_of(f"/{command.name}") is not None:
            return None
        return await self._conversing.remark(visit, visit.words.say("unread.command", name=command.name))

    async def _start(self, visit: Visit, argument: str) -> Outcome | None:
        """The welcome; or what a link of ours was followed for."""
        if match := _LINK.fullmatch(argument):
            return await self._staff.link(visit, match[1])
        if self._hall.needs is not None:
            if match := _NEED.fullmatch(argument):
                return await self._press(visit, of_menu(f"kind.{match[1]}", "").id)
            if match := _CASE.fullmatch(argument):
                return await self._press(visit, of_case(match[1].upper(), "v", "").id)
            if argument in ("need", "my"):
                return await self._press(visit, of_menu("menu" if argument == "need" else "mine", "").id)
        words = visit.words
        text = words.say("welcome" if self._hall.needs is not None else "welcome_ask")
        return self._said(visit, f"{text}\n\n{words.say('abroad')}", (*self._doors(words), *self._web(words)))

    async def _help(self, visit: Visit, _argument: str) -> Outcome | None:
        """In mid-form it is the form's own help that is wanted."""
        if visit.chat.awaits is not None:
            return None
        text = visit.words.say("help" if self._hall.needs is not None else "help_ask")
        return self._said(visit, text, self._doors(visit.words))

    async def _ask(self, visit: Visit, argument: str) -> Outcome | None:
        if not argument:
            return await self._conversing.remark(visit, visit.words.say("ask_how"))
        return await self._conversing.talk(visit, visit.message(text=argument))

    async def _district(self, visit: Visit, argument: str) -> Outcome:
        return await in_thread(self.district, visit, argument)

    def district(self, visit: Visit, name: str) -> Outcome:
        """Keep a district, or ask for one. Synchronous."""
        words = visit.words
        place = parse_place(name) if name else None
        if place is not None and place.kind in {"district", "zone"}:
            self._hall.talk.set_district(visit.account.id, place.name)
            return say(words.say("district_kept", district=place.name))
        if name:
            text = words.say("district_unknown", name=name[:20])
        elif known := self._hall.talk.district(visit.account.id):
            text = words.say("district_now", district=known)
        else:
            text = words.say("district_ask")
        places = [Button(place, {"district": place}) for place in self._hall.library.places()]
        clear = Button(words.say("district_clear"), {"district": ""})
        return Outcome((Part(text, rows=packed([*places, clear]), owner=visit.sender.id),))

    def clear_district(self, visit: Visit) -> Outcome:
        self._hall.talk.set_district(visit.account.id, None)
        return say(visit.words.say("district_cleared"))

    async def _privacy(self, visit: Visit, _argument: str) -> Outcome | None:
        """The notice in force, and what a person may do with what is kept of them."""
        needs, words = self._hall.needs, visit.words
        if needs is None:
            return None
        notice = await in_thread(needs.privacy.consent_notice, words.lang)
        rows = packed(Button(words.say(f"button.{what}"), {"choice": of_mine(what, "").id}) for what in RIGHTS)
        parts = text_parts([Block(f"{_plain(notice.text)}\n\n{words.say('abroad')}")], words.labels)
        parts[-1] = replace(parts[-1], rows=rows, owner=visit.sender.id)
        return Outcome(tuple(parts))

    def _pressing(self, choice: str) -> Run:
        async def run(visit: Visit, _argument: str) -> Outcome | None:
            return await self._press(visit, choice)

        return run

    async def _press(self, visit: Visit, choice: str) -> Outcome:
        return await self._conversing.talk(visit, visit.message(choice=choice))

    @staticmethod
    def _said(visit: Visit, text: str, rows: Rows) -> Outcome:
        return Outcome((Part(text, rows=rows, owner=visit.sender.id, edit=visit.taken.placeholder),))

    def _web(self, words: Words) -> Rows:
        """The web door, for what should not pass through servers abroad."""
        url = self._hall.public_url
        return ((Button(words.say("button.web_door"), url=url),),) if url else ()

    def _doors(self, words: Words) -> Rows:
        district = Button(words.say("district_button"), {"ask": "district"})
        if self._hall.needs is None:
            return ((district,),)
        menu = {"begin": "menu", "mine": "mine", "brief": "kind.brief"}
        buttons = [Button(words.say(key), {"choice": of_menu(what, "").id}) for key, what in menu.items()]
        return packed([*buttons, district])


async def publish_menu(bot: Bot, *, needs: bool) -> None:
    """The command menu, in Chinese for everybody and in English for who reads English. Raises TelegramError."""
    for lang, code in (("zh", None), ("en", "en")):
        await bot.set_my_commands(menu(Words(_lang(lang)), needs=needs), language_code=code)


def menu(words: Words, *, needs: bool) -> list[BotCommand]:
    return [BotCommand(name, words.say(f"menu.{name}")) for name in (MENU if needs else ASK_MENU)]


def _plain(markdown: str) -> str:
    """Our own Markdown as plain text: marks of headings and emphasis are no words."""
    return re.sub(r"^#+ +|\*\*", "", markdown, flags=re.MULTILINE)


def _lang(code: str) -> Lang:
    return "en" if code == "en" else "zh"


__all__ = ["ASK_MENU", "MENU", "Commands", "TelegramError", "menu", "publish_menu"]
