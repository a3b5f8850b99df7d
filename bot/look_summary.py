"""What a look at the sources came to: for the notice to those who keep the corpus, the console and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Literal

from rag.legal_time import days, state_on
from rag.policies import Policy

AHEAD = timedelta(days=30)
"""How long before its last day a policy is named."""

Publishing = Literal["", "off", "nothing", "published", "blocked", "unready", "busy", "elsewhere", "failed"]
"""Not come to it · not set · nothing in review · a release · the golden questions fell · a draft is not whole ·
somebody else publishes · a server has the data folder · the database or the disk failed."""


@dataclass(frozen=True, slots=True)
class FileNews:
    """Something that happened to a file of a source, or to a source (`file` is then its path)."""

    kind: str
    file: str
    why: str = ""
    draft: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class PolicyNews:
    """A policy that comes to its end soon, has ended, or took effect, and on which day."""

    kind: Literal["expiring", "expired", "effective"]
    id: str
    title: str
    day: str


@dataclass(frozen=True, slots=True)
class Summary:
    """`files` and `policies` are what happened since the look before; `unchanged` files, what is amiss in all, and
    drafts to confirm and in review as they are now. `release` is the number of the one that was published."""

    files: tuple[FileNews, ...] = ()
    policies: tuple[PolicyNews, ...] = ()
    unchanged: int = 0
    amiss: int = 0
    to_confirm: int = 0
    in_review: int = 0
    publishing: Publishing = ""
    release: int = 0
    detail: str = ""

    @property
    def news(self) -> bool:
        """Whether anybody needs to be told."""
        return bool(self.files or self.policies or self.publishing in {"published", "blocked", "unready", "failed"})

    def of(self, *kinds: str) -> list[FileNews]:
        return [one for one in self.files if one.kind in kinds]

    def facts(self) -> dict[str, Any]:
        return asdict(self)

    def written(self) -> str:
        return json.dumps(self.facts(), ensure_ascii=False, separators=(",", ":"))


def read_summary(written: str | Mapping[str, Any]) -> Summary:
    """A summary as it was written, whatever later versions add to it."""
    facts = dict(json.loads(written) if isinstance(written, str) else written)
    files = tuple(FileNews(**one) for one in facts.pop("files", ()))
    policies = tuple(PolicyNews(**one) for one in facts.pop("policies", ()))
    known = {name: value for name, value in facts.items() if name in Summary.__slots__}
    return Summary(files=files, policies=policies, **known)


def policy_news(policies: Iterable[Policy | None], before: date | None, today: date) -> tuple[PolicyNews, ...]:
    """What the clock brought between the look of `before` (None: there was none) and today: each is named once."""
    found = [news for policy in policies if policy is not None for news in _news(policy, before, today)]
    return tuple(sorted(found, key=lambda news: (news.kind, news.day, news.id)))


def _news(policy: Policy, before: date | None, today: date) -> Sequence[PolicyNews]:
    found: list[PolicyNews] = []
    if policy.effective and before and before < days(policy.effective).first <= today:
        found.append(PolicyNews("effective", policy.id, policy.title, policy.effective))
    if policy.expires and (day := days(policy.expires).last):
        if before and before <= day < today:
            found.append(PolicyNews("expired", policy.id, policy.title, policy.expires))
        near = today <= day <= today + AHEAD and not (before and day <= before + AHEAD)
        if near and not state_on(policy, today).state.retired:
            found.append(PolicyNews("expiring", policy.id, policy.title, policy.expires))
    return found
