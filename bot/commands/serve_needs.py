"""Needs as the web door asks for them: by account, in the door's own nouns, over the parts that bot/needs.py holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, BinaryIO

from bot.accounts import Accounts
from bot.channels.web_chat.needs_ports import (
    AnswerLine,
    CasePage,
    CaseRow,
    NeedReceipt,
    NeedRefusal,
    Notice,
    NotReady,
    PageNotice,
    SimilarNeed,
    TimelineEvent,
)
from bot.clock import Clock
from bot.dialogs.pending import Pending
from bot.files import Stored
from bot.history import History
from bot.licence_photos import offers_of
from bot.needs import Needs
from bot.notices import Inbox
from bot.personal import Personal
from bot.phrases import Lang
from intake.case_numbers import same_code, valid_number
from intake.cases import ENDED, Actor, Case, CaseState, Recorded, Via, owner
from intake.formbook import Formbook
from intake.handling.waiting import waiting_since
from intake.models import Saying
from intake.reference import Reference
from intake.review import ReviewError, allowed
from intake.store.cases import StaleCaseError
from intake.store.drafts import Attachment, Draft
from intake.submission import NotReadyError, Receipt
from intake.values import Answered

WEB: Via = "web"
BY_CODE = ("reply", "note")
"""What may be done with the 查询码 alone: answer staff, or add words. The first that the case admits."""


@dataclass(frozen=True, slots=True)
class NeedsDesk:
    """The house's side of the web door's port (bot/channels/web_chat/needs_ports.py)."""

    needs: Needs
    accounts: Accounts

    @property
    def formbook(self) -> Formbook:
        return self.needs.formbook

    @property
    def reference(self) -> Reference:
        return self.needs.reference

    def today(self) -> date:
        return self.needs.clock.today()

    # Drafts

    def drafts(self, account: str) -> Sequence[Draft]:
        person = self._person(account)
        return self.needs.drafts.all(person) if person else ()

    def begin(self, account: str, kind: str) -> Draft:
        version = self.formbook.form(kind).version
        return self.needs.drafts.begin(self._known(account), account, kind, version, self._now())

    def save(self, draft: Draft) -> Draft:
        return self.needs.drafts.save(draft, self._now())

    def drop(self, account: str, draft: str) -> None:
        if all(mine.id != draft for mine in self.drafts(account)):
            return
        files = self.needs.drafts.attached(draft)
        self.needs.drafts.drop(draft)
        self._personal.forget_files(file.digest for file in files)

    def attached(self, draft: str) -> Sequence[Attachment]:
        return self.needs.drafts.attached(draft)

    def attach(self, draft: str, file: Attachment) -> Sequence[Attachment]:
        return self.needs.drafts.attach(draft, file, self._now())

    def detach(self, draft: str, digest: str) -> None:
        self.needs.drafts.detach(draft, digest)
        self._personal.forget_files([digest])

    def offered(self, draft: Draft) -> Mapping[str, Answered]:
        pending = Pending.of(draft)
        return {**pending.offers, **{proposed.step: proposed.answered for proposed in pending.proposals}}

    @property
    def reads_licences(self) -> bool:
        return self.needs.licences is not None and self.needs.licences.pictures

    def read_licence(self, draft: Draft, content: BinaryIO, media_type: str) -> Draft | None:
        photos = self.needs.licences
        if photos is None or not photos.may_be_one(media_type):
            return None
        licence = photos.read(content, media_type)
        if licence is None:
            return None
        pending = Pending.of(draft)
        return self.save(pending.but(offers={**pending.offers, **offers_of(licence)}).on(draft))

    # The person

    def profile(self, account: str) -> Mapping[str, Answered]:
        person = self._person(account)
        return self.needs.people.profile(person) if person else {}

    def consented(self, account: str) -> bool:
        person = self._person(account)
        return person is not None and self.needs.people.consented(person)

    def consent(self, account: str, given: bool, lang: str) -> None:
        person = self._known(account)
        if given:
            self.needs.people.record_consent(person, True, WEB, self._now(), lang)
        else:
            self._personal.forget_files(self.needs.privacy.withdraw_consent(person, WEB).files)

    def notice(self, lang: str) -> Notice:
        notice = self.needs.privacy.consent_notice(lang)
        return Notice(notice.version, notice.text)

    def export(self, account: str) -> Mapping[str, Any]:
        return self._personal.export(account, self._known(account))

    def erase(self, account: str) -> None:
        self._personal.erase(account, self._known(account), WEB)

    @property
    def _personal(self) -> Personal:
        return Personal(self.needs, History(self.needs.cases.engine, self.needs.clock), self.accounts)

    # Submission

    def similar(self, draft: Draft) -> Sequence[SimilarNeed]:
        found = self.needs.submission.similar(draft)
        mine = {case.reference for case in self.needs.cases.of_person(draft.person)}
        return [SimilarNeed(c.reference, c.title, c.state, c.submitted_at, c.reference in mine) for c in found]

    def submit(self, draft: Draft, lang: str) -> NeedReceipt:
        try:
            receipt = self.needs.submission.submit(draft, WEB, lang)
        except NotReadyError as missing:
            raise NotReady([step.id for step in missing.steps]) from missing
        return self._told(draft.account, receipt)

    def submitted(self, account: str, draft: str) -> str | None:
        case = self.needs.cases.of_draft(draft)
        return case.reference if case and case.person == self._person(account) else None

    def receipt(self, account: str, reference: str) -> NeedReceipt | None:
        case = self._own(account, reference)
        return _receipt(self.needs.submission.receipt(case)) if case else None

    # Cases

    def cases(self, account: str) -> Sequence[CaseRow]:
        person = self._person(account)
        return [_row(case) for case in self.needs.cases.of_person(person)] if person else ()

    def case(self, account: str, reference: str) -> CasePage | None:
        case = self._own(account, reference)
        if case is None:
            return None
        actor = owner(case.person, WEB)
        receipt = self.needs.submission.receipt(case)
        return replace(
            self._page(case, actor),
            actions=tuple(move.action for move in allowed(actor, case, self._now())),
            lines=_lines(receipt),
            files=tuple(self.needs.cases.files(case.id)),
            answers=case.answers,
            rev=case.rev,
        )

    def act(self, account: str, reference: str, action: str, *, rev: int | None = None, **values: Any) -> None:
        self._act(owner(self._known(account), WEB), reference, action, rev=rev, **values)

    def unlock(self, reference: str, code: str) -> str | None:
        """Case, private values and a comparison are sought for a number that does not exist as well."""
        case = self.needs.cases.get(valid_number(reference) or "")
        private = self.needs.cases.private(case.id if case else "")
        right = same_code(code, private.query_code if private else "-")
        return case.reference if case and private and right else None

    def followed(self, reference: str) -> CasePage | None:
        case = self.needs.cases.get(reference)
        if case is None or case.erased:
            return None
        actor = owner(case.person, WEB)
        page = self._page(case, actor)
        may = [move.action for move in allowed(actor, case, self._now()) if move.action in BY_CODE]
        unsaid = tuple(replace(event, text="") if event.by_owner else event for event in page.events)
        return replace(page, events=unsaid, actions=tuple(may))

    def reply_by_code(self, reference: str, text: str) -> None:
        case = self.needs.cases.get(reference)
        if case is None:
            raise NeedRefusal(Saying("review.not_found", {"reference": reference}))
        actor = owner(case.person, WEB)
        action = "reply" if case.state is CaseState.NEED_INFO else "note"
        self._act(actor, reference, action, text=text)

    # Files

    def keep_file(self, chunks: Iterable[bytes]) -> Stored:
        return self.needs.files.put(chunks)

    def open_file(self, digest: str) -> BinaryIO:
        return self.needs.files.open(digest)

    # What the above share

    def _now(self) -> datetime:
        return self.needs.clock.now()

    def _person(self, account: str) -> str | None:
        found = self.accounts.get(account)
        return found.person if found else None

    def _known(self, account: str) -> str:
        person = self._person(account)
        if person is None:  # erased meanwhile
            raise NeedRefusal(Saying("review.not_found", {"reference": ""}))
        return person

    def _own(self, account: str, reference: str) -> Case | None:
        case = self.needs.cases.get(reference)
        return case if case and case.person == self._person(account) else None

    def _act(self, actor: Actor, reference: str, action: str, *, rev: int | None = None, **values: Any) -> None:
        try:
            self.needs.handling.act(actor, reference, action, rev=rev, **values)
        except ReviewError as refusal:
            raise NeedRefusal(refusal.saying) from refusal
        except StaleCaseError as stale:
            raise NeedRefusal(
                Saying("review.not_allowed", {"action": action, "state": str(stale.case.state)})
            ) from stale

    def _page(self, case: Case, actor: Actor) -> CasePage:
        receipt = self.needs.submission.receipt(case)
        events = self.needs.handling.history(actor, case.reference)
        waiting = waiting_since(events, self.needs.timing) if case.state is CaseState.NEED_INFO else None
        asked = next((event for event in reversed(events) if event.action == "ask"), None) if waiting else None
        ended = case.state in ENDED
        return CasePage(
            row=_row(case),
            summary=case.summary,
            form_version=case.form_version,
            team=receipt.team_name,
            team_phone=receipt.team_phone,
            first_due=None if ended or case.state is not CaseState.SUBMITTED else receipt.first_due,
            final_due=None if ended else case.due_override or receipt.final_due,
            events=tuple(_event(event) for event in events),
            asked=tuple(asked.detail.get("steps", ())) if asked else (),
            asked_text=asked.text if asked else "",
            reply_due=waiting.until if waiting else None,
        )

    def _told(self, account: str, receipt: Receipt) -> NeedReceipt:
        """The receipt; its notice need not be shown again."""
        if self.needs.inbox is not None:
            self.needs.inbox.shown(account, "receipt", receipt.case.reference, self._now())
        return _receipt(receipt)


@dataclass(frozen=True, slots=True)
class WebNotices:
    """The inbox, as the web door asks for it."""

    inbox: Inbox
    clock: Clock

    def unread(self, account: str, lang: str) -> Sequence[PageNotice]:
        spoken: Lang = "en" if lang == "en" else "zh"
        found = self.inbox.unread(account, spoken)
        return [PageNotice(notice.id, notice.text, notice.at, notice.reference or "") for notice in found]

    def seen(self, account: str, ids: Sequence[int]) -> None:
        self.inbox.seen(account, ids, self.clock.now())


def _row(case: Case) -> CaseRow:
    return CaseRow(case.reference, case.kind, case.title, case.state, case.submitted_at, case.updated_at)


def _event(event: Recorded) -> TimelineEvent:
    return TimelineEvent(event.at, event.action, event.to_state, event.actor_kind == "person", event.text)


def _lines(receipt: Receipt) -> tuple[AnswerLine, ...]:
    return tuple(AnswerLine(line.label, line.shown) for line in receipt.lines)


def _receipt(receipt: Receipt) -> NeedReceipt:
    case = receipt.case
    return NeedReceipt(
        reference=case.reference,
        query_code=receipt.query_code or None,
        kind=case.kind,
        title=case.title,
        submitted_at=case.submitted_at,
        team=receipt.team_name,
        team_phone=receipt.team_phone,
        first_due=receipt.first_due,
        final_due=receipt.final_due,
        work_starts=receipt.work_starts,
        lines=_lines(receipt),
    )
