"""Where to look: the documents a question may be answered from, and those it names outright. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from rag.catalogue import Catalogue
from rag.jurisdictions import Place, find_mentions, parse_place
from rag.models import Level
from rag.opened import Mask
from rag.understanding import Understanding

DISTRICT_UNASKED = 0.82
"""What a district's passage keeps of its score where nobody named that district: it reaches few of those who ask."""

PROVINCE = 0.93
"""Qingdao is planned apart from its province: many a provincial policy leaves it out, so the city's own goes first."""

DISTRICT_NAMED = 1.15
"""The same for the district that was named or is the asker's own: nearest first."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`reachable` ignores legal state; `current` is what of it may be presented as current on `day`. By document row.

    `unknown` are titles and 文号 that no document bears; `uncovered` districts whose own policy is asked for and of
    which the corpus holds none.
    """

    day: date
    places: tuple[Place, ...]
    reachable: Mask
    current: Mask
    factors: np.ndarray
    named: Mapping[int, float]
    unknown: tuple[str, ...]
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
        unknown=unknown,
        uncovered=_uncovered(asked, catalogue, local, home),
    )


_RESIDES = re.compile(r"(?:在|位于|落户|属于|来自|是|我们?|公司|企业|住)\s*$")
_MONEY = re.compile(r"奖|补|配套|资助|扶持|支持|津贴|安家|给多少|拿多少|优惠|政策|有.{0,4}吗|呢")
_TAX = re.compile(r"税|加计|扣除|认定条件|国家|全国")
_OWN_DISTRICT = re.compile(r"[我本]们?区|区里|区级|区财政|区政府|区县")


def _uncovered(
    asked: Understanding, catalogue: Catalogue, local: tuple[Place, ...], home: Place | None
) -> tuple[str, ...]:
    """Districts without documents whose own policy is asked for: 市南区对…有配套吗, not 我们公司在市南,….

    Somebody who merely resides there is answered from the city, the province and the state.
    """
    if not _MONEY.search(asked.text) or _TAX.search(asked.text):
        return ()
    own = bool(_OWN_DISTRICT.search(asked.text))
    asked_for = [place for place in local if own or not _resides(asked.text, place)]
    if home is not None and not local and own:
        asked_for = [home]
    bare = [place for place in asked_for if place.name not in catalogue.places_covered]
    return tuple(place.name for place in bare) if len(bare) == len(asked_for) else ()


def _resides(text: str, place: Place) -> bool:
    """Whether the place is only where the asker is."""
    spans = [mention for mention in find_mentions(text) if mention.place == place]
    return any(_RESIDES.search(text[: mention.start]) for mention in spans)


def _factors(catalogue: Catalogue, places: tuple[Place, ...]) -> np.ndarray:
    names = {place.name for place in places}
    factors = np.ones(len(catalogue.policies), dtype=np.float32)
    for row, policy in enumerate(catalogue.policies):
        if policy is None:
            continue
        if policy.level is Level.PROVINCE:
            factors[row] = PROVINCE
        elif policy.level is Level.DISTRICT:
            factors[row] = DISTRICT_NAMED if policy.jurisdiction in names else DISTRICT_UNASKED
    return factors


def _named(asked: Understanding, catalogue: Catalogue) -> tuple[dict[int, float], tuple[str, ...]]:
    """Documents named by 文号 or 《title》, and titles in 《》 that no document bears."""
    named: dict[int, float] = {}
    unknown: list[str] = []
    for number in asked.numbers:
        matches = catalogue.by_number(number)
        if not matches and number.year is not None:
            unknown.append(f"{number.year}年{number.number}号")
        for found in matches:
            named[found.row] = max(named.get(found.row, 0.0), found.sureness)
    for title in asked.titles:
        matches = catalogue.by_title(title)
        if not matches:
            unknown.append(title)
        for found in matches[:3]:
            named[found.row] = max(named.get(found.row, 0.0), found.sureness)
    return named, tuple(unknown)
