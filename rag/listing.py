"""「我这种公司能享受什么」: current policies that may concern the asker, by place, industry and kind of asker. Pure.

Nothing here judges eligibility: the list is headed 「可能相关,未作资格判定」.
"""

from __future__ import annotations

from rag.guardrails import fold
from rag.models import Hit
from rag.opened import Mask
from rag.policies import Policy
from rag.reader import Shelf
from rag.understanding import Understanding

MOST = 8
_ANYONE = frozenset({"企业", "各类企业", "各类居民企业财务", "中小企业", "中小微企业", "人才", "单位"})


def candidates(asked: Understanding, shelf: Shelf, allowed: Mask, hits: list[Hit]) -> list[str]:
    """Ids of allowed policies, those that name the asker's kind or industry first, then what the search found."""
    found = {hit.passage.document: hit.score for hit in reversed(hits)}
    scored = [
        (_fit(policy, asked) + found.get(policy.id, 0.0), policy.id)
        for row, policy in enumerate(shelf.catalogue.policies)
        if policy is not None and allowed[row] and (policy.id in found or _fit(policy, asked) > 0)
    ]
    return [policy for _, policy in sorted(scored, key=lambda pair: (-pair[0], pair[1]))][:MOST]


def _fit(policy: Policy, asked: Understanding) -> float:
    """One point for each kind of asker or industry that the question (or a word standing in for it) names."""
    text = " ".join((fold(asked.text), *asked.related))
    kinds = [kind for kind in policy.audience if kind not in _ANYONE and fold(kind) in text]
    trades = [trade for trade in policy.industries if trade != "不限" and fold(trade) in text]
    local = 0.5 if any(policy.jurisdiction == place.name for place in asked.places) else 0.0
    return len(kinds) + len(trades) + (local if kinds or trades else 0.0)
