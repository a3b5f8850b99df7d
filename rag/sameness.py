"""Whether two questions ask the same: what must be equal in both (place, year, amount …), and how alike the rest is.

Pure and by words alone, so that two questions are judged alike today and tomorrow, with an embedder and without one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rag.guardrails import fold
from rag.jurisdictions import find_mentions
from rag.lexical import terms_of
from rag.rewriting import KINDS
from rag.understanding import Understanding, understand
from rag.wordbook import wordbook

PAIR = 1 << 21
"""Terms from here on are pairs of 汉字 or words; below it single 汉字."""

ALIKE = 0.5
"""Words in common from which two questions with the same content may be one: below it the order says another thing."""

LOCAL = frozenset({"district", "zone"})
_MARKS = re.compile(r"[\W_]+")
_FIGURE = re.compile(
    r"[0-9]+(?:\.[0-9]+)?%?|[一二三四五六七八九十百千万亿两]{2,}|[一二三四五六七八九两](?=[年个万次级条])"
)
_DENIAL = re.compile(r"[不没未非无免][\u3400-\u9fff]?")
_EITHER = re.compile(r"([\u3400-\u9fff])[不没]\1|有没有|是否|[不没]$|(?<=[\u3400-\u9fff])不(?=[?,。 ]|$)")
_ASPECT = re.compile(
    "条件|门槛|材料|资料|流程|程序|步骤|时间|地点|地址|电话|期限|有效期|名单|对象|范围|比例|占比|面积|年龄|人数|名额|利率|额度|"
    "税率|次数|社保|户口|户籍|学历|网址|平台|入口|窗口|依据|公示|名称|文号|区别|不同|变化|联系人|处罚|后果|退回|追回|部门"
)
_TIER = re.compile("国家|中央|全国|省(?![钱心事力])|市里|市级|全市|本市|我市|区里|区级|[我本]们?区|区县|街道|园区")
_FORMS = {
    "how": re.compile("怎么|如何|怎样|咋|how"),
    "why": re.compile("为什么|为何|为啥|why"),
    "whether": re.compile("吗|(?<![怎什那这多])么|是不是|是否|能不能|可不可以|行不行|算不算|要不要|有没有|[不没]$"),
    "when": re.compile("什么时候|啥时候|何时|几月|when"),
    "who": re.compile("谁|哪个部门|who"),
    "where": re.compile("哪里|哪儿|在哪|去哪|where"),
}
_EACH = ((re.compile(r"每一?个?月|一个月|按月"), "每月"), (re.compile(r"每一?年(?!级)|按年"), "每年"))


@dataclass(frozen=True, slots=True)
class Sense:
    """What a question says, for setting it beside another one.

    `key` is the question as it is said, without marks and case; `places` the districts and zones that it names. `frame`
    must be equal where two mean the same, `form` where one answer fits both. `words` are its pairs of 汉字 and its
    words; `content` the same singly, without what every question of the field says.
    """

    key: str
    places: frozenset[str]
    frame: tuple[object, ...]
    form: tuple[object, ...]
    words: frozenset[int]
    content: frozenset[int]


def key_of(text: str) -> str:
    """A question as it is said, however it is punctuated: what is equal is one wording."""
    return _MARKS.sub("", fold(text))


@lru_cache(maxsize=8192)
def sense_of(text: str, today: date, *, widely: bool = False) -> Sense:
    """`widely` takes every group of the synonym file for one word; else only what names one certificate or scheme."""
    asked, book = understand(text, today), wordbook()
    plain = _renamed(_evenly(fold(_anywhere(text))), book.one_name if widely else book.one_certificate)
    core = _MARKS.sub(" ", book.stop.sub(" ", plain))
    bare = _MARKS.sub(" ", book.generic.sub(" ", core))
    return Sense(
        key=key_of(text),
        places=frozenset(place.name for place in asked.places if place.kind in LOCAL),
        frame=_frame(asked, plain),
        form=_form(asked, plain),
        words=frozenset(term for term in terms_of(core).tolist() if term >= PAIR),
        content=frozenset(term for term in terms_of(bare).tolist() if not PAIR <= term < 1 << 63),
    )


def likeness(one: Sense, other: Sense) -> float:
    """1 for the same wording, 0 where the frames differ, else the share of their words that both have (Dice).

    The places that they name are left to the caller: what a question leaves out may be known of who asks.
    """
    if one.key == other.key:
        return 1.0
    if one.frame != other.frame or not one.words or not other.words:
        return 0.0
    return 2 * len(one.words & other.words) / (len(one.words) + len(other.words))


def one_answer(one: Sense, other: Sense) -> bool:
    """Whether what answers the one answers the other: the same frame, form and content, in much the same words.

    Not a character of content may stand in one of them alone: 「单身博士…」 is another question than 「博士…」.
    """
    if one.key == other.key:
        return True
    return (
        bool(one.content) and (one.content, one.form) == (other.content, other.form) and likeness(one, other) >= ALIKE
    )


def _frame(asked: Understanding, plain: str) -> tuple[object, ...]:
    """What tells two questions apart however alike they sound."""
    return (
        asked.english,
        asked.elsewhere,
        asked.titles,
        tuple((number.year, number.number) for number in asked.numbers),
        frozenset(_FIGURE.findall(plain)),
        tuple(frozenset(n for n, row in enumerate(group) if row.search(plain)) for group in wordbook().contrasts),
        frozenset(found for kind in KINDS for found in kind.findall(plain)),
        frozenset(_TIER.findall(plain)),
        frozenset(_ASPECT.findall(plain)),
        frozenset(_DENIAL.findall(_EITHER.sub(" ", plain))),
    )


def _form(asked: Understanding, plain: str) -> tuple[object, ...]:
    """What kind of answer is wanted."""
    return (
        frozenset(want.kind for want in wordbook().wants if want.ask.search(plain)),
        frozenset(name for name, pattern in _FORMS.items() if pattern.search(plain)),
        asked.asks_listing,
        asked.asks_status,
    )


def _anywhere(text: str) -> str:
    """The text without the districts and zones that it names."""
    for mention in sorted(find_mentions(text), key=lambda mention: -mention.start):
        if mention.place is not None and mention.place.kind in LOCAL:
            text = f"{text[: mention.start]} {text[mention.end :]}"
    return text


def _evenly(folded: str) -> str:
    for pattern, said in _EACH:
        folded = pattern.sub(said, folded)
    return folded


def _renamed(folded: str, names: Mapping[str, str]) -> str:
    """The text with the longest form at each place under its group's one name."""
    book, said, at = wordbook(), [], 0
    while at < len(folded):
        form = book.form_at(folded, at)
        said.append(names.get(form, form) if form else folded[at])
        at += len(form) if form else 1
    return "".join(said)
