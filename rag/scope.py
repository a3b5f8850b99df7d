"""Where to look: which documents a question may be answered from, and which it names outright. Pure over the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from rag.catalogue import Catalogue
from rag.jurisdictions import Place, parse_place
from rag.models import Level
from rag.opened import Mask
from rag.understanding import Understanding

DISTRICT_UNASKED = 0.82
"""What a district's passage keeps of its score where nobody named that district: it reaches few of those who ask."""

DISTRICT_NAMED = 1.15
"""The same for the district that was named or is the asker's own: nearest first."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`reachable` ignores legal state; `current` is what of it may be presented as current on `day`. By document row."""

    day: date
    places: tuple[Place, ...]
    reachable: Mask
    current: Mask
    factors: np.ndarray
    named: Mapping[int, float]
    unknown_titles: tuple[str, ...]
    uncovered: tuple[str, ...]


def find_scope(asked: Understanding, catalogue: Catalogue, district: str | None, day: date) -> Scope:
    """`district` is the asker's own, from the conversation; places in the question itself come first."""
    home = parse_place(district) if district else None
    local = tuple(place for place in asked.places if place.kind in {"district", "zone"})
    places = local or ((home,) if home else ())
    reachable = catalogue.reaching(places)
    named, unknown = _named(asked, catalogue)
    for row in named:
        reachable[row] = True
    return Scope(
        day=day,
        places=places,
        reachable=reachable,
        current=reachable & ~catalogue.retired(day),
        factors=_factors(catalogue, places),
        named=named,
        unknown_titles=unknown,
        uncovered=tuple(place.name for place in local if place.name not in catalogue.places_covered),
    )


def _factors(catalogue: Catalogue, places: tuple[Place, ...]) -> np.ndarray:
    names = {place.name for place in places}
    factors = np.ones(len(catalogue.policies), dtype=np.float32)
    for row, policy in enumerate(catalogue.policies):
        if policy is not None and policy.level is Level.DISTRICT:
            factors[row] = DISTRICT_NAMED if policy.jurisdiction in names else DISTRICT_UNASKED
    return factors


def _named(asked: Understanding, catalogue: Catalogue) -> tuple[dict[int, float], tuple[str, ...]]:
    """Documents named by 文号 or 《title》, and titles in 《》 that no document bears."""
    named: dict[int, float] = {}
    unknown: list[str] = []
    for number in asked.numbers:
        for found in catalogue.by_number(number):
            named[found.row] = max(named.get(found.row, 0.0), found.sureness)
    for title in asked.titles:
        matches = catalogue.by_title(title)
        if not matches:
            unknown.append(title)
        for found in matches[:3]:
            named[found.row] = max(named.get(found.row, 0.0), found.sureness)
    return named, tuple(unknown)
