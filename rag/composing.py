"""Hits → claims, citations and notices: everything a reader sees is taken from the index here. Pure over the shelf."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from rag.catalogue import Catalogue
from rag.citations import verified
from rag.evidence import best_window
from rag.models import Citation, Claim, Hit, Notice, PolicyState, Quote
from rag.policies import Policy
from rag.reader import Shelf
from rag.understanding import Understanding

QUOTE_LENGTH = 320
"""Characters of a long clause that are quoted at once: the sentences that hold most of the question."""

_PHONE = re.compile(r"[0-9]{5}")


def quoted(hit: Hit, asked: Understanding) -> Claim | None:
    """The clause as a claim that is its own quote; None where it does not verify (it always should)."""
    start, end = best_window(hit.passage, asked, QUOTE_LENGTH)
    text = hit.passage.text[start:end]
    quotes = (Quote(hit.passage.id, text, start),)
    for claim in (Claim(_readable(hit, text), quotes), Claim(text, quotes)):
        if verified(claim, {hit.passage.id: hit.passage}):
            return claim
    return None


def _readable(hit: Hit, text: str) -> str:
    """A table's row with its column names, where it has as many cells; any other clause as it is."""
    if hit.passage.kind != "row" or not hit.passage.lead:
        return text
    names = [name.strip() for name in hit.passage.lead.split("｜")]
    cells = [cell.strip() for cell in text.strip().strip("|").split("|")]
    return (
        "；".join(f"{name}：{cell}" for name, cell in zip(names, cells, strict=True))
        if len(names) == len(cells)
        else text
    )


def cite(hit: Hit, quote: str, shelf: Shelf, day: date) -> Citation:
    """The card under a quote."""
    row = shelf.catalogue.place[hit.passage.document]
    policy, standing = shelf.catalogue.policies[row], shelf.catalogue.standing(row, day)
    successor = shelf.catalogue.heir(policy.id, day) if policy and standing and standing.state.retired else None
    start = max(hit.passage.text.find(quote), 0)
    pages = shelf.catalogue.pages(row, hit.passage, start, start + len(quote))
    return Citation(
        passage=hit.passage.id,
        policy=hit.passage.document,
        provision=hit.passage.provision,
        title=policy.title if policy else hit.passage.path[0],
        doc_no=policy.doc_no if policy else None,
        article=hit.passage.article,
        quote=quote,
        policy_status=standing.state if standing else None,
        level=policy.level if policy else None,
        jurisdiction=policy.jurisdiction if policy else None,
        confidence=hit.passage.confidence,
        judged=standing.judged if standing else None,
        url=official_url(policy) if policy else None,
        successor=successor.id if successor else None,
        page=pages[0] if pages else None,
        last_page=pages[1] if pages else None,
    )


def official_url(policy: Policy) -> str | None:
    """The best link to read more at: the issuer's own page first, then the press."""
    linked = sorted((source for source in policy.sources if source.url), key=lambda source: not source.official)
    return linked[0].url if linked else None


def notices(citations: Sequence[Citation], shelf: Shelf, day: date) -> list[Notice]:
    """What must be said with these clauses: how sure they are, and which are history."""
    said = [*_doubt(citations), *_retired(citations, shelf.catalogue, day)]
    return _unique(said)


def _doubt(citations: Sequence[Citation]) -> Iterable[Notice]:
    unsure = [c for c in citations if c.confidence == "medium" or c.policy_status is PolicyState.UNVERIFIED]
    if unsure:
        judged = min((c.judged for c in unsure if c.judged), default=None)
        yield Notice("from_reports", {"judged": judged.isoformat() if judged else "—"})


def _retired(citations: Sequence[Citation], catalogue: Catalogue, day: date) -> Iterable[Notice]:
    for citation in citations:
        if citation.policy_status and citation.policy_status.retired:
            heir = catalogue.heir(citation.policy, day)
            values = {"title": citation.title, "state": citation.policy_status.value}
            yield Notice("retired_by", {**values, "successor": heir.title}) if heir else Notice("retired", values)


def _unique(said: Iterable[Notice]) -> list[Notice]:
    seen: dict[tuple[str, str], Notice] = {}
    for notice in said:
        seen.setdefault((notice.key, notice.values.get("title", "")), notice)
    return list(seen.values())


def offices(citations: Sequence[Citation], catalogue: Catalogue) -> list[Notice]:
    """The responsible office of each policy quoted, at most two; a phone number only with its date."""
    found: dict[str, Notice] = {}
    for citation in citations:
        policy = catalogue.policy(citation.policy)
        if policy is not None and len(found) < 2:
            asof = policy.contact_asof.isoformat() if policy.contact and policy.contact_asof else ""
            undated = not asof and bool(_PHONE.search(policy.contact or ""))
            contact = policy.issuer if undated else policy.contact or policy.issuer
            key = "office_asof" if asof else "office"
            found.setdefault(contact, Notice(key, {"title": policy.title, "office": contact, "asof": asof}))
    return list(found.values())
