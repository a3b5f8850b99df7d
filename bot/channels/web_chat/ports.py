"""What the web door needs from the house: somebody who answers, the published policies, and sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from bot.change_pieces import Piece
from bot.messages import Message, Reply
from rag.models import Category, Confidence, Level, PassageKind, PolicyState
from rag.policies import Application, Source


@dataclass(frozen=True, slots=True)
class PastTurn:
    """One finished turn. `reply` is the API's JSON of it; `message_id` the id the message came with."""

    message_id: str
    question: str
    reply: Mapping[str, Any]
    at: datetime


class Assistant(Protocol):
    """Answers messages and keeps their history. Synchronous: the door crosses to a thread."""

    def handle(self, message: Message, on_stage: Callable[[str], None] | None = None) -> Reply:
        """Stages are keys: "searching", "verifying", "done"; called from the thread that handles."""

    def past(self, account: str, conversation: str, limit: int = 50) -> list[PastTurn]:
        """The latest turns, oldest first."""

    def forget(self, account: str, conversation: str) -> None: ...

    def district(self, account: str) -> str | None: ...

    def set_district(self, account: str, name: str | None) -> None: ...


class Sessions(Protocol):
    """Web sessions: an opaque token in a cookie stands for an account."""

    def open(self) -> tuple[str, str]:
        """A new session: (token, account)."""

    def resolve(self, token: str) -> str | None:
        """The account behind a token; None for a token that is unknown, ended, or no token at all."""

    def labelled(self, account: str, label: str) -> str:
        """The account of somebody whom the caller's `user` label names, inside that caller's session only."""


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    """The published release, for people. `vectors_ready` is the share of passages with a vector, 0 to 1."""

    id: str
    number: int
    created_at: datetime
    documents: int
    passages: int
    vectors_ready: float
    embedder: str | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyFilter:
    """What the library's list is narrowed to; None and "" mean any."""

    text: str = ""
    level: Level | None = None
    jurisdiction: str | None = None
    category: Category | None = None
    state: PolicyState | None = None


@dataclass(frozen=True, slots=True)
class PolicyCard:
    """A policy in a list. Dates keep the facts' precision: YYYY, YYYY-MM or YYYY-MM-DD."""

    id: str
    title: str
    doc_no: str | None
    issuer: str | None
    level: Level | None
    jurisdiction: str | None
    categories: tuple[Category, ...]
    state: PolicyState | None
    issued: str | None
    expires: str | None
    confidence: Confidence | None


@dataclass(frozen=True, slots=True)
class Section:
    """One passage on a policy's page; `label` is the heading it stands under ("" for none). `page` and `last_page` are
    where the official file has it printed, None where that is not sure."""

    passage: str
    article: str | None
    label: str
    lead: str
    text: str
    kind: PassageKind
    confidence: Confidence | None
    provision: int | None
    page: int | None = None
    last_page: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a policy's official file to look at. `size` is its width and height in points, None where there is no
    picture of it (`kept` says whether the file is here). `marks` are (left, top, width, height) in points of the lines
    that hold what was quoted; none where the file's own text has no such words on this page.

    `pages` are those that the policy's text was read from, `quoted` whether there was something to mark.
    """

    policy: str
    title: str
    page: int
    pages: tuple[int, ...]
    kept: bool
    size: tuple[float, float] | None = None
    marks: tuple[tuple[float, float, float, float], ...] = ()
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class RelatedPolicy:
    """How a policy stands to another. `id` is None where that other one is not in the library."""

    rel: str
    title: str
    id: str | None
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """Everything a policy's page shows. `before` is the policy whose place it took, `after` the one that took its own,
    where they are in the library. `preamble` is the text before the first passage ("" for none); `shown_pages`
    says whether pages of its official file can be looked at here."""

    card: PolicyCard
    sections: tuple[Section, ...]
    sources: tuple[Source, ...] = ()
    relations: tuple[RelatedPolicy, ...] = ()
    application: Application | None = None
    contact: str | None = None
    contact_asof: date | None = None
    judged: date | None = None
    status_basis: str | None = None
    preamble: str = ""
    shown_pages: bool = False
    before: RelatedPolicy | None = None
    after: RelatedPolicy | None = None


@dataclass(frozen=True, slots=True)
class ChangedSection:
    """A passage of the new policy and the one of the old that it follows, with their words piece by piece."""

    new: Section
    old: Section
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class PolicyChanges:
    """What became of a policy in the one that took its place, aligned by what they say; each in its text's order."""

    old: PolicyCard
    new: PolicyCard
    changed: tuple[ChangedSection, ...]
    added: tuple[Section, ...]
    removed: tuple[Section, ...]


class Library(Protocol):
    """The published policies, as the live release holds them."""

    def release(self) -> ReleaseCard | None: ...

    def policies(self, filters: PolicyFilter) -> Sequence[PolicyCard]:
        """In the order to be shown."""

    def policy(self, id: str) -> PolicyPage | None: ...  # noqa: A002 (the nouns of the API say id)

    def changes(self, id: str) -> PolicyChanges | None:  # noqa: A002
        """Against the policy whose place it took; None where it is not published, or took nobody's."""

    def sheet(self, policy: str, page: int, passage: str = "", span: tuple[int, int] | None = None) -> Sheet | None:
        """A page of the official file, with this passage (or this span of its text) marked; None for a policy that is
        not published or has no such page. Raises CrowdedError."""

    def page_image(self, policy: str, page: int) -> bytes | None:
        """The PNG of a `sheet`; None where there is none. Raises CrowdedError."""

    def places(self) -> Sequence[str]:
        """The districts and zones a person can choose."""

    def examples(self) -> Mapping[str, Sequence[str]]:
        """Example questions by category value (science, talent, startup, finance)."""

    def health(self) -> Mapping[str, Any]:
        """JSON-ready facts about the index; `degraded` is a list of sentences, empty when all is well."""
