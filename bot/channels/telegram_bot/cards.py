"""Cases as staff get them on Telegram: a card with a claim button in the team's group, a line to a person in working
hours. No personal data is in either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.telegram_bot.parts import Button, Part
from bot.channels.telegram_bot.store.chats import Chats
from bot.channels.telegram_bot.store.outgoing import Outgoing
from bot.channels.telegram_bot.store.staff import Posting, StaffLinks
from bot.channels.telegram_bot.words import Words
from bot.clock import SHANGHAI
from bot.needs import Needs
from bot.notice_words import staff_notice_text
from intake.cases import Case, CaseState
from intake.store.staff_notices import StaffInbox, StaffNotice

RECENT = timedelta(days=3)
"""A group that is bound today is not shown what is older."""

NEW = "new"
_RESTRICTED = "restricted"
_WORDS = Words("zh")


@dataclass(frozen=True, slots=True)
class Cards:
    """Puts staff notices before groups and persons, each once."""

    needs: Needs
    inbox: StaffInbox
    links: StaffLinks
    chats: Chats
    outgoing: Outgoing
    now: Callable[[], datetime]

    def run_once(self) -> int:
        """Queue what is new; how many messages that makes. Synchronous."""
        now = self.now()
        postings = [posting for posting in self._postings(now) if posting.created_at >= now - RECENT]
        done = self.links.carded([posting.notice for posting in postings])
        new = [posting for posting in postings if (posting.notice, posting.chat) not in done]
        for posting in new:
            self.links.post(posting, now)
        return len(new)

    def _postings(self, now: datetime) -> Iterator[Posting]:
        for team in self.chats.teams():
            notices = self.inbox.unread("", [team])
            for chat in self.chats.groups_of(team):
                yield from (self._to_group(notice, chat) for notice in notices)
        opens = self.needs.timing.calendar.opens(now)
        for staff, user in self.links.everybody().items():
            yield from (self._to_person(notice, user, opens) for notice in self.inbox.unread(staff, ()))

    def _to_group(self, notice: StaffNotice, chat: int) -> Posting:
        case = self.needs.cases.by_id(notice.case) if notice.case else None
        if case is not None and notice.kind == NEW and case.state is CaseState.SUBMITTED:
            return Posting(notice.id, chat, case.reference, self.card(case), notice.created_at)
        return Posting(notice.id, chat, _reference(notice), Part(_line(notice)), notice.created_at)

    @staticmethod
    def _to_person(notice: StaffNotice, user: int, opens: datetime) -> Posting:
        return Posting(notice.id, user, _reference(notice), Part(_line(notice)), notice.created_at, opens)

    def card(self, case: Case, claimed: str = "") -> Part:
        """The card of a case; `claimed` says what became of it, and takes the button away."""
        rows = () if claimed else ((Button(_WORDS.say("button.claim"), {"claim": case.reference}),),)
        text = "\n".join(filter(None, (*self._lines(case), claimed or self._due(case))))
        return Part(text, rows=rows)

    def claimed(self, case: Case, said: str) -> tuple[tuple[str, int, Part], ...]:
        """The changes to all cards of a case, each with its key and chat. Synchronous."""
        found = []
        for notice, chat in self.links.cards_of(case.reference):
            sent = self.outgoing.delivery(f"staff:{notice}:{chat}")
            message = sent[0].message if sent else None
            if message is not None and chat < 0:
                card = self.card(case, said)
                key = f"card:{notice}:{chat}:{case.rev}"
                found.append((key, chat, Part(card.text, rows=card.rows, edit=message)))
        return tuple(found)

    def _lines(self, case: Case) -> Iterator[str]:
        form, reference = self.needs.formbook.form(case.kind), self.needs.reference
        places = {option.code: option.label for name in ("districts", "zones") for option in reference.options(name)}
        where = places.get(case.zone or "") or places.get(case.district or "") or "—"
        team = self.needs.register.team(case.team).name if case.team else "—"
        yield _WORDS.say("staff.card", reference=case.reference, kind=form.label, place=where, team=team)
        if case.confidentiality == _RESTRICTED:
            yield _WORDS.say("staff.card_restricted")
        else:
            yield _WORDS.say("staff.card_title", title=case.title)

    def _due(self, case: Case) -> str:
        clock = self.needs.timing.clocks(case, self.needs.cases.events(case.id), self.now()).first_response
        if clock is None:
            return ""
        return _WORDS.say("staff.card_due", due=f"{clock.due.astimezone(SHANGHAI):%m-%d %H:%M}")


def _line(notice: StaffNotice) -> str:
    return staff_notice_text(notice.kind, notice.body)


def _reference(notice: StaffNotice) -> str:
    return str(notice.body.get("reference", ""))
