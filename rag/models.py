"""The nouns of rag/: documents and their passages, releases, and what an answer is made of.

Everything here is immutable. Dates are Asia/Shanghai calendar dates; texts are NFC and hold no control characters
but the line feed. A policy's front matter is `rag.policies.Policy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rag.policies import Policy

Confidence = Literal["high", "medium"]
PassageKind = Literal["article", "paragraph", "row"]


class Level(StrEnum):
    """Who issued a policy, from the widest to the narrowest."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"


class Category(StrEnum):
    """The four policy domains of the 2020 action plan (科技创新、人才发展、创业扶持、金融服务)."""

    SCIENCE = "science"
    TALENT = "talent"
    STARTUP = "startup"
    FINANCE = "finance"


class PolicyState(StrEnum):
    """What a policy is worth on a date. The value is the word shown to readers and sent by the API."""

    DRAFT = "征求意见"
    NOT_YET = "未施行"
    IN_FORCE = "现行有效"
    PARTLY_EXPIRED = "部分失效"
    CLOSED = "已截止"
    EXPIRED = "已到期"
    REPEALED = "已废止"
    SUPERSEDED = "已被替代"
    UNVERIFIED = "待核实"

    @property
    def retired(self) -> bool:
        """True where the policy must never be presented as current."""
        return self in {PolicyState.CLOSED, PolicyState.EXPIRED, PolicyState.REPEALED, PolicyState.SUPERSEDED}


@dataclass(frozen=True, slots=True)
class Document:
    """One text to index: a policy file, or a plain text ingested as it is (then `policy` is None)."""

    id: str
    title: str
    text: str
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that is searched, quoted and cited. `id` is the digest of everything else in it.

    `text` is what may be quoted. `lead` repeats what the piece hangs on (the sentence before （一）, a table's header
    row) and is "" where there is nothing to repeat; it is shown and searched with the text, never quoted as part of it.
    `path` is title › chapter › article. `article` is 第十二条, 二、（三）, 摘要第3条 … or None. `provision` is the
    index of the fact behind a digest's clause, and `confidence` says whether that clause was compared with an official
    text ("high") or not ("medium"); both are None for an original.
    """

    id: str
    document: str
    kind: PassageKind
    path: tuple[str, ...]
    article: str | None
    lead: str
    text: str
    provision: int | None = None
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Where a passage lies in a version's text: [start, end) tiles it, headings and white space included."""

    passage: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """A document as it stood in some release: `version` is the digest of its text and front matter."""

    version: str
    document: Document
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """A published state of the corpus: which version of which document is visible, and which segments hold them.

    `id` is the digest of the manifest (`documents`), so the same corpus is the same release.
    """

    id: str
    number: int
    created_at: datetime
    documents: Mapping[str, str]
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, with its fused score in [0, 1] and the raw score of each leg (None where it did not find it)."""

    passage: Passage
    score: float
    lexical: float | None = None
    dense: float | None = None


class AnswerStatus(StrEnum):
    """Every way a question can end. Part of the API: names are added, never changed."""

    ANSWERED = "answered"
    CLARIFY = "clarify"
    SMALLTALK = "smalltalk"
    NOT_FOUND = "unanswerable_not_found"
    NO_COVERAGE = "unanswerable_no_coverage"
    OTHER_REGION = "unanswerable_other_region"
    OFF_TOPIC = "unanswerable_off_topic"
    NO_PROMISE = "unanswerable_no_promise"
    INJECTION = "guarded_injection"
    ILLEGAL = "guarded_illegal"
    PRIVATE = "guarded_private"
    SENSITIVE = "guarded_sensitive"
    EMPTY = "error_empty"
    TOO_LONG = "error_too_long"
    NOT_READY = "error_not_ready"
    BUSY = "error_busy"
    INTERNAL = "error_internal"


@dataclass(frozen=True, slots=True)
class Quote:
    """`passage` text[start:start + len(quote)] == quote, exactly."""

    passage: str
    quote: str
    start: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer and the quotes it stands on (at least one)."""

    text: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """The card under a claim. Everything in it comes from the index, nothing from a model.

    `page` and `last_page` are where the official file has the quote printed, from 1; None where that is not sure.
    """

    passage: str
    policy: str
    provision: int | None
    title: str
    doc_no: str | None
    article: str | None
    quote: str
    policy_status: PolicyState | None
    level: Level | None
    jurisdiction: str | None
    confidence: Confidence | None
    judged: date | None
    url: str | None
    successor: str | None = None
    page: int | None = None
    last_page: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Clauses found for a question, best first, each with its card, whose `quote` is the whole clause.

    `release` is None before the first. `as_of` is the day that decided what may be found (a year in the words moves
    it), `state_on` the day of the states on the cards. `text_kinds`: digest or original, by policy.
    """

    release: str | None
    as_of: date
    state_on: date
    clauses: tuple[tuple[Hit, Citation], ...] = ()
    text_kinds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader must be told, by key of the wording files, with what goes into the sentence."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Focus:
    """What the conversation is about, inherited by a follow-up: the policy, the place, the topic words, the date."""

    policy: str | None = None
    district: str | None = None
    topic: str | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn, as the rewriter sees it. `focus` is that of the answer it got."""

    role: Literal["user", "assistant"]
    text: str
    focus: Focus | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked and in what setting. `district` is a name or alias (崂山, 西海岸新区 …), `as_of` today if None.

    A `private` question is searched for by its words alone: it is not embedded and no model sees it. One that is not
    `aided` is answered without a language model (the asker's share of it is used up).
    """

    text: str
    history: tuple[Turn, ...] = ()
    district: str | None = None
    as_of: date | None = None
    private: bool = False
    aided: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of the pipeline did and how long it took (seconds of wall time)."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Writing:
    """What a language model had to do with an answer: sentences kept, why others fell, the fault that ended it."""

    model: str
    kept: int
    dropped: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What an approved answer rests on: a quote of a passage, and the version of its document that it was read in."""

    document: str
    version: str
    passage: str
    quote: str


@dataclass(frozen=True, slots=True)
class ApprovedAnswer:
    """An answer that staff wrote and approved. It is given word for word from `day` until `until`, both included.

    `wordings` are the questions it answers. `place` is the district or zone it holds for; "" holds wherever the asker
    is, for questions that name no district. `by` is who answers for it, as readers are told: a team, no person.
    """

    id: int
    text: str
    wordings: tuple[str, ...]
    grounds: tuple[Ground, ...]
    place: str
    day: date
    until: date
    by: str


@dataclass(frozen=True, slots=True)
class Approved:
    """What a reader is shown of the approved answer that was given: its words as they are, its days, who wrote it."""

    id: int
    text: str
    day: date
    until: date
    by: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question came to. `notices` and `choices` are keys into the wording files; claims are verbatim.

    Where it is `generated`, a language model wrote the claims, each proven by its quotes; then `citations` are the
    quotes' cards, each once. Otherwise there is a card a claim.

    Where it is `approved`, staff wrote it: the claims are the clauses that it rests on.

    `nearest` are citations that did not answer (未直接回答) or, for a listing, policies that may concern the asker.
    `reason` says why nothing was found that answers: nothing · unnamed · contradicted · kind · scheme · strangers ·
    evidence · verification · retired (see rag/pipeline.py).
    """

    status: AnswerStatus
    question: str
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Citation, ...] = ()
    notices: tuple[Notice, ...] = ()
    choices: tuple[Notice, ...] = ()
    listing: bool = False
    generated: bool = False
    approved: Approved | None = None
    reason: str | None = None
    writing: Writing | None = None
    focus: Focus = Focus()
    release: str | None = None
    as_of: date | None = None
    hits: tuple[Hit, ...] = ()
    steps: tuple[Step, ...] = ()
