"""Which unit of the new text is which of the old: the same words first, then the most alike. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rag.changes.units import Unit

ALIKE = 0.5
"""Share of common pairs of characters (Dice) from which two units are one that was changed."""

ALIKE_BY_NUMBER = 0.3
"""… where they also have the same number."""

_COMMON = 0.5  # a pair of characters in more than this share of many units tells nothing apart
_MANY = 60


def align(old: Sequence[Unit], new: Sequence[Unit]) -> dict[int, int]:
    """{index in new: index in old}, each old unit at most once."""
    pairs = dict(_same(old, new))
    left_old = [i for i in range(len(old)) if i not in set(pairs.values())]
    left_new = [j for j in range(len(new)) if j not in pairs]
    pairs |= _most_alike(old, new, left_old, left_new)
    return pairs


def _same(old: Sequence[Unit], new: Sequence[Unit]) -> Iterator[tuple[int, int]]:
    """Units that say the same: under the same label first, then in their order."""
    held: dict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(old):
        held[unit.words].append(i)
    again: list[int] = []
    for j, unit in enumerate(new):
        twin = next((i for i in held.get(unit.words, []) if old[i].label == unit.label), None)
        if twin is None:
            again.append(j)
        else:
            held[unit.words].remove(twin)
            yield j, twin
    for j in again:
        if twins := held.get(new[j].words):
            yield j, twins.pop(0)


def _most_alike(
    old: Sequence[Unit], new: Sequence[Unit], left_old: Sequence[int], left_new: Sequence[int]
) -> dict[int, int]:
    terms_old = {i: _pairs_of(old[i].words) for i in left_old}
    terms_new = {j: _pairs_of(new[j].words) for j in left_new}
    scored = []
    for j in left_new:
        for i, common in _meeting(terms_new[j], terms_old).items():
            share = 2 * common / max(1, terms_old[i].total() + terms_new[j].total())
            numbered = old[i].label == new[j].label != ""
            if share >= (ALIKE_BY_NUMBER if numbered else ALIKE):
                far = abs(i / max(1, len(old)) - j / max(1, len(new)))
                scored.append((share + 0.1 * numbered - 0.1 * far, -abs(i - j), -j, -i))
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, minus_j, minus_i in sorted(scored, reverse=True):
        if -minus_j not in found and -minus_i not in taken:
            found[-minus_j] = -minus_i
            taken.add(-minus_i)
    return found


def _meeting(terms: Counter[str], others: Mapping[int, Counter[str]]) -> dict[int, int]:
    """How many pairs of characters each of the others has in common with these."""
    return {i: common for i, other in others.items() if (common := (terms & other).total())}


def _pairs_of(words: str) -> Counter[str]:
    return Counter(words[at : at + 2] for at in range(max(1, len(words) - 1))) if words else Counter()
