"""Whether a clause is of the kind asked for (an amount, a share, a period, an area) and whether the names fit. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.citations import figures
from rag.guardrails import fold
from rag.models import Hit, Passage
from rag.understanding import Understanding
from rag.wordbook import Want, wordbook

SATISFIES = 1.15
"""What a clause gains that holds the kind of thing asked for."""

_QUOTED_NAME = re.compile(r"[“\"「『']([^”\"」』']{2,14})[”\"」』']")
_CLAIMED_AMOUNT = re.compile(
    r"(?:奖励|奖|补贴|补助|补|给|资助|支持|津贴|安家费|落户奖|领|拿)(?:了|到|我们?|最高|一次性|每月|每年|能|可以)*\s*"
    r"([0-9]+(?:\.[0-9]+)?\s*(?:个)?(?:万|亿|千万|百万))"
)
_NICKNAME = re.compile(r"(?<![第0-9一二三四五六七八九十百])([0-9]{1,3}|[一二三四五六七八九十]{1,4})条")
_SCHEME = re.compile(
    r"([\u3400-\u9fff]{2,6}?)(?:计划|工程|行动|专项|新政|券|贷(?![款到后多的给了])|基金|[0-9一二三四五六七八九十]+条)"
)
_REFERS = re.compile(r"的?(那个|这个|那份|那条)?(文件|政策|办法|通知|措施|计划|规定)|怎么领|咋领|如何领|怎么拿")


def wants_of(asked: Understanding) -> list[Want]:
    """The kinds of answer the question asks for; empty where any clause may do."""
    folded = fold(asked.text)
    return [want for want in wordbook().wants if want.ask.search(folded)]


def holds(passage: Passage, wants: Sequence[Want]) -> bool:
    """Whether the passage (or what it hangs on) holds one of the kinds asked for."""
    text = f"{passage.lead} {passage.text}"
    return not wants or any(want.hold.search(text) for want in wants)


def contradicts(asked: Understanding, passage: Passage) -> bool:
    """Whether the passage speaks of 硕士 where 本科 was asked for: some of a group, and nothing of what was asked."""
    question, text = fold(asked.text), fold(f"{passage.path[-1]} {passage.lead} {passage.text}")
    for group in wordbook().contrasts:
        named = [row for row in group if row.search(question)]
        if named and not any(row.search(text) for row in named) and any(row.search(text) for row in group):
            return True
    return False


def rerank(hits: Sequence[Hit], wants: Sequence[Want]) -> list[Hit]:
    """The hits again, those that hold what was asked for a little ahead."""
    if not wants:
        return list(hits)
    raised = [Hit(h.passage, h.score * SATISFIES, h.lexical, h.dense) if holds(h.passage, wants) else h for h in hits]
    return sorted(raised, key=lambda hit: -hit.score)


def names_strangers(asked: Understanding, document_text: str) -> bool:
    """Whether the question names outright (“飞鹰计划”, 奖励8000万的那个文件) what the document never mentions."""
    folded = fold(document_text)
    if not _has_nickname(asked, folded) or not _has_field_terms(asked, folded):
        return True
    names = [match.group(1) for match in _QUOTED_NAME.finditer(asked.text)]
    if names and not any(fold(name) in folded for name in names):
        return True
    amounts = {amount for match in _CLAIMED_AMOUNT.finditer(fold(asked.text)) for amount in figures(match.group(1))}
    if not amounts or not _REFERS.search(asked.text):
        return False
    return not any(amount.rstrip("元") in folded.replace(" ", "") for amount in amounts)


def unheard_scheme(asked: Understanding, stands: Callable[[str], bool]) -> bool:
    """Whether the question names a scheme whose own name stands nowhere in the corpus: 飞鹰计划, 量子券.

    `stands` says whether a word occurs in some document. What is said of any scheme (申请计划, 补贴办法) is no name.
    """
    cores = [match.group(1)[-2:] for match in _SCHEME.finditer(fold(asked.core)) if len(match.group(1)) >= 2]
    return any(not wordbook().generic.search(core) and not stands(core) for core in cores)


def _has_nickname(asked: Understanding, document: str) -> bool:
    """A policy called by its number of articles (海洋30条) must be one that is called so."""
    match = _NICKNAME.search(asked.text)
    if match is None or re.search(r"[几多]条", asked.text):
        return True
    number = match.group(1) if match.group(1).isdigit() else str(_chinese_number(match.group(1)))
    return any(form in document for form in (f"{number}条", f"{_in_chinese(int(number))}条", f"{match.group(1)}条"))


def _has_field_terms(asked: Understanding, document: str) -> bool:
    """A certificate or scheme that is named (高企, 小巨人, 鲁科贷 …) must stand in the document, by some name."""
    book, folded = wordbook(), fold(asked.text)
    named = [form for form in book.named(folded) if form in book.certificates]
    return not named or any(form in document for name in named for form in (name, *book.synonyms[name]))


_DIGITS = "零一二三四五六七八九"


def _chinese_number(text: str) -> int:
    tens, _, ones = text.rpartition("十")
    if "十" not in text:
        return _DIGITS.index(text[-1])
    return (_DIGITS.index(tens) if tens in _DIGITS and tens else 1) * 10 + (_DIGITS.index(ones) if ones else 0)


def _in_chinese(number: int) -> str:
    if number >= 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones else "")
