"""What the web door needs from the house to take in needs: drafts, submission, cases, consent, files, notices.

Everything is asked by account: the house knows whose account it is, the door knows no person, no row and no SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO, Protocol

from bot.files import Stored
from intake.cases import CaseState
from intake.formbook import Formbook
from intake.models import Saying
from intake.reference import Reference
from intake.store.drafts import Attachment, Draft
from intake.values import Answered, Answers


class NeedRefusal(Exception):  # noqa: N818 (it is an outcome, not a fault)
    """The house says no in words: `saying` is a key of the intake wording."""

    def __init__(self, saying: Saying) -> None:
        super().__init__(saying.key)
        self.saying = saying


class NotReady(NeedRefusal):
    """A draft that cannot be submitted yet: `missing` are ids of steps."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(Saying("journey.cannot_skip", {"label": missing[0] if missing else ""}))
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class Notice:
    """The consent notice in force, as Markdown of our own."""

    version: str
    text: str


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answer as people see it."""

    label: str
    shown: Saying


@dataclass(frozen=True, slots=True)
class SimilarNeed:
    """An open need of the same organisation that reads much like this one; `mine` may be opened."""

    reference: str
    title: str
    state: CaseState
    submitted_at: datetime
    mine: bool = True


@dataclass(frozen=True, slots=True)
class NeedReceipt:
    """What a person takes away. `query_code` is None once it was erased; `work_starts` where that is not at once."""

    reference: str
    query_code: str | None
    kind: str
    title: str
    submitted_at: datetime
    team: str
    team_phone: str | None
    first_due: datetime
    final_due: datetime | None
    work_starts: datetime | None
    lines: tuple[AnswerLine, ...]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in the list of one's own."""

    reference: str
    kind: str
    title: str
    state: CaseState
    submitted_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One public event. `by_owner`: the enterprise's own doing; `text` is "" where there is none (any more)."""

    at: datetime
    action: str
    state: CaseState | None
    by_owner: bool
    text: str


@dataclass(frozen=True, slots=True)
class CasePage:
    """All that a case's page shows. `asked` are ids of the steps staff ask about, `asked_text` their words;
    `actions` what the owner may do now. `lines` and `files` are empty for who only holds the 查询码."""

    row: CaseRow
    summary: str
    form_version: int
    team: str
    team_phone: str | None
    first_due: datetime | None
    final_due: datetime | None
    events: tuple[TimelineEvent, ...]
    actions: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    asked_text: str = ""
    reply_due: datetime | None = None
    lines: tuple[AnswerLine, ...] = ()
    files: tuple[Attachment, ...] = ()
    answers: Answers = field(default_factory=dict)
    rev: int = 0


class WebNeeds(Protocol):
    """Synchronous: the door crosses to a thread. An account that is unknown owns nothing."""

    @property
    def formbook(self) -> Formbook: ...

    @property
    def reference(self) -> Reference: ...

    def today(self) -> date:
        """The calendar date in Asia/Shanghai."""

    def drafts(self, account: str) -> Sequence[Draft]:
        """The account's drafts, the latest first."""

    def begin(self, account: str, kind: str) -> Draft:
        """A new draft of this kind, or the one there is; it is the one being filled in from now on."""

    def save(self, draft: Draft) -> Draft:
        """Commit it; StaleDraftError where it was changed meanwhile or is gone."""

    def drop(self, account: str, draft: str) -> None:
        """Forget a draft of one's own, its files included; no error where there is none."""

    def attached(self, draft: str) -> Sequence[Attachment]: ...

    def attach(self, draft: str, file: Attachment) -> Sequence[Attachment]: ...

    def detach(self, draft: str, digest: str) -> None: ...

    def offered(self, draft: Draft) -> Mapping[str, Answered]:
        """Values that were read from what the person told in the conversation, to be checked; none counts yet."""

    @property
    def reads_licences(self) -> bool:
        """Whether the picture of a licence can be read here."""

    def read_licence(self, draft: Draft, content: BinaryIO, media_type: str) -> Draft | None:
        """Name and code from the picture of a licence, among what is `offered`; None where nothing could be read. The
        picture is not kept. StaleDraftError as in `save`."""

    def profile(self, account: str) -> Mapping[str, Answered]:
        """What was told about the organisation and its contact before; empty where nothing is kept."""

    def consented(self, account: str) -> bool:
        """Whether the notice in force was agreed to."""

    def consent(self, account: str, given: bool, lang: str) -> None:
        """A yes or no to the notice in force. A no withdraws open cases and erases contact values and the profile."""

    def notice(self, lang: str) -> Notice: ...

    def export(self, account: str) -> Mapping[str, Any]:
        """All that is kept about the person, JSON-ready."""

    def erase(self, account: str) -> None:
        """Erase what is personal in drafts, profile and cases, and the files; open cases are withdrawn."""

    def similar(self, draft: Draft) -> Sequence[SimilarNeed]: ...

    def submit(self, draft: Draft, lang: str) -> NeedReceipt:
        """The same receipt however often the same draft is submitted. NotReady where something is missing."""

    def submitted(self, account: str, draft: str) -> str | None:
        """The reference of the account's own case that was made of this draft."""

    def receipt(self, account: str, reference: str) -> NeedReceipt | None:
        """The receipt of one's own case, again."""

    def cases(self, account: str) -> Sequence[CaseRow]:
        """One's own cases, the latest first."""

    def case(self, account: str, reference: str) -> CasePage | None:
        """One's own case."""

    def act(self, account: str, reference: str, action: str, *, rev: int | None = None, **values: Any) -> None:
        """Do something to one's own case. NeedRefusal where it is not allowed, changed meanwhile, or not there."""

    def unlock(self, reference: str, code: str) -> str | None:
        """The reference as it is written, if number and 查询码 belong together. The same work either way."""

    def followed(self, reference: str) -> CasePage | None:
        """A case for somebody who gave its 查询码: public events only, nothing personal."""

    def reply_by_code(self, reference: str, text: str) -> None:
        """Words from somebody who gave the 查询码: an answer to staff, or an addition. NeedRefusal as in `act`."""

    def keep_file(self, chunks: Iterable[bytes]) -> Stored:
        """FileStoreError where it could not be kept."""

    def open_file(self, digest: str) -> BinaryIO:
        """FileStoreError where it is not there."""


@dataclass(frozen=True, slots=True)
class PageNotice:
    """News of a case, or of a draft; `reference` is "" for the latter."""

    id: int
    text: str
    at: datetime
    reference: str


class Notices(Protocol):
    """News for an account of the web, until they were shown."""

    def unread(self, account: str, lang: str) -> Sequence[PageNotice]:
        """The oldest first."""

    def seen(self, account: str, ids: Sequence[int]) -> None:
        """Those were shown; ids of others' notices are passed over."""
