"""Whether a sentence says each figure of what its clause says it of: of 博士1500元、硕士1200元 not 硕士1500元. Pure.

A figure's role is the words around it, as far as no other figure is nearer. A sentence may leave words of a role out
and add words of the title; it may not give a figure words that stand by another figure and not by this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from rag.model_answers.quantities import Figure, Quantity, bare, figures_in, stated
from rag.model_answers.support import words

_STRONG = re.compile(r"[。;!?\n]")
_WEAK = re.compile(r"[,:、()|｜《》“”]")
_JOINING = re.compile(r"[和与及或]")
_LISTING = re.compile(r"[、/和与及或]")
_TOWARDS = re.compile(r"至|到|[-—–~]+")
_FORWARD = re.compile(r"^(?:对|其中|属|符合|达到|若|如|凡)|[的者]$")
"""A part between two figures that is about the one to come: 对硕士，给予…；首次认定的，奖励…"""

_BACK = re.compile(r"[及或]?以[上下内]")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[a-z][a-z0-9]*|[#@][0-9.-]+")


@dataclass(frozen=True, slots=True)
class Standing:
    """A clause, what it hangs on (title, lead), and from where to where of it is quoted."""

    clause: str
    over: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Told:
    """A figure in a text and the words that it is said of."""

    figure: Figure
    role: frozenset[str]


@dataclass(slots=True)
class _Around:
    """Parts of the text by a figure, collected from left to right. `item` is its share of an enumeration."""

    figure: Figure
    parts: list[str] = field(default_factory=list)
    item: frozenset[str] = frozenset()


def told(text: str) -> list[Told]:
    """Each figure of a text, from left to right, with the words around it."""
    plain, found = bare(text), sorted(figures_in(text), key=lambda figure: figure.start)
    around = [_Around(figure) for figure in found]
    if around:
        around[0].parts += _WEAK.split(_after_break(plain[: found[0].start]))
        around[-1].parts += _WEAK.split(_STRONG.split(plain[found[-1].end :])[0])
    for left, right in pairwise(around):
        _share(plain[left.figure.end : right.figure.start], left, right)
    _align(plain, around)
    return list(_with_roles(plain, around))


def keeps_roles(text: str, evidence: Sequence[Standing]) -> bool:
    """Whether no figure of the text is given words that the clauses quoted say of other figures only."""
    ours: list[Told] = []
    theirs: list[Told] = []
    for each in evidence:
        shared = _tokens(each.over)
        before, until = len(bare(each.clause[: each.start])), len(bare(each.clause[: each.end]))
        for one in told(each.clause):
            inside = before <= one.figure.start and one.figure.end <= until
            (ours if inside else theirs).append(Told(one.figure, one.role | shared))
    return all(_fits(one, ours, [*ours, *theirs]) for one in told(text)) and _keeps_spans(text, evidence)


def _fits(one: Told, quoted: Sequence[Told], beside: Sequence[Told]) -> bool:
    own = [other.role for other in quoted if _says(one, other)]
    strange = [other.role for other in beside if not _says(one, other)]
    return not own or any(all(word in role or all(word not in s for s in strange) for word in one.role) for role in own)


def _says(one: Told, other: Told) -> bool:
    return stated(one.figure.quantity, [other.figure.quantity])


# ---------------------------------------------------------------------------------------------- whose words are whose


def _after_break(text: str) -> str:
    return _STRONG.split(text)[-1]


def _share(between: str, left: _Around, right: _Around) -> None:
    """Deal what stands between two figures out to the one, the other, or both."""
    sentences = _STRONG.split(between)
    parts = _WEAK.split(between)
    joined = _JOINING.match(between)
    if _TOWARDS.fullmatch(between):  # a span is one figure with two ends
        right.parts = left.parts
    elif len(sentences) > 1:
        left.parts += _WEAK.split(sentences[0])
        right.parts += _WEAK.split(sentences[-1])
    elif joined and len(parts) == 1:
        right.parts.append(between[1:])
    elif len(parts) == 1:  # 「一类最高500万元」: each is what the other is said of
        left.parts += [between, _named(right.figure)]
        right.parts += [between, _named(left.figure)]
    else:
        left.parts += [parts[0], *(part for part in parts[1:-1] if _BACK.match(part) or not _FORWARD.search(part))]
        right.parts += parts[1:]


def _named(figure: Figure) -> str:
    """A figure as a word of another one's role."""
    return f"#{figure.quantity.value}"


def _with_roles(plain: str, around: Sequence[_Around]) -> Iterator[Told]:
    """A figure without words of its own (按2%奖励，最高100万元) is said of what those before it are: of the last one,
    and of its peers (博士1500元、硕士1200元，期限3年). What a colon follows is said of all of its sentence."""
    before: list[Told] = []
    head: frozenset[str] = frozenset()
    place = 0
    for one in around:
        if not before or _STRONG.search(plain[place : one.figure.start]):
            before, head = [], _tokens(_after_break(plain[: one.figure.start]).rpartition(":")[0])
        role = head | (one.item or _roles(one.parts))
        if not one.item and not _roles([words().bound.sub(" ", part) for part in one.parts]):
            role = role.union(*(other.role | {_named(other.figure)} for other in _peers(before)))
        before, place = [*before, Told(one.figure, role)], one.figure.end
        yield before[-1]


def _peers(before: Sequence[Told]) -> Iterator[Told]:
    unit = before[-1].figure.quantity.unit if before else ""
    return takewhile(lambda other: other.figure.quantity.unit == unit, reversed(before))


def _roles(parts: Sequence[str]) -> frozenset[str]:
    return frozenset(word for part in parts for word in _tokens(part))


# -------------------------------------------------------------------------------------------------------- enumerations


def _align(plain: str, around: Sequence[_Around]) -> None:
    """「博士、硕士分别给予1500元、1200元」: the first figure is the first one's."""
    place = 0
    while place < len(around):
        end = place + 1
        while end < len(around) and _follows(plain, around[end - 1].figure, around[end].figure):
            end += 1
        if end - place > 1:
            _deal(plain, around[place:end])
        place = end


def _follows(plain: str, left: Figure, right: Figure) -> bool:
    between = plain[left.end : right.start]
    return between != "" and not _TOWARDS.fullmatch(between) and not _LISTING.sub("", between)


def _deal(plain: str, run: Sequence[_Around]) -> None:
    head = _after_break(plain[: run[0].figure.start])
    items = _items(head, len(run))
    if not items:  # without things to say them of, their order is what is said
        for left, right in pairwise(run):
            right.parts.append(f"@{left.figure.quantity.value}")
    for one, item in zip(run, items, strict=False):
        one.item = _tokens(item) | {_named(figure) for figure in figures_in(item)}


def _items(head: str, wanted: int) -> list[str]:
    """The last so many things that are named before a row of figures, each without what they have in common."""
    rows = ([part for part in _LISTING.split(row) if part] for row in reversed(head.split(",")[-3:]))
    items = next((row[-wanted:] for row in rows if len(row) >= wanted), [])
    if not items:
        return []
    *_, other, last = items
    alike = last.find(other[-1]) + 1  # 省级、市级|平台; 一、二、三|等奖
    return [items[0][-len(items[1]) :], *items[1:-1], last[: alike or len(other)]]


# ---------------------------------------------------------------------------------------------------------------- words


def _tokens(text: str) -> frozenset[str]:
    """Pairs of 汉字 that stand together, words without content aside; Latin words; a 汉字 that stands alone."""
    kept = words().blank.sub(" ", bare(text))
    runs = _HAN.findall(kept)
    pairs = {run[place : place + 2] for run in runs for place in range(max(len(run) - 1, 1))}
    return frozenset(pairs | set(_WORD.findall(kept)))


def _keeps_spans(text: str, evidence: Sequence[Standing]) -> bool:
    """「5月1日至6月30日」 is not 「6月30日至5月1日」."""
    known = [span for each in evidence for span in _spans(each.clause[each.start : each.end])]
    return all(any(stated(a, [c]) and stated(b, [d]) for c, d in known) for a, b in _spans(text))


def _spans(text: str) -> list[tuple[Quantity, Quantity]]:
    plain, found = bare(text), sorted(figures_in(text), key=lambda figure: figure.start)
    return [
        (left.quantity, right.quantity)
        for left, right in pairwise(found)
        if _TOWARDS.fullmatch(plain[left.end : right.start])
    ]
