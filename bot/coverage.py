"""Which digests to replace by originals first: those that answered the most questions. SQL over the record of turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from bot import corpus_tables
from bot.turns import turns
from db.engine import reading
from db.rows import fetch
from rag.policies import Policy


@dataclass(frozen=True, slots=True)
class Wanted:
    """A digest and how many questions were answered from it. `unread` says that clauses of it were never compared."""

    policy: Policy
    questions: int

    @property
    def unread(self) -> bool:
        return self.policy.confidence != "high"


def wanted_originals(engine: Engine, policies: Sequence[Policy], since: datetime) -> list[Wanted]:
    """Every digest, the most asked first; of those asked alike, first those that were not compared."""
    asked = _answered_from(engine, since)
    digests = [policy for policy in policies if policy.text_kind == "digest"]
    wanted = [Wanted(policy, asked[policy.id]) for policy in digests]
    return sorted(wanted, key=lambda one: (-one.questions, not one.unread, one.policy.id))


def _answered_from(engine: Engine, since: datetime) -> Counter[str]:
    """Policy id → turns since then whose answer quotes it. A turn counts once for each policy."""
    with reading(engine) as connection:
        found = connection.scalars(select(turns.c.found).where(turns.c.created_at >= since, turns.c.found.is_not(None)))
        cited = [tuple(one.get("cited") or ()) for one in found]
        table = corpus_tables.passages
        ids = list({passage for passages in cited for passage in passages})
        owner = {
            row.id: row.document for row in fetch(connection, select(table.c.id, table.c.document), table.c.id, ids)
        }
    counts: Counter[str] = Counter()
    for passages in cited:
        counts.update({owner[passage] for passage in passages if passage in owner})
    return counts
