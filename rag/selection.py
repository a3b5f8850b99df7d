"""Hits → the clauses an extractive answer quotes: the best policy's, and others' that stand nearly as well. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.models import Hit

MOST = 6
OWN_FLOOR = 0.55
"""A further clause of the leading policy must score this share of the leading clause."""

OTHER_FLOOR = 0.78
"""The same for a clause of another policy: it competes with the lead for what the question meant."""

MOST_OF_LEAD, MOST_OF_OTHER, MOST_OTHERS = 4, 2, 2
MOST_ROWS = 2
"""Rows of the leading policy's tables: they repeat one another's words and would crowd its clauses out."""


BESIDE_FLOOR = 0.6
"""The share of the lead's score from which the other level is shown beside it."""


def beside(chosen: Sequence[Hit], hits: Sequence[Hit], local: Callable[[Hit], bool | None]) -> list[Hit]:
    """The choice, with the best clause of the other level where it stands well enough: city and district side by side.

    `local` says whether a hit is of a district, None where neither applies. Nothing is added to a choice that has both.
    """
    sides = {local(hit) for hit in chosen}
    if not chosen or None in sides or len(sides) > 1:
        return list(chosen)
    floor = BESIDE_FLOOR * chosen[0].score
    other = next((hit for hit in hits if hit.score >= floor and local(hit) is (not local(chosen[0]))), None)
    return [*chosen, other] if other else list(chosen)


def select(hits: Sequence[Hit]) -> list[Hit]:
    """At most `MOST` hits, the leading policy's first, then those of at most two others; best first within each."""
    if not hits:
        return []
    lead = hits[0]
    own = [hit for hit in hits if hit.passage.document == lead.passage.document and hit.score >= OWN_FLOOR * lead.score]
    rows = [hit for hit in own if hit.passage.kind == "row"]
    own = [hit for hit in own if hit.passage.kind != "row" or hit in rows[:MOST_ROWS]]
    others: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.passage.document != lead.passage.document and hit.score >= OTHER_FLOOR * lead.score:
            others.setdefault(hit.passage.document, []).append(hit)
    picked = own[:MOST_OF_LEAD]
    for group in list(others.values())[:MOST_OTHERS]:
        picked += group[:MOST_OF_OTHER]
    return picked[:MOST]
