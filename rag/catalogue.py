"""The policies of an open release, by what a question may name them with: place, legal state on a day, 文号, title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

import numpy as np

from rag.guardrails import fold
from rag.jurisdictions import Place, line
from rag.legal_time import Standing, state_on
from rag.lexical import terms_of
from rag.models import Passage
from rag.opened import Mask, OpenRelease
from rag.page_anchors import Stretch, pages_of, stretches
from rag.policies import Policy
from rag.succession import Successor, heir, successions
from rag.understanding import NumberRef

SAME_TITLE = 0.6
_DOC_NO = re.compile(
    r"([\u3400-\u9fff]*)\s*[〔\[(【（]?\s*(20[0-9]{2}|19[0-9]{2})\s*[〕\])】）]?\s*年?\s*(?:第)?\s*([0-9]{1,4})\s*号"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A document that a question names, by row, and how surely, in (0, 1]."""

    row: int
    sureness: float


class Catalogue:
    """Made once for a release; answers about a day are computed on demand and kept."""

    def __init__(self, opened: OpenRelease, stale_after_days: int = 90) -> None:
        self.policies: list[Policy | None] = [version.document.policy for version in opened.documents]
        self.place = opened.place
        self._titles = [version.document.title for version in opened.documents]
        self._stale_after_days = stale_after_days
        self._standings = lru_cache(maxsize=64)(self._standings_on)
        self._stretches = lru_cache(maxsize=256)(self._stretches_of)
        self._versions = opened.documents

    @property
    def only_policies(self) -> bool:
        """False where plain texts were ingested: they have no place and no legal state to narrow by."""
        return all(policy is not None for policy in self.policies)

    def policy(self, policy: str) -> Policy | None:
        row = self.place.get(policy)
        return None if row is None else self.policies[row]

    @cached_property
    def places_covered(self) -> frozenset[str]:
        return frozenset(policy.jurisdiction for policy in self.policies if policy)

    def reaching(self, places: Iterable[Place]) -> Mask:
        """Documents whose policies may reach somebody in these places (all of them where none is named)."""
        names = {name for place in places for name in line(place)}
        if not names:
            return np.ones(len(self.policies), dtype=bool)
        return np.array([policy is None or policy.jurisdiction in names for policy in self.policies], dtype=bool)

    def standing(self, row: int, day: date) -> Standing | None:
        return self._standings(day)[row]

    def retired(self, day: date) -> Mask:
        """Documents that must not be presented as current on a day."""
        return np.array([bool(found and found.state.retired) for found in self._standings(day)], dtype=bool)

    def _standings_on(self, day: date) -> Sequence[Standing | None]:
        return [None if policy is None else state_on(policy, day, self._stale_after_days) for policy in self.policies]

    def pages(self, row: int, passage: Passage, start: int, end: int) -> tuple[int, int] | None:
        """First and last page of the official file that passage.text[start:end] is printed on; None if not sure."""
        version = self._versions[row]
        span = next((span for span in version.spans if span.passage == passage.id), None)
        found = self._stretches(row)
        if span is None or not found:
            return None
        at = version.document.text.find(passage.text, span.start, span.end)
        return pages_of(version.document.text, found, at + start, at + end) if at >= 0 else None

    def _stretches_of(self, row: int) -> tuple[Stretch, ...]:
        policy = self.policies[row]
        anchors = policy.original.pages if policy and policy.original else ()
        return stretches(self._versions[row].document.text, anchors) if anchors else ()

    def heir(self, policy: str, day: date) -> Policy | None:
        """What took a retired policy's place, along the chain to what stands on that day; None where nothing did."""
        found = heir(policy, self._known, self._successions, day)
        return self._known[found.policy] if found else None

    def predecessor(self, policy: str) -> str | None:
        """What this policy took the place of, the firmest statement first; None where nothing here says so."""
        older = [
            (s.how != "replaced", s.inferred, name)
            for name, group in self._successions.items()
            for s in group
            if s.policy == policy
        ]
        return min(older)[2] if older else None

    def successor(self, policy: str) -> str | None:
        """What took this policy's place or came after it, the firmest statement first."""
        found = self._successions.get(policy)
        return found[0].policy if found else None

    @cached_property
    def _known(self) -> dict[str, Policy]:
        return {policy.id: policy for policy in self.policies if policy}

    @cached_property
    def _successions(self) -> dict[str, list[Successor]]:
        return successions(self._known.values())

    def by_title(self, title: str) -> list[Named]:
        """Documents whose title is, holds or nearly is this one, the surest first."""
        wanted = _bigrams(title)
        scored = [
            Named(row, _alike(title, wanted, other, terms)) for row, (other, terms) in enumerate(self._folded_titles)
        ]
        return sorted((named for named in scored if named.sureness >= SAME_TITLE), key=lambda n: (-n.sureness, n.row))

    def by_number(self, wanted: NumberRef) -> list[Named]:
        """Documents with this year and number; all the surer where the words before them are those of the 文号."""
        found = [row for row, number in enumerate(self._numbers) if number and number[2] == wanted.number]
        if wanted.year is None:  # without a year only the issuer's characters can tell
            sure = [Named(row, _prefix_sureness(wanted.before, self._numbers[row])) for row in found]
            return [named for named in sure if named.sureness > 0.9]
        same_year = [row for row in found if (number := self._numbers[row]) and number[1] == wanted.year]
        return [Named(row, _prefix_sureness(wanted.before, self._numbers[row])) for row in same_year]

    @cached_property
    def _folded_titles(self) -> list[tuple[str, frozenset[int]]]:
        return [(title, _bigrams(title)) for title in map(_bare, self._titles)]

    @cached_property
    def _numbers(self) -> list[tuple[str, int, int] | None]:
        return [_parsed(policy.doc_no) if policy and policy.doc_no else None for policy in self.policies]


def _parsed(doc_no: str) -> tuple[str, int, int] | None:
    match = _DOC_NO.search(fold(doc_no))
    return (match.group(1), int(match.group(2)), int(match.group(3))) if match else None


def _prefix_sureness(before: str, number: tuple[str, int, int] | None) -> float:
    """1 where the issuer's characters stand before the year, .5 where nothing tells, less where others do."""
    prefix = number[0] if number else ""
    if not before or not prefix:
        return 0.5
    common = len(set(before[-len(prefix) - 2 :]) & set(prefix)) / len(set(prefix))
    return 0.4 + 0.6 * common


def _bare(title: str) -> str:
    return re.sub(r"[^0-9a-z\u3400-\u9fff]", "", fold(title))


def _bigrams(title: str) -> frozenset[int]:
    return frozenset(term for term in terms_of(_bare(title)).tolist() if term >= 1 << 21)


def _alike(title: str, wanted: frozenset[int], other: str, terms: frozenset[int]) -> float:
    bare = _bare(title)
    if bare == other:
        return 1.0
    if len(bare) >= 5 and (bare in other or other in bare):
        return 0.9
    return 2 * len(wanted & terms) / (len(wanted) + len(terms)) if wanted and terms else 0.0
