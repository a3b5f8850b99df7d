"""The published policies for programs: clauses found, a policy whole, where a policy stands on a day.

Read-only, over the live release; each result says which release and which day it is of. Texts are verbatim.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, Field

from bot.clock import Clock
from intake.reading.sensitive import without_numbers
from rag.composing import official_url
from rag.models import Citation, Hit, Passage, Question
from rag.pipeline import Pipeline
from rag.policies import Policy
from rag.reader import Reader, Shelf
from rag.scope import find_scope
from rag.understanding import understand

MOST = 16


class LookupFailed(Exception):  # noqa: N818  # an outcome that the asker is told
    """`why` is a key of the wording files: mcp.<why>."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class ClauseFound(BaseModel):
    """A clause, verbatim in `text`; `lead` is what it hangs on. `state` is the policy's on the day looked at."""

    policy: str
    title: str
    doc_no: str | None
    article: str | None
    lead: str
    text: str
    state: str | None
    text_kind: str | None = Field(description="digest: our words about the original; original: its own")
    confidence: str | None
    level: str | None
    jurisdiction: str | None
    url: str | None
    passage: str


class Clauses(BaseModel):
    release: str | None
    state_on: date
    as_of: date
    clauses: list[ClauseFound]


class Standing(BaseModel):
    """Where a policy stands on `state_on`, by the legal clock; `judged` is when somebody last looked at it."""

    release: str
    state_on: date
    policy: str
    title: str
    doc_no: str | None
    state: str | None
    judged: date | None
    basis: str | None
    issued: str | None
    effective: str | None
    expires: str | None
    successor: str | None = Field(description="id of the policy that took its place, where one did")
    successor_title: str | None


class PolicyText(BaseModel):
    article: str | None
    heading: str
    lead: str
    text: str
    passage: str


class WholePolicy(Standing):
    issuer: str | None
    level: str | None
    jurisdiction: str | None
    text_kind: str | None
    confidence: str | None
    contact: str | None
    contact_asof: date | None
    url: str | None
    clauses: list[PolicyText]


@dataclass(frozen=True, slots=True)
class PolicyLookups:
    """Stateless; safe from several threads."""

    pipeline: Pipeline
    reader: Reader
    clock: Clock

    def search(self, query: str, district: str | None = None, as_of: date | None = None, limit: int = 6) -> Clauses:
        """The clauses that a question would be answered from, best first: material, no answer."""
        found = self.pipeline.find(Question(without_numbers(query), district=district, as_of=as_of))
        clauses = [_found(hit, card, found.text_kinds.get(card.policy)) for hit, card in found.clauses[:limit]]
        return Clauses(release=found.release, state_on=found.state_on, as_of=found.as_of, clauses=clauses)

    def status(self, policy: str, as_of: date | None = None) -> Standing:
        """By id, title or 文号. Raises LookupFailed."""
        shelf, row = self._named(policy)
        return Standing(**_standing(shelf, row, as_of or self.clock.today()))

    def whole(self, policy: str, as_of: date | None = None) -> WholePolicy:
        """By id, title or 文号. Raises LookupFailed."""
        shelf, row = self._named(policy)
        known = shelf.catalogue.policies[row]
        passages = shelf.opened.passages_of(shelf.opened.documents[row].document.id)
        return WholePolicy(
            **_standing(shelf, row, as_of or self.clock.today()),
            issuer=known.issuer if known else None,
            level=known.level.value if known else None,
            jurisdiction=known.jurisdiction if known else None,
            text_kind=known.text_kind if known else None,
            confidence=known.confidence if known else None,
            contact=known.contact if known and known.contact_asof else None,
            contact_asof=known.contact_asof if known else None,
            url=official_url(known) if known else None,
            clauses=[_text(passage) for passage in passages],
        )

    def _named(self, policy: str) -> tuple[Shelf, int]:
        shelf = self.reader.shelf()
        if shelf is None:
            raise LookupFailed("not_ready")
        row = shelf.catalogue.place.get(policy.strip())
        if row is not None:
            return shelf, row
        title = policy.strip().strip("《》")
        asked = understand(f"《{title}》 {policy}", self.clock.today())
        named = find_scope(asked, shelf.catalogue, None, self.clock.today()).named
        if not named:
            raise LookupFailed("unknown_policy")
        return shelf, max(named, key=lambda row: named[row])


def _found(hit: Hit, card: Citation, text_kind: str | None) -> ClauseFound:
    return ClauseFound(
        policy=card.policy,
        title=card.title,
        doc_no=card.doc_no,
        article=card.article,
        lead=hit.passage.lead,
        text=hit.passage.text,
        state=card.policy_status.value if card.policy_status else None,
        text_kind=text_kind,
        confidence=card.confidence,
        level=card.level.value if card.level else None,
        jurisdiction=card.jurisdiction,
        url=card.url,
        passage=hit.passage.id,
    )


def _standing(shelf: Shelf, row: int, day: date) -> dict[str, object]:
    document, known = shelf.opened.documents[row].document, shelf.catalogue.policies[row]
    standing = shelf.catalogue.standing(row, day)
    heir: Policy | None = shelf.catalogue.heir(document.id, day) if standing and standing.state.retired else None
    return {
        "release": shelf.opened.release.id,
        "state_on": day,
        "policy": document.id,
        "title": document.title,
        "doc_no": known.doc_no if known else None,
        "state": standing.state.value if standing else None,
        "judged": standing.judged if standing else None,
        "basis": known.status_basis if known else None,
        "issued": known.issued if known else None,
        "effective": known.effective if known else None,
        "expires": known.expires if known else None,
        "successor": heir.id if heir else None,
        "successor_title": heir.title if heir else None,
    }


def _text(passage: Passage) -> PolicyText:
    heading = passage.path[-1] if len(passage.path) > 1 else ""
    return PolicyText(
        article=passage.article, heading=heading, lead=passage.lead, text=passage.text, passage=passage.id
    )
