"""Whether a clause bears a sentence out, stretch by stretch: its words, its bounds, its 「不」, its reach. Pure.

Measured against forgeries (tests/support/model_forgeries.py). Whether two true halves of one clause belong together is
no question of words: the quote stands below the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.model_answers.quantities import quantities, stated
from rag.model_answers.support import folded, words

ANCHOR = 4
"""汉字 in a row that a stretch without a figure has from its quote: words of the field alone prove nothing."""

SHORT = 3
"""… unless it is no longer than this."""

ALIKE = 0.5
"""The share of a stretch's pairs of 汉字 from which on a stretch of the quote is taken for the one retold."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_RUN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z][a-z0-9]*(?:[.\-_/][a-z0-9]+)*")
_TITLE = re.compile(r"[《〈「“‘]([^》〉」”’]*)[》〉」”’]")
_STRETCH = re.compile(r"[,。;:?!、…—()《》“”「」]+")
_CLAUSE = re.compile(r"[,。;:()\n]+|(?=但)")
_SCOPE = re.compile(r"不得|不予|不再|不能|不可|禁止|严禁|不享受|不支持|不适用|除")
_NUMERALS = "零〇一二两三四五六七八九十百千万亿半"
_NUMERAL = re.compile(rf"[{_NUMERALS}]{{2,}}|[{_NUMERALS}](?=个?[年月日天周岁元倍成项家户人次件])")
_DATED = re.compile(r"(?<=[0-9])(?:个?月份?|年度?|[日号天])")  # what a figure counts is compared with the figure
_FOLLOWED = re.compile(
    r"[0-9一二两三四五六七八九十]+(?:个?[年月日天周]|个?工作日|岁|%|万?元|人)?(?:之前|之后|以前|以后|前|后|止|多|余)"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What one clause gives a sentence to stand on: `own`, the quoted sentences; `around`, what they hang on."""

    own: str
    around: str


def bears(sentence: str, grounds: Sequence[Ground], synonyms: Sequence[str] = ()) -> bool:
    """Whether every stretch of the sentence is in the words of one ground each, or in words that say nothing by
    themselves, and leans on what is quoted."""
    said = folded(sentence)
    own = [re.sub(r"\s+", "", folded(ground.own)) for ground in grounds]
    known = [re.sub(r"\s+", "", folded(" ".join((g.own, g.around, *synonyms)))) for g in grounds]
    if not all(any(word in each for each in known) for word in _named(said)):
        return False
    stretches = [stretch for stretch in _STRETCH.split(said) if _HAN.search(stretch)]
    return all(
        any(_stands(stretch, mine, each) for mine, each in zip(own, known, strict=True)) for stretch in stretches
    ) and all(any(exact in each for each in known) for exact in _exact(said))


def _named(said: str) -> Iterator[str]:
    yield from _LATIN.findall(said)
    yield from (re.sub(r"\s+", "", named) for named in _TITLE.findall(said))


def _exact(said: str) -> Iterator[str]:
    """Words that turn a sentence round by themselves, and figures with 前, 后, 起 …: as they stand in the clause."""
    yield from (match.group() for match in words().exact.finditer(re.sub(r"\s+", "", said)))
    yield from (match.group() for match in _FOLLOWED.finditer(re.sub(r"\s+", "", said)))


def _stands(stretch: str, own: str, known: str) -> bool:
    """Whether it is in the words of one clause, leans on what is quoted of it, and has its figures from there."""
    given = quantities(own)
    figures = all(stated(quantity, given) for quantity in quantities(stretch))
    return figures and _held(stretch, own, known) and _anchored(stretch, own) and _measured(stretch, known)


def _measured(stretch: str, known: str) -> bool:
    """A single 汉字 behind a figure is a measure: the clause has it behind a figure, too."""
    return all(
        bool(re.search(rf"[0-9{_NUMERALS}]{match[1]}", known)) or bool(words().plain.fullmatch(match[1]))
        for match in re.finditer(r"[0-9]([\u3400-\u9fff])(?![\u3400-\u9fff])", stretch)
    )


def _held(stretch: str, own: str, known: str) -> bool:
    """A single 汉字 between words that the clause has may stand where the quote has it elsewhere (拟、奖、缴)."""
    for run in _RUN.findall(_DATED.sub(" ", stretch)):
        marks = _marks(run, known)
        for place, held in enumerate(marks):
            between = 0 < place < len(run) - 1 and marks[place - 1] and marks[place + 1]
            if not held and not (between and run[place] in own):
                return False
    return True


def _marks(run: str, known: str) -> list[bool]:
    """For each 汉字 of a run whether the clause has it beside its neighbour, or it is of a word that says nothing, of
    a figure (those are checked by what they say), or of one for which the clause has another."""
    marks = [len(run) == 1 and run in known] * len(run)
    for place in range(len(run) - 1):
        if run[place : place + 2] in known:
            marks[place] = marks[place + 1] = True
    for match in (*words().plain.finditer(run), *_NUMERAL.finditer(run), *_kin(run, known)):
        marks[match.start() : match.end()] = [True] * (match.end() - match.start())
    return marks


def _kin(run: str, known: str) -> Iterator[re.Match[str]]:
    for one, of in _kinship():
        if of.search(known):
            yield from one.finditer(run)


@lru_cache(maxsize=1)
def _kinship() -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
    """Each word that may stand for another, with a pattern of all of its kin."""
    groups = [sorted(group, key=len, reverse=True) for group in words().kin]
    return [(re.compile("|".join(group)), re.compile("|".join(group))) for group in groups]


def _anchored(stretch: str, own: str) -> bool:
    if quantities(stretch) or len(_HAN.findall(stretch)) <= SHORT:
        return True
    runs = _RUN.findall(stretch)
    return any(run[at : at + ANCHOR] in own for run in runs for at in range(max(len(run) - ANCHOR + 1, 1)))


def keeps_bounds(sentence: str, quotes: Sequence[str]) -> bool:
    """「最高10万元」 is not retold as 「10万元」, nor 「3%」 as 「不低于3%」, clause by clause."""
    given = [(quantities(part), part) for quote in quotes for part in _CLAUSE.split(folded(quote))]
    for clause in _CLAUSE.split(folded(sentence)):
        figures = quantities(clause)
        for bound in (words().upper, words().lower):
            beside = [bool(bound.search(part)) for there, part in given if any(stated(q, there) for q in figures)]
            if beside and ((bound.search(clause) and not any(beside)) or (not bound.search(clause) and all(beside))):
                return False
    return True


def keeps_polarity(sentence: str, quotes: Sequence[str]) -> bool:
    """A clause of the sentence says 「不」 where the one that it retells does, and only there."""
    given = [part for quote in quotes for part in _denials(quote)]
    every = bool(given) and all(denies for _, denies in given)
    whole = any(denies for _, denies in _denials(sentence))
    for clause, denies in _denials(sentence):
        retold, there = max(given, key=lambda part: _likeness(clause, part[0]), default=("", False))
        if _likeness(clause, retold) >= ALIKE:
            if denies != there:
                return False
        elif (denies and not any(there for _, there in given)) or (every and not whole):
            return False
    return True


def _denials(text: str) -> list[tuple[str, bool]]:
    """Each item of each clause, and whether it is denied: by itself, or by a 「不得」 before it in its list."""
    found: list[tuple[str, bool]] = []
    for clause in _CLAUSE.split(folded(text)):
        scope = False
        for item in filter(_HAN.search, clause.split("、")):
            found.append((item, scope or _denies(item)))
            scope = scope or bool(_SCOPE.search(words().measure.sub("", item)))
    return found


def _denies(text: str) -> bool:
    return bool(words().negative.search(words().measure.sub("", text)))


def _likeness(clause: str, part: str) -> float:
    pairs = {clause[at : at + 2] for at in range(len(clause) - 1)}
    return sum(pair in part for pair in pairs) / len(pairs) if pairs else float(clause in part)
