"""The published policies as people browse them: a list to filter, a page each, and how healthy the index is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from bot.change_pieces import between
from bot.channels.web_chat.ports import (
    ChangedSection,
    PolicyCard,
    PolicyChanges,
    PolicyFilter,
    PolicyPage,
    RelatedPolicy,
    ReleaseCard,
    Section,
    Sheet,
)
from bot.clock import Clock
from bot.original_pages import OriginalPages
from bot.phrases import Phrases
from rag.comparing import compare_policies
from rag.guardrails import fold
from rag.jurisdictions import places as every_place
from rag.models import Level, Passage
from rag.page_anchors import pages_said
from rag.policies import Policy
from rag.reader import Reader, Shelf

_LEVELS = list(Level)


class PublishedLibrary:
    """Reads the live release at each call. `notes` are the standing remarks of start-up (no embedder here, …)."""

    def __init__(
        self, reader: Reader, clock: Clock, notes: Sequence[str] = (), originals: OriginalPages | None = None
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._notes = list(notes)
        self._originals = originals

    def release(self) -> ReleaseCard | None:
        shelf = self._reader.shelf()
        if shelf is None:
            return None
        opened, embedder = shelf.opened, self._reader.places.embedder
        return ReleaseCard(
            id=opened.release.id,
            number=opened.release.number,
            created_at=opened.release.created_at,
            documents=len(opened.documents),
            passages=len(opened.ordinal),
            vectors_ready=opened.vectors_share,
            embedder=embedder.name if embedder else None,
            note="；".join(self._notes) or None,
        )

    def policies(self, filters: PolicyFilter) -> list[PolicyCard]:
        shelf = self._reader.shelf()
        if shelf is None:
            return []
        cards = [_card(shelf, row, self._clock.today()) for row in range(len(shelf.opened.documents))]
        return sorted((card for card in cards if _fits(card, filters)), key=_order)

    def policy(self, id: str) -> PolicyPage | None:  # noqa: A002  # the API's word
        shelf = self._reader.shelf()
        row = shelf.catalogue.place.get(id) if shelf else None
        if shelf is None or row is None:
            return None
        shown = self._originals is not None and self._originals.shown(shelf.catalogue.policies[row])
        return replace(_page(shelf, row, self._clock.today()), shown_pages=shown)

    def changes(self, id: str) -> PolicyChanges | None:  # noqa: A002  # the API's word
        shelf = self._reader.shelf()
        older = shelf.catalogue.predecessor(id) if shelf else None
        return _changes(shelf, older, id, self._clock.today()) if shelf is not None and older is not None else None

    def sheet(self, policy: str, page: int, passage: str = "", span: tuple[int, int] | None = None) -> Sheet | None:
        shelf = self._reader.shelf()
        found = shelf.catalogue.policy(policy) if shelf else None
        if shelf is None or found is None or self._originals is None:
            return None
        here = next((each for each in shelf.opened.passages_of(policy) if each.id == passage), None)
        words = here.text if here else ""
        return self._originals.sheet(found, page, words[slice(*span)] if span else words)

    def page_image(self, policy: str, page: int) -> bytes | None:
        shelf = self._reader.shelf()
        found = shelf.catalogue.policy(policy) if shelf else None
        if found is None or found.original is None or self._originals is None:
            return None
        return self._originals.image(found.original, page) if page in pages_said(found.original.pages) else None

    def places(self) -> list[str]:
        return [place.name for place in every_place() if place.kind in {"district", "zone"}]

    def examples(self) -> Mapping[str, Sequence[str]]:
        return Phrases("zh").lists("examples")

    def health(self) -> Mapping[str, Any]:
        card = self.release()
        notes = [*self._notes] if card else [*self._notes, "政策库还没有建好"]
        if card and card.embedder and card.vectors_ready < 1:
            notes.append(f"向量已就绪 {card.vectors_ready:.0%}，其余按词语检索")
        return {
            "ready": card is not None,
            "release": card.id if card else None,
            "documents": card.documents if card else 0,
            "passages": card.passages if card else 0,
            "embedder": card.embedder if card else None,
            "vectors_ready": card.vectors_ready if card else 0.0,
            "degraded": notes,
        }


def _card(shelf: Shelf, row: int, today: date) -> PolicyCard:
    document, policy = shelf.opened.documents[row].document, shelf.catalogue.policies[row]
    standing = shelf.catalogue.standing(row, today)
    return PolicyCard(
        id=document.id,
        title=document.title,
        doc_no=policy.doc_no if policy else None,
        issuer=policy.issuer if policy else None,
        level=policy.level if policy else None,
        jurisdiction=policy.jurisdiction if policy else None,
        categories=policy.categories if policy else (),
        state=standing.state if standing else None,
        issued=policy.issued if policy else None,
        expires=policy.expires if policy else None,
        confidence=policy.confidence if policy and policy.text_kind == "digest" else None,
    )


def _fits(card: PolicyCard, filters: PolicyFilter) -> bool:
    words = fold(filters.text).split()
    held = fold(" ".join(filter(None, (card.title, card.doc_no, card.issuer, card.jurisdiction))))
    return (
        all(word in held for word in words)
        and filters.level in {None, card.level}
        and filters.jurisdiction in {None, "", card.jurisdiction}
        and (filters.category is None or filters.category in card.categories)
        and filters.state in {None, card.state}
    )


def _order(card: PolicyCard) -> tuple[int, bool, str, str]:
    """Nearest level first (district, city, province, state), current before retired, newest first."""
    level = -_LEVELS.index(card.level) if card.level else 1
    newest = "".join(chr(0x10FFFF - ord(character)) for character in card.issued or "")
    return level, bool(card.state and card.state.retired), newest, card.id


def _page(shelf: Shelf, row: int, today: date) -> PolicyPage:
    card = _card(shelf, row, today)
    sections = tuple(_section(shelf, row, passage) for passage in shelf.opened.passages_of(card.id))
    policy, standing = shelf.catalogue.policies[row], shelf.catalogue.standing(row, today)
    if policy is None:
        return PolicyPage(card, sections)
    return PolicyPage(
        card=card,
        sections=sections,
        sources=policy.sources,
        relations=tuple(_relations(shelf, policy)),
        application=policy.application,
        contact=policy.contact,
        contact_asof=policy.contact_asof,
        judged=standing.judged if standing else None,
        status_basis=policy.status_basis,
        preamble=_preamble(shelf.opened.documents[row].document.text),
        before=_neighbour(shelf, shelf.catalogue.predecessor(card.id)),
        after=_neighbour(shelf, shelf.catalogue.successor(card.id)),
    )


def _neighbour(shelf: Shelf, name: str | None) -> RelatedPolicy | None:
    policy = shelf.catalogue.policy(name) if name is not None else None
    return RelatedPolicy("", policy.title, policy.id) if policy is not None else None


def _changes(shelf: Shelf, old: str, new: str, today: date) -> PolicyChanges:
    before, after = shelf.catalogue.place[old], shelf.catalogue.place[new]
    found = compare_policies(old, new, shelf)
    pairs = [(_section(shelf, after, now), _section(shelf, before, was)) for now, was in found.modified]
    return PolicyChanges(
        old=_card(shelf, before, today),
        new=_card(shelf, after, today),
        changed=tuple(ChangedSection(n, o, tuple(between(o.text, n.text))) for n, o in pairs),
        added=tuple(_section(shelf, after, passage) for passage in found.added),
        removed=tuple(_section(shelf, before, passage) for passage in found.removed),
    )


def _section(shelf: Shelf, row: int, passage: Passage) -> Section:
    pages = shelf.catalogue.pages(row, passage, 0, len(passage.text))
    return Section(
        passage=passage.id,
        article=passage.article,
        label=passage.path[-1] if len(passage.path) > 1 else "",
        lead=passage.lead,
        text=passage.text,
        kind=passage.kind,
        confidence=passage.confidence,
        provision=passage.provision,
        page=pages[0] if pages else None,
        last_page=pages[1] if pages else None,
    )


def _relations(shelf: Shelf, policy: Policy) -> list[RelatedPolicy]:
    found = [(relation, shelf.catalogue.policy(relation.id)) for relation in policy.relations]
    return [RelatedPolicy(r.rel, other.title, other.id, r.inferred) for r, other in found if other]


def _preamble(text: str) -> str:
    """The blockquote above the first heading, without its marks."""
    lines = text.split("\n## ", 1)[0].splitlines()
    return "\n".join(line.removeprefix("> ").removeprefix(">") for line in lines if line.startswith(">"))
