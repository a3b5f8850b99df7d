"""Two texts → the changes, and the old text with the changes → the new one. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Literal

from rag.changes.aligning import align
from rag.changes.units import Unit, units

Kind = Literal["same", "renumbered", "modified", "new", "removed"]
"""renumbered says the same under another number; modified says something else; blanks alone are no change."""

_LETTER_BY_LETTER = 2_000  # characters up to which two texts are compared letter by letter, clause by clause above
_SHORTEST_KEPT = 2  # one letter that stayed between two changes is shown as changed: 深圳 → 青岛 reads as words


@dataclass(frozen=True, slots=True)
class Edit:
    """`kept` characters of the old text stay, then `dropped` go and `put` comes."""

    kept: int
    dropped: int = 0
    put: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one unit. `old` is its [start, end) in the old text, None for a new one.

    `edits` make the unit's new text of its old (of nothing, for a new one); a removed one has none.
    """

    kind: Kind
    old: tuple[int, int] | None
    old_label: str
    new_label: str
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """Every unit of the new text in its order, each removed one after what it followed. `old` is the SHA-256 of the
    text that it is about."""

    old: str
    changes: tuple[Change, ...]

    @property
    def told(self) -> tuple[Change, ...]:
        """Those that somebody is told of."""
        return tuple(change for change in self.changes if change.kind != "same")


def compare(old: str, new: str) -> Diff:
    before, after = units(old), units(new)
    pairs = align(before, after)
    changes = [_change(old, new, before, unit, pairs.get(j)) for j, unit in enumerate(after)]
    return Diff(_digest(old), tuple(_with_removed(before, pairs, changes)))


def apply(old: str, diff: Diff) -> str:
    """The new text. Raises ValueError where the diff is about another old text."""
    if _digest(old) != diff.old:
        raise ValueError("the diff is about another text")
    return "".join(edited(old, change) for change in diff.changes if change.kind != "removed")


def edited(old: str, change: Change) -> str:
    """A unit's new text."""
    at, end = change.old or (0, 0)
    parts: list[str] = []
    for edit in change.edits:
        parts += [old[at : at + edit.kept], edit.put]
        at += edit.kept + edit.dropped
    return "".join([*parts, old[at:end]])


def counts(diff: Diff) -> dict[Kind, int]:
    """How many of each kind; kinds that do not occur are 0."""
    found = Counter(change.kind for change in diff.changes)
    kinds: tuple[Kind, ...] = ("same", "renumbered", "modified", "new", "removed")
    return {kind: found[kind] for kind in kinds}


def _change(old: str, new: str, before: Sequence[Unit], unit: Unit, twin: int | None) -> Change:
    text = new[unit.start : unit.end]
    if twin is None:
        blank = not unit.words and not unit.label
        return Change("same" if blank else "new", None, "", unit.label, (Edit(0, 0, text),))
    was = before[twin]
    kind: Kind = "modified" if was.words != unit.words else "same" if was.label == unit.label else "renumbered"
    edits = tuple(_edits(old[was.start : was.end], text))
    return Change(kind, (was.start, was.end), was.label, unit.label, edits)


def _with_removed(before: Sequence[Unit], pairs: dict[int, int], changes: Sequence[Change]) -> Iterator[Change]:
    """Each removed unit after the change of the unit that stood before it in the old text."""
    place = {i: j for j, i in pairs.items()}
    behind: dict[int, list[Change]] = {}
    last = -1
    for i, unit in enumerate(before):
        if i in place:
            last = place[i]
        elif unit.words or unit.label:
            behind.setdefault(last, []).append(Change("removed", (unit.start, unit.end), unit.label, ""))
    yield from behind.get(-1, [])
    for j, change in enumerate(changes):
        yield change
        yield from behind.get(j, [])


def _edits(old: str, new: str) -> Iterator[Edit]:
    if old == new:
        return
    a, b = _tokens(old, new)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    blocks = [
        block
        for block in matcher.get_matching_blocks()
        if block.a == block.b == 0 or _long_enough(a[block.a : block.a + block.size])
    ]
    i = j = kept = 0
    for begin_a, begin_b, size in [*blocks, (len(a), len(b), 0)]:
        dropped, put = sum(map(len, a[i:begin_a])), "".join(b[j:begin_b])
        if dropped or put:
            yield Edit(kept, dropped, put)
            kept = 0
        kept += sum(map(len, a[begin_a : begin_a + size]))
        i, j = begin_a + size, begin_b + size


def _long_enough(tokens: Sequence[str]) -> bool:
    return sum(map(len, tokens)) >= _SHORTEST_KEPT


def _tokens(old: str, new: str) -> tuple[Sequence[str], Sequence[str]]:
    if max(len(old), len(new)) <= _LETTER_BY_LETTER:
        return old, new
    clause = re.compile(r"[^，。；：、\n]*[，。；：、\n]|[^，。；：、\n]+")
    return clause.findall(old), clause.findall(new)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
