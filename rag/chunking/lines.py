"""What stands where: a text's lines read as headings, numbered heads, table rows, rules, or nothing special."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rag.chunking.marks import STARTERS, Mark, Rank, read_mark
from rag.chunking.numbering import Candidate
from rag.chunking.tables import Table, find_table

BLANK = r"[ \t\u00a0\u2000-\u200a\u3000]"
PATH_LIMIT = 60  # characters of a heading in a path; it is repeated in every passage under it

_HASHES = re.compile(rf"{BLANK}*(#{{1,6}}){BLANK}+")
_NOISE = re.compile(rf"{BLANK}*(?:<!--.*?-->|([-*_]){BLANK}?(?:\1{BLANK}?){{2,}}){BLANK}*")
_ATTACHMENT = re.compile(
    rf"{BLANK}*附{BLANK}*[件录表图]{BLANK}*[一二三四五六七八九十0-9]{{0,3}}{BLANK}*[:：]?"
    rf"(?!{BLANK}*[0-9]+[.．、])[^。；，、]{{0,40}}"
)
_OPENING = re.compile(rf"{BLANK}*(?:\*\*)?")
_INLINE = re.compile(rf"(?<=[^\s]){BLANK}+(?=[{STARTERS}])")
_SHORT_TITLE = re.compile(rf"{BLANK}*(?:[总附罚]{BLANK}+则|[^\s。；，]{{1,40}})?(?={BLANK}|$)")
_HEADING_LIKE = re.compile(r"[^。；，]{1,60}")
_LOOK_BACK = 100  # characters before a mark that tell whether something ended there
_UNFINISHED = "，、,（(《“〔"
_FINISHED = "。！？!?；;：:）)】〕”》…"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that is no text: text[start:end]. `depth` is its number of # (1 for an attachment's)."""

    start: int
    end: int
    depth: int
    title: str
    attachment: bool = False


@dataclass(frozen=True, slots=True)
class Noise:
    """A rule, a comment or a repeated title: in a span, in no passage's text."""

    start: int
    end: int


@dataclass(slots=True)
class Reading:
    """Everything found in one text, each list in order of offset."""

    headings: list[Heading] = field(default_factory=list)
    noise: list[Noise] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)


def read_lines(text: str) -> Reading:
    """One pass over the lines. Candidates are not yet checked for their numbering."""
    reading = Reading()
    lines = list(split_lines(text))
    number = 0
    while number < len(lines):
        if table := find_table(text, lines, number):
            reading.tables.append(table[0])
            number = table[1]
            continue
        _read_line(text, *lines[number], reading)
        number += 1
    return reading


def split_lines(text: str) -> Iterator[tuple[int, int]]:
    """[start, end) of each line, without its line feed."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield start, end
        start = end + 1
    yield start, len(text)


def heading_words(words: str) -> str:
    """A heading as a path part: one blank between words, 总　则 as 总则, cut at PATH_LIMIT."""
    words = re.sub(r"\s+", " ", words).strip(" *")
    words = re.sub(r"([总附罚]) 则", r"\1则", words)
    return words if len(words) <= PATH_LIMIT else words[: PATH_LIMIT - 1] + "…"


def _read_line(text: str, start: int, end: int, reading: Reading) -> None:
    line = text[start:end]
    if _NOISE.fullmatch(line):
        reading.noise.append(Noise(start, end))
    elif found := _HASHES.match(text, start, end):
        _read_hashes(text, found.end(), len(found[1]), start, end, reading)
    elif _ATTACHMENT.fullmatch(line):
        reading.headings.append(Heading(start, end, 1, heading_words(line), attachment=True))
    else:
        _read_marks(text, start, end, reading)


def _read_hashes(text: str, words: int, depth: int, start: int, end: int, reading: Reading) -> None:
    """A Markdown heading of this depth, whose words begin at `words`: numbered, or a plain one."""
    title = heading_words(text[words:end].rstrip().rstrip("#"))
    mark = read_mark(text, words)
    if mark is None or mark.body > end:
        reading.headings.append(Heading(start, end, depth, title))
        return
    article = mark.rank == Rank.ARTICLE
    reading.candidates.append(
        Candidate(mark, start, mark.start if article else end, False, True, "" if article else title, depth)
    )


def _read_marks(text: str, start: int, end: int, reading: Reading) -> None:
    """The mark at the line's start and those after a blank within it."""
    opening = _OPENING.match(text, start, end)
    places = [(start, opening.end() if opening else start)]
    places += [(found.start(), found.end()) for found in _INLINE.finditer(text, start, end)]
    marks = [(before, mark) for before, at in places if (mark := read_mark(text, at)) and mark.body <= end]
    since = start
    for index, (before, mark) in enumerate(marks):
        limit = marks[index + 1][0] if index + 1 < len(marks) else end
        inline = before > start
        segment = text[max(since, before - _LOOK_BACK) : before].strip()
        if inline and segment and segment[-1] in _UNFINISHED:
            continue
        fresh = _after_heading(text, before, reading) or _fresh(segment, mark)
        candidate = _candidate(text, before if inline else start, mark, limit, inline, fresh)
        if candidate:
            reading.candidates.append(candidate)
            since = before


def _after_heading(text: str, before: int, reading: Reading) -> bool:
    last = reading.candidates[-1] if reading.candidates else None
    return last is not None and last.heading != "" and not text[last.start : before].strip()


def _fresh(segment: str, mark: Mark) -> bool:
    """Whether what stands between two marks ends with a sentence or, unless 第十二条 follows, like a heading."""
    if not segment or segment[-1] in _FINISHED:
        return True
    if mark.rank == Rank.ARTICLE and mark.number > (1, 0):
        return False
    return _HEADING_LIKE.fullmatch(re.split("[。！？；：]", segment)[-1]) is not None


def _candidate(text: str, cut: int, mark: Mark, limit: int, inline: bool, fresh: bool) -> Candidate | None:
    if mark.rank >= Rank.ARTICLE:
        start = cut if text.startswith("**", cut) else mark.start
        return Candidate(mark, cut, start, inline, fresh)
    rest = text[mark.body : limit]
    if len(rest) <= 40 and not re.search("[。；，]", rest):
        stop = limit
    elif title := _SHORT_TITLE.match(text, mark.body, limit):
        stop = title.end()
    else:
        return None
    return Candidate(mark, cut, stop, inline, fresh, heading_words(text[mark.start : stop]))
