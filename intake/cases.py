"""The nouns of a case: its states, who may act on it, the case itself, an event of its history, a notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from intake.values import Answered


class CaseState(StrEnum):
    """Where a case stands. Drafts are no cases: they are in a table of their own until they are submitted."""

    SUBMITTED = "submitted"
    NEED_INFO = "need_info"
    ACCEPTED = "accepted"
    ROUTED = "routed"
    IN_PROGRESS = "in_progress"
    DOCKING = "docking"
    PUBLISHED = "published"
    ANSWERED = "answered"
    CLOSED = "closed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


ENDED = frozenset({CaseState.CLOSED, CaseState.REJECTED, CaseState.WITHDRAWN, CaseState.MERGED})
OPEN = frozenset(CaseState) - ENDED


class Role(StrEnum):
    """What somebody may do. Staff hold one or more; SYSTEM is the clock, ENTERPRISE the person who submitted."""

    ENTERPRISE = "enterprise"
    CLERK = "clerk"
    SPECIALIST = "specialist"
    LEAD = "lead"
    COORDINATOR = "coordinator"
    EDITOR = "editor"
    ADMIN = "admin"
    AUDITOR = "auditor"
    SYSTEM = "system"


DEMO_TAG = "演示"
"""Marks the fictional cases of a demonstration (bot/demo)."""

PLATFORM = "kechuang_china"
"""The national platform (科创中国), as external references name it."""

ALL_AREAS = "city"
"""The jurisdiction that covers every district and zone."""

Via = Literal["web", "telegram", "terminal", "api", "phone", "window", "xlsx", "cli", "console", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody acting. `id` is a person's id (enterprise), a staff account's name, or "system".

    `areas` are codes of districts and zones (ALL_AREAS for the whole city), `teams` ids of the teams they belong to,
    the teams of those they deputise for included. `lent` are those of `areas` that are only a colleague's.
    """

    id: str
    name: str
    roles: frozenset[Role]
    via: Via
    areas: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    lent: frozenset[str] = frozenset()

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)


SYSTEM = Actor("system", "系统", frozenset({Role.SYSTEM}), "system")


def owner(person: str, via: Via) -> Actor:
    """The enterprise's person who submitted, as an actor."""
    return Actor(person, "", frozenset({Role.ENTERPRISE}), via)


BOT, HUMAN = "bot", "human"
"""Who answers the enterprise in its chat: the assistant, or the staff who have taken over from it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A submitted need. Personal values are not in it (see `Private`). `answers` are those of its form, in its order.

    `rev` rises with every change and is what a compare-and-set names. `seq` and `head` are the number and the hash of
    its last event. `account` is where its owner is told things; `person` owns it.
    """

    id: str
    reference: str
    kind: str
    form_version: int
    state: CaseState
    person: str
    account: str
    channel: Via
    lang: str
    title: str
    summary: str
    confidentiality: str
    submitted_at: datetime
    updated_at: datetime
    answers: Mapping[str, Answered]
    draft: str | None = None
    legacy_answers: Mapping[str, Any] = field(default_factory=dict)
    org: str | None = None
    industry: str | None = None
    district: str | None = None
    zone: str | None = None
    priority: str = "normal"
    quality: Mapping[str, Any] = field(default_factory=dict)
    resume_state: CaseState | None = None
    outcome: str | None = None
    team: str | None = None
    assignee: str | None = None
    co_teams: tuple[str, ...] = ()
    refused_by: tuple[str, ...] = ()
    bounces: int = 0
    final_team: bool = False
    redo: int = 0
    extensions: int = 0
    due_override: datetime | None = None
    expires_at: datetime | None = None
    urged_at: datetime | None = None
    closed_at: datetime | None = None
    announced: Mapping[str, str] = field(default_factory=dict)
    merged_into: str | None = None
    split_from: str | None = None
    external_refs: tuple[Mapping[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    is_showcase: bool = False
    handler: str = BOT
    erased: bool = False
    rev: int = 1
    seq: int = 0
    head: str = ""

    @property
    def restricted(self) -> bool:
        return self.confidentiality == "restricted"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def hidden(self) -> bool:
        """What is left of a case of a demonstration that was undone: its row and history only."""
        return self.erased and DEMO_TAG in self.tags


@dataclass(frozen=True, slots=True)
class Private:
    """What of a case is erased on request, apart from the case: personal answers, the code to look it up, the key of
    the digests in its events (without it they say nothing any more)."""

    personal: Mapping[str, Answered]
    query_code: str
    digest_key: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's history, before it is numbered and hashed.

    `detail` holds codes, field names and keyed digests, never what a person wrote; words go to `text`, which is kept
    apart and can be erased. `public` events are the enterprise's timeline. `notices` names who is told
    ("owner:accepted", "team:new"; ("none",) is a decision too).
    """

    action: str
    actor: Actor
    at: datetime
    notices: tuple[str, ...]
    from_state: CaseState | None = None
    to_state: CaseState | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the history. `text` is "" where there was none or it was erased."""

    id: int
    seq: int
    at: datetime
    actor_kind: str
    actor: str
    via: str
    action: str
    from_state: CaseState | None
    to_state: CaseState | None
    detail: Mapping[str, Any]
    notices: tuple[str, ...]
    public: bool
    text: str
    text_digest: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Telling:
    """A notice to write in the transaction that gives rise to it. `key` makes it unique; `kind` names its wording.

    `to` is "owner" (target: account id), "staff" (target: staff account) or "team" (target: team id). `body` holds the
    placeholders of the wording and the case's reference; no personal values.
    """

    key: str
    to: Literal["owner", "staff", "team"]
    target: str
    kind: str
    case: str
    body: Mapping[str, Any]
