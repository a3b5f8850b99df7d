"""Whether a sentence says no more than its clauses: their words, their bounds, their 「不」, and no markup. Pure.

A model is taken for one that obeys whoever wrote the text it reads. Exact quotes and numbers cannot stop it from adding
「请加微信…」 to a true sentence; that its words must be the clause's own can.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rag.guardrails import steered

HELD = 0.7
"""The share of a clause-long stretch of the sentence that must be the evidence's words or plain ones."""

STRANGE_RUN = 3
"""汉字 in a row that the evidence does not have: an abbreviation passes, somebody else's sentence does not."""

_ALLOWED = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff0-9A-Za-z \",.:;()%‰/+~\-—–·、。《》〈〉“”‘’〔〕…「」×≥≤±→]*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_RUN = re.compile(r"[\u3400-\u9fff]+")
_PART = re.compile(r"[\u4e00-\u9fff]{2,12}")
_LATIN = re.compile(r"[a-z][a-z0-9]*(?:[.\-_/][a-z0-9]+)*")
_ADDRESS = re.compile(r"//|www\.|[a-z0-9]\.[a-z]{2}|%[0-9a-f]{2}%")
_SIGN = "零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"
_DIALLED = re.compile(
    rf"[0-9]{{7,}}|[0-9](?:[\s\-·.][0-9]){{6,}}|[{_SIGN}](?:[\s\-—·.、]?[{_SIGN}0-9]){{6,}}|[0-9]{{3,4}}[\s\-][0-9]{{3,4}}[\s\-][0-9]{{3,4}}"
)
_DOCUMENT = re.compile(
    r"(?:办法|意见|通知|措施|政策|条|细则|规定|方案|规划|条例|法|计划|指南|目录|公告|决定|制度|标准|清单|纲要|通告|批复|函|号|若干)(?:\([^)]*\))?$"
)
_TITLE = re.compile(r"[《〈「“‘]([^》〉」”’]*)[》〉」”’]")
_STRETCH = re.compile(r"[,。;:?!、…—()《》“”]+")


@dataclass(frozen=True, slots=True)
class Words:
    """`plain` words say nothing by themselves; `loose` ones may stand in a question that was rewritten. `kin`: words
    that may stand for one another."""

    plain: re.Pattern[str]
    loose: re.Pattern[str]
    kin: tuple[tuple[str, ...], ...]
    exact: re.Pattern[str]
    upper: re.Pattern[str]
    lower: re.Pattern[str]
    negative: re.Pattern[str]
    measure: re.Pattern[str]
    lure: re.Pattern[str]
    steer: re.Pattern[str]
    unlike: re.Pattern[str]
    aspect: re.Pattern[str]
    blank: re.Pattern[str]
    bound: re.Pattern[str]


@lru_cache(maxsize=1)
def words() -> Words:
    """Read once; the file ships with the package."""
    raw = tomllib.loads(resources.files("rag").joinpath("data/claims.toml").read_text("utf-8"))
    plain, loose = raw.pop("plain"), raw.pop("loose")
    kin = tuple(tuple(group) for group in raw.pop("kin"))
    return Words(
        plain=_any_of(plain), loose=_any_of([*plain, *loose]), kin=kin, **{key: re.compile(raw[key]) for key in raw}
    )


def _any_of(entries: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in sorted(entries, key=len, reverse=True)))


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def is_unmarked(text: str) -> bool:
    """No markup, no address, nothing invisible."""
    text = unicodedata.normalize("NFKC", text)
    return bool(_ALLOWED.fullmatch(text)) and not _ADDRESS.search(text.lower())


def is_plain_text(sentence: str) -> bool:
    """The letters, figures and marks of a sentence that is mostly Chinese, in the characters of everyday print."""
    text = unicodedata.normalize("NFKC", sentence)
    letters = re.findall(r"[A-Za-z]", text)
    han = _HAN.findall(text)
    return is_unmarked(text) and len(han) >= max(len(letters), 2) and _everyday("".join(han))


def _everyday(han: str) -> bool:
    """Whether all are of GB 2312: look-alikes and traditional forms, which no rule of ours would know, are not."""
    try:
        han.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=2048)  # a clause is looked at once for each sentence that quotes it
def speaks_to_the_model(text: str) -> bool:
    """Whether a sentence of a document (or one made of it) tells its reader what to say: it proves nothing then."""
    said = folded(text)
    return bool(words().steer.search(said)) or steered(text) or _unlike_a_clause(text)


def _unlike_a_clause(text: str) -> bool:
    """Whether it holds what no clause of a policy does: hidden or foreign letters, code, speech, characters set apart,
    of traditional form (0 of the corpus, 0 of 91,000 lines of laws have one outside GB 2312). Nothing of that is read
    as an order; it is just no ground to stand on."""
    odd = not _everyday("".join(_HAN.findall(text)))
    return odd or bool(words().unlike.search(unicodedata.normalize("NFKC", text).lower()))


def may_be_repeated(part: str, known: str) -> bool:
    """Whether a part of somebody's question may be shown as unanswered: it asks for something in words that the
    clauses have, and orders nothing."""
    if not _PART.fullmatch(part) or lures(part) or speaks_to_the_model(part):
        return False
    aspect = words().aspect
    return bool(aspect.search(folded(part))) and all(
        all(_marks(run, folded(known))) for run in _RUN.findall(aspect.sub(" ", folded(part)))
    )


def may_be_named(title: str) -> bool:
    """Whether what somebody asked for by title may be said back: it is a title, and neither markup, lure nor order."""
    fit = is_unmarked(title) and bool(_DOCUMENT.search(folded(title)))
    return fit and not lures(title) and not speaks_to_the_model(title)


@lru_cache(maxsize=2048)
def lures(text: str) -> bool:
    """Whether it leads to a payment, an account, a link: an official clause may, a model's own sentence must not."""
    said = folded(text)
    return bool(words().lure.search(said) or _DIALLED.search(said))


def keeps_to(sentence: str, evidence: str) -> bool:
    """Whether the sentence's words are those of the evidence (clauses with what they hang on), or plain ones."""
    said, known = folded(sentence), re.sub(r"\s+", "", folded(evidence))
    if any(word not in known for word in _LATIN.findall(said)):
        return False
    if any(re.sub(r"\s+", "", named) not in known for named in _TITLE.findall(said)):
        return False
    return all(_held(stretch, known) for stretch in _STRETCH.split(said) if _HAN.search(stretch))


def _held(stretch: str, known: str) -> bool:
    marks = [held for run in _RUN.findall(stretch) for held in _marks(run, known)]
    strange = "".join(" " if held else "x" for held in marks).split()
    return max(map(len, strange), default=0) <= STRANGE_RUN and sum(marks) >= HELD * len(marks)


def _marks(run: str, known: str) -> list[bool]:
    """For each 汉字 of a run whether the evidence has it beside its neighbour, or it is of a plain word."""
    marks = [len(run) == 1 and run in known] * len(run)
    for place in range(len(run) - 1):
        if run[place : place + 2] in known:
            marks[place] = marks[place + 1] = True
    for match in words().loose.finditer(run):
        marks[match.start() : match.end()] = [True] * (match.end() - match.start())
    return marks
