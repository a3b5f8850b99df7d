"""The nouns of docking: a party, a row of the society matrix, a candidate of a case and a contact with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from intake.cases import Actor, Role
from intake.models import Saying
from intake.reading.plain import plain


class PartyType(StrEnum):
    """What a party is. The words people see are in intake/data/party_sheets.toml."""

    SOCIETY = "society"
    UNIVERSITY = "university"
    INSTITUTE = "institute"
    ENTERPRISE = "enterprise"
    FINANCE = "finance"
    SERVICE_AGENCY = "service_agency"
    VOLUNTEERS = "volunteers"
    EXPERT = "expert"
    PLATFORM = "platform"
    OTHER = "other"


class CandidateStatus(StrEnum):
    """How far a case has come with a party: 待联系, 已联系, 有意向, 签约, 未果."""

    TO_CONTACT = "to_contact"
    CONTACTED = "contacted"
    INTERESTED = "interested"
    SIGNED = "signed"
    FAILED = "failed"


class ContactHow(StrEnum):
    """How a candidate was reached: by 电话, 消息, 邮件, 上门, 会议 or otherwise."""

    PHONE = "phone"
    MESSAGE = "message"
    MAIL = "mail"
    VISIT = "visit"
    MEETING = "meeting"
    OTHER = "other"


ANY_DISTRICT = "*"
"""In the matrix: holds for every district and zone."""

EDITORS = frozenset({Role.COORDINATOR, Role.ADMIN})
"""Who may change the register of parties and the matrix. Every member of staff may read them."""

_BESIDE_CHINESE = re.compile(r"(?<=[^\x00-\xff])\s+|\s+(?=[^\x00-\xff])")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody a need can be docked with. `id` is "" until it is stored; `name` is unique as `normal_name` writes it.

    `fields` says what it works on, in words parted by 、; `industries` are codes; `district` a district's code.
    `contact_phone` is E.164, an extension after ";ext=". `as_of` is YYYY, YYYY-MM or YYYY-MM-DD.
    """

    name: str
    type: PartyType
    fields: str = ""
    industries: tuple[str, ...] = ()
    district: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    contact_email: str | None = None
    source: str = ""
    as_of: str | None = None
    verified: bool = False
    active: bool = True
    id: str = ""
    updated_at: datetime | None = None

    @property
    def is_person(self) -> bool:
        """An expert's name is a personal value; an organisation's is not."""
        return self.type is PartyType.EXPERT


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """In this district (or zone, or ANY_DISTRICT) and industry, this party (its id) is one to ask."""

    district: str
    industry: str
    party: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A party being tried for a case. `amount` is what was signed for, in 元; `by` the staff account that added it."""

    id: int
    case: str
    party: Party
    status: CandidateStatus
    amount: int | None
    tell_owner: bool
    by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """One line of a candidate's contact log: how the party was reached, and what came of it."""

    id: int
    candidate: int
    at: datetime
    by: str
    how: ContactHow
    result: str


class PartyError(Exception):
    """What was asked of the register or of docking cannot be done; `saying` says why, in keys of wording/registers."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.saying = Saying(f"party.error.{key}", values)


def normal_name(text: str) -> str:
    """A name as it is stored and compared: NFKC, no spaces beside Chinese characters, otherwise single ones."""
    # Twice: what is taken out may let letters and accents come together.
    return plain(_SPACES.sub(" ", _BESIDE_CHINESE.sub("", plain(plain(text)))))


def tidy(text: str) -> str:
    """A text as it was typed, on one line, without what cannot be seen."""
    line = text.replace("\n", " ")
    return "".join(char for char in line if unicodedata.category(char)[0] != "C").strip()


def may_edit(actor: Actor) -> bool:
    return actor.has(*EDITORS)


def terms(fields: str) -> tuple[str, ...]:
    """The words of `fields`, without repeats and without single characters."""
    words = (word.strip() for word in re.split(r"[、,，;；/\s]+", plain(fields)))
    return tuple(dict.fromkeys(word for word in words if len(word) > 1))


_CORE = re.compile(r"(?:中国|中华|国际)?(?P<core>.+?)(?:学会|协会|研究会|联合会)")


def subject_of(society: str) -> tuple[str, ...]:
    """What a society's name says it works on: 中国腐蚀与防护学会 → 腐蚀, 防护; 中国化学会 → 化学."""
    found = _CORE.fullmatch(society)
    if found is None:
        return ()
    core = found["core"] if len(found["core"]) > 1 else f"{found['core']}学"
    return terms(re.sub(r"[与及和]", "、", core))


def party_terms(party: Party) -> tuple[str, ...]:
    """The words by which a need may concern a party."""
    own = terms(party.fields)
    if party.type is not PartyType.SOCIETY:
        return own
    return tuple(dict.fromkeys((*own, *subject_of(party.name))))


def mentioned(words: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of the words that stand in the text, whatever their case."""
    low = plain(text).lower()
    return tuple(word for word in words if word.lower() in low)
