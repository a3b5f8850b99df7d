"""Which policy took another one's place: read from the relations and `supersedes` of the front matter. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rag.legal_time import state_on
from rag.policies import Policy, Relation

How = Literal["replaced", "followed"]

_NEWER_HERE: dict[str, How] = {
    "替代": "replaced",
    "废止": "replaced",
    "取代": "replaced",
    "更新": "replaced",
    "后续于": "followed",
    "前身": "followed",
    "部分接续": "followed",
    "接续": "followed",
    "承接": "followed",
}
"""Relations that a newer policy carries, pointing at the older one. 旧→新 below."""

_OLDER_HERE: dict[str, How] = {
    "被替代": "replaced",
    "被废止": "replaced",
    "被取代": "replaced",
    "被后续取代": "replaced",
    "被更新": "replaced",
    "后续": "followed",
    "被接续": "followed",
}
_INFERRED = "(推断)"


@dataclass(frozen=True, slots=True)
class Successor:
    """`policy` came after the one in question: `how` it did, and whether that was read or concluded."""

    policy: str
    how: How
    inferred: bool


def successions(policies: Iterable[Policy]) -> dict[str, list[Successor]]:
    """Older id → its successors, replacements before mere followers, what was read before what was concluded.

    A pair stated twice keeps its firmer statement. Ids that are not among `policies` do not appear.
    """
    known = list(policies)
    ids = {policy.id for policy in known}
    pairs: dict[tuple[str, str], Successor] = {}
    for policy in known:
        for older, successor in _stated(policy):
            if {older, successor.policy} <= ids and older != successor.policy:
                held = pairs.get((older, successor.policy))
                pairs[older, successor.policy] = min(held or successor, successor, key=_firmness)
    found: dict[str, list[Successor]] = {}
    for (older, _), successor in pairs.items():
        found.setdefault(older, []).append(successor)
    return {older: sorted(group, key=lambda s: (*_firmness(s), s.policy)) for older, group in found.items()}


def successors(policies: Iterable[Policy]) -> dict[str, list[str]]:
    """Older id → ids of its successors, the firmest first."""
    return {older: [s.policy for s in group] for older, group in successions(policies).items()}


def heir(
    policy: str, known: Mapping[str, Policy], successions: Mapping[str, list[Successor]], day: date
) -> Successor | None:
    """The policy that stands in `policy`'s place on `day`: along the chain to the first that is not retired.

    None where nothing replaced it. Inferred as soon as one link of the chain is. Followers do not replace.
    """
    inferred, seen, at = False, {policy}, policy
    last: Successor | None = None
    while (step := _step(at, successions, seen)) is not None:
        inferred, at = inferred or step.inferred, step.policy
        seen.add(at)
        last = Successor(at, "replaced", inferred)
        if not state_on(known[at], day).state.retired:
            break
    return last


def _step(at: str, successions: Mapping[str, list[Successor]], seen: set[str]) -> Successor | None:
    return next((s for s in successions.get(at, []) if s.how == "replaced" and s.policy not in seen), None)


def _stated(policy: Policy) -> Iterable[tuple[str, Successor]]:
    for relation in policy.relations:
        word, inferred = _word(relation)
        if (how := _NEWER_HERE.get(word)) is not None:
            yield relation.id, Successor(policy.id, how, inferred)
        elif (how := _OLDER_HERE.get(word)) is not None:
            yield policy.id, Successor(relation.id, how, inferred)
    for older in policy.supersedes:
        yield older, Successor(policy.id, "replaced", inferred=False)


def _word(relation: Relation) -> tuple[str, bool]:
    word = relation.rel.replace("（", "(").replace("）", ")")
    return word.removesuffix(_INFERRED), relation.inferred or word.endswith(_INFERRED)


def _firmness(successor: Successor) -> tuple[bool, bool]:
    return successor.how != "replaced", successor.inferred
