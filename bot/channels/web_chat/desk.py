"""What every route of the web door has at hand, and how a question is admitted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from bot.channels.api_keys import ApiKeys
from bot.channels.web_chat.asked import ChatRequest
from bot.channels.web_chat.limits import Limits, Rate
from bot.channels.web_chat.observed import Observed
from bot.channels.web_chat.pages import Pages, lang_of
from bot.channels.web_chat.ports import Assistant, Library, PastTurn, Sessions
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from bot.channels.web_chat.turns import Turns
from bot.channels.web_chat.visitors import Visitors, address_of
from bot.messages import Message

CONVERSATION = "main"


@dataclass(frozen=True, slots=True)
class Desk:
    """The assistant and the library, with the door's own rules around them."""

    assistant: Assistant
    library: Library
    visitors: Visitors
    turns: Turns
    pages: Pages
    observed: Observed
    limits: Limits
    by_session: Rate
    by_address: Rate
    sheets_by_address: Rate
    now: Callable[[], datetime]
    question_chars: int

    async def admit(self, request: Request, label: str | None = None) -> str:
        """Count a question against its address and its session; the account it belongs to, or a Refusal.

        The address comes first, so that a flood without cookies opens no sessions.
        """
        self._count(self.by_address, address_of(request))
        account = await self.visitors.account(request, label)
        self._count(self.by_session, account)
        return account

    def count_program(self, request: Request, keys: ApiKeys, label: str | None = None) -> str:
        """Count a question of a program by the same limits; who asks, or a Refusal. `label`: for whom, by its word.

        Without keys a label would be a way around the limits, so it counts for nothing there.
        """
        self._count(self.by_address, address_of(request))
        caller = keys.caller(request)
        asker = f"{caller} {label}" if label and keys.needed else caller
        self._count(self.by_session, asker)
        return asker

    def count_sheet(self, request: Request) -> None:
        """Count a look at an original's page against its address."""
        self._count(self.sheets_by_address, address_of(request))

    async def known(self, request: Request, label: str | None = None) -> str | None:
        """The account of a caller who has a session; None, and nothing opened, for anybody else."""
        account = await self.visitors.known(request)
        if account is None or label is None:
            return account
        return await run_in_threadpool(self.visitors.sessions.labelled, account, label)

    def message(self, request: Request, account: str, asked: ChatRequest) -> Message:
        """The message that stands for this request. A caller's key counts within its own account only."""
        return Message(
            id=asked.id or uuid.uuid4().hex,
            account=account,
            conversation=CONVERSATION,
            received_at=self.now(),
            text=asked.text or None,
            choice=asked.choice or None,
            lang=lang_of(request),
            district=asked.district or None,
            as_of=asked.day,
        )

    async def past(self, account: str | None) -> list[PastTurn]:
        if account is None:
            return []
        return await run_in_threadpool(self.assistant.past, account, CONVERSATION)

    async def district(self, account: str | None) -> str | None:
        return None if account is None else await run_in_threadpool(self.assistant.district, account)

    async def keep_district(self, account: str, name: str | None) -> None:
        """Keep the asker's district. A name the library does not know is refused."""
        if name is not None and name not in await run_in_threadpool(self.library.places):
            raise Refusal(DoorStatus.INVALID_FIELD, field="district")
        await run_in_threadpool(self.assistant.set_district, account, name)

    @staticmethod
    def _count(rate: Rate, key: str) -> None:
        wait = rate.wait(key)
        if wait:
            raise Refusal(DoorStatus.TOO_MANY, retry_after=wait)


def make_desk(
    assistant: Assistant,
    library: Library,
    sessions: Sessions,
    pages: Pages,
    observed: Observed,
    limits: Limits,
    *,
    https: bool,
    session_days: int,
    question_chars: int,
    now: Callable[[], datetime],
    monotonic: Callable[[], float],
) -> Desk:
    return Desk(
        assistant=assistant,
        library=library,
        visitors=Visitors(sessions, https=https, days=session_days),
        turns=Turns(assistant, limits, observed),
        pages=pages,
        observed=observed,
        limits=limits,
        by_session=Rate(limits.session_per_minute, monotonic),
        by_address=Rate(limits.address_per_minute, monotonic),
        sheets_by_address=Rate(limits.sheets_per_minute, monotonic),
        now=now,
        question_chars=question_chars,
    )
