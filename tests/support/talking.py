"""Somebody who talks to the assistant about a need: says, presses, sends; and short ways to a finished form."""

from __future__ import annotations

from typing import Any

from bot.bootstrap import House
from bot.channels.terminal import CONVERSATION
from bot.history import History
from bot.messages import Choice, Contact, FileIn, Message, Reply
from bot.turns import Recorded
from intake.cases import Case
from intake.store.drafts import Draft

STORY = (
    "我们在崂山做海水淡化膜，反渗透膜运行三个月后通量衰减40%，想找高校合作研发解决膜污染问题，"
    "预算大概两三百万，希望明年6月底前完成。"
)
INDICATORS = "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%，按 GB/T 19249 检测"
ORGANISATION, CODE = "青岛某某新材料有限公司", "91370200264574251E"
NAME, PHONE = "张晓明", "13905328765"
"""Another number than the one the forms give as their example."""


class Talker:
    """One account of one channel. Each message gets an id of its own unless one is given."""

    def __init__(self, house: House, key: str = "42", channel: str = "telegram", lang: str = "zh") -> None:
        self.house, self.lang = house, lang
        self.conversation = house.conversation()
        account = house.accounts().of(channel, key)
        self.account, self.person = account.id, account.person
        self.reply = Reply("", "")
        self.sent: Message | None = None
        self._count = 0

    # What reaches the assistant

    def message(self, text: str | None = None, **fields: Any) -> Message:
        self._count += 1
        given = {"id": f"{self.account}-{self._count}", "lang": self.lang, "text": text, **fields}
        return Message(account=self.account, conversation=CONVERSATION, received_at=self.house.clock.now(), **given)

    def skip_ids(self, count: int) -> None:
        """For a second talker of the same account: its messages are others."""
        self._count += count

    def say(self, text: str | None = None, **fields: Any) -> Reply:
        self.sent = self.message(text, **fields)
        return self.again()

    def again(self) -> Reply:
        """The last message once more, as it was."""
        assert self.sent is not None
        self.reply = self.conversation.handle(self.sent)
        for choice in self.reply.choices:
            assert len(choice.id.encode()) <= 64, choice
        return self.reply

    def press(self, label: str, **fields: Any) -> Reply:
        return self.say(choice=self.button(label).id, **fields)

    def button(self, label: str) -> Choice:
        found = [choice for choice in self.reply.choices if label in choice.label]
        assert found, (label, [choice.label for choice in self.reply.choices])
        return found[0]

    def labels(self) -> list[str]:
        return [choice.label for choice in self.reply.choices]

    def file(self, name: str = "图纸.pdf", content: bytes = b"%PDF-1.7 drawing", **fields: Any) -> Reply:
        stored = self.house.needs().files.put([content])
        return self.say(file=FileIn(stored.digest, name, "application/pdf", fields.pop("size", stored.size)), **fields)

    def contact(self, phone: str = PHONE, *, own: bool = True) -> Reply:
        return self.say(contact=Contact("张晓明", phone, own))

    def restart(self) -> None:
        """A new process: nothing is left in memory."""
        self.conversation = self.house.conversation()

    # What stands

    @property
    def draft(self) -> Draft:
        found = self.house.needs().drafts.active(self.person)
        assert found is not None
        return found

    @property
    def drafts(self) -> list[Draft]:
        return self.house.needs().drafts.all(self.person)

    @property
    def cases(self) -> list[Case]:
        return self.house.needs().cases.of_person(self.person)

    @property
    def asked(self) -> str:
        """The step being asked, or what else the form waits for."""
        assert self.reply.form is not None, self.reply
        return self.reply.form.name or self.reply.form.input

    def turns(self) -> list[Recorded]:
        return History(self.house.engine, self.house.clock).last(self.account, CONVERSATION)

    # Ways through a form

    def begin_technology(self, story: str = STORY) -> None:
        """Up to the first question that the story did not answer."""
        self.say("找技术")
        self.press("技术需求")
        self.say(story)
        self.press("都对")

    def tell_technology(self, indicators: str = INDICATORS) -> None:
        """A technology need up to the notice, or to what comes after it."""
        self.begin_technology()
        self.press("工艺改进")
        self.say(indicators)

    def introduce(self, organisation: str = ORGANISATION, code: str = CODE) -> None:
        """From the notice to the card."""
        self.press("同意")
        self.say(organisation)
        self.say(code)
        self.press("企业")
        if self.asked == "district":
            self.press("崂山区")
        if self.asked == "industry":
            self.press("现代海洋")
        self.say(NAME)
        self.say(PHONE)

    def technology_card(self, confidentiality: str = "对接时披露") -> None:
        """A technology need that only needs 提交 to be pressed."""
        self.tell_technology()
        if self.asked == "privacy_consent":
            self.introduce()
        else:
            self.press("确认，没有变化")
        self.press(confidentiality)
        self.press("我承诺")

    def submit_technology(self, confidentiality: str = "对接时披露") -> Case:
        self.technology_card(confidentiality)
        self.press("提交")
        if self.reply.status == "form_similar":
            self.press("仍然新建")
        assert self.reply.status == "form_submitted", self.reply.text
        return self.cases[0]
