"""「这个办法新旧有什么变化？」: a policy and the one whose place it took, clause by clause. Pure over the shelf."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.catalogue import Catalogue
from rag.changes.aligning import align
from rag.changes.units import Unit
from rag.guardrails import fold
from rag.models import Passage
from rag.reader import Shelf

_ASKS = re.compile(
    r"(?:新旧|新老|前后|(?:和|跟|与|比|对比|相比|较)[^，。？?]{0,12}(?:旧|老|原|以前|之前|上一版|原先)|修订前|新版)[^，。？?]{0,14}"
    r"(?:变化|区别|不同|差别|差异|变动|调整|改|变了|不一样)"
    r"|(?:修订|修改|改动|调整|更新|改|变)了?(?:什么|哪些|啥|哪里|哪儿)(?!时|条件|材料)"
    r"|(?:有|做了|作了)(?:什么|哪些|啥|何)[^，。？?]{0,6}(?:变化|改动|变动|修改|修订)"
    r"|what(?: has| have|'s|s)? changed|differences? between (?:the )?(?:old|new|previous)"
    r"|changes? (?:from|since) the (?:old|previous)"
)
MOST = 4
"""Clauses of each kind that are quoted; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of a policy in its successor: pairs of (new, old) that say something else, new ones, old ones that
    are gone; each in the order of its text. `old` and `new` are policy ids."""

    old: str
    new: str
    modified: tuple[tuple[Passage, Passage], ...]
    added: tuple[Passage, ...]
    removed: tuple[Passage, ...]


NAMED = 4
"""Characters in a row of a title that name it."""


def asks_changes(text: str) -> bool:
    """Whether a question asks what is different between an old and a new policy."""
    return _ASKS.search(fold(text)) is not None


def title_named(text: str, titles: Mapping[str, str]) -> str | None:
    """The key of the title that a question about changes names in part (海洋20条), the first of those it names best;
    None where it names none."""
    bare = _ASKS.sub("", fold(text))
    best = max(
        ((_common(bare, fold(title)), -place, key) for place, (key, title) in enumerate(titles.items())), default=None
    )
    return best[2] if best is not None and best[0] >= NAMED else None


def _common(a: str, b: str) -> int:
    return SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size


def pair_of(policy: str, catalogue: Catalogue) -> tuple[str, str] | None:
    """(older, newer): what this one took the place of, else what took its place; None where neither is here."""
    older = catalogue.predecessor(policy)
    if older is not None:
        return older, policy
    newer = catalogue.successor(policy)
    return (policy, newer) if newer is not None else None


def compare_policies(old: str, new: str, shelf: Shelf) -> Compared:
    """Passages of both, aligned by what they say."""
    before, after = shelf.opened.passages_of(old), shelf.opened.passages_of(new)
    pairs = align(_units(before), _units(after))
    changed = [(after[j], before[i]) for j, i in sorted(pairs.items()) if _words(after[j]) != _words(before[i])]
    kept = set(pairs.values())
    return Compared(
        old,
        new,
        tuple(changed),
        tuple(passage for j, passage in enumerate(after) if j not in pairs),
        tuple(passage for i, passage in enumerate(before) if i not in kept),
    )


def _units(passages: Sequence[Passage]) -> list[Unit]:
    """Labels are left out: 第三条 of another policy is another article."""
    return [Unit(0, 0, "", _words(passage)) for passage in passages]


def _words(passage: Passage) -> str:
    return re.sub(r"\s", "", f"{passage.lead}{passage.text}")
