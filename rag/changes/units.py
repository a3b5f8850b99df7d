"""A text as the units that changes are told by: articles, numbered items, sections; lines where there is none. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from rag.chunking.lines import read_lines
from rag.chunking.marks import Rank
from rag.chunking.numbering import Candidate, accepted

_CLAUSE = re.compile(r"#{1,6}[ \t]+(?P<label>摘要(?:第[0-9]+条|附表[0-9]+))")
_SETTINGS = re.compile(r"\{[a-z]+=[^}\n]*\}")
_FEW = 2


@dataclass(frozen=True, slots=True)
class Unit:
    """text[start:end]; units tile their text. `label` is 第十二条, 三、, 摘要第3条 or "". `words` is what it says
    without its label, blanks and marks of our own: two units with the same words say the same."""

    start: int
    end: int
    label: str
    words: str


def units(text: str) -> list[Unit]:
    """The units of a text in order; none for an empty one."""
    reading = read_lines(text)
    heads = accepted(reading.candidates)
    articles = [head for head in heads if head.mark.rank == Rank.ARTICLE]
    if len(articles) >= _FEW:
        heads = [head for head in heads if head.mark.rank <= Rank.ARTICLE]
    labels = {_line_start(text, head): head.mark.label for head in heads if not head.inline}
    labels |= {heading.start: _clause_label(text, heading.start) for heading in reading.headings}
    if len(labels) < _FEW:
        labels = {found.start(): "" for found in re.finditer(r"[^\n]+", text)}
    cuts = sorted({0, len(text), *labels})
    return [_unit(text, cut, end, labels.get(cut, "")) for cut, end in pairwise(cuts)]


def _line_start(text: str, head: Candidate) -> int:
    return text.rfind("\n", 0, head.start) + 1


def _clause_label(text: str, start: int) -> str:
    found = _CLAUSE.match(text, start)
    return found["label"] if found else ""


def _unit(text: str, start: int, end: int, label: str) -> Unit:
    whole = _SETTINGS.sub("", text[start:end])
    words = re.sub(r"[\s#*]", "", whole)
    return Unit(start, end, label, words.removeprefix(re.sub(r"\s", "", label)))
