"""Sentences that a clause does not bear out, made from it by rule: what an obedient model would be told to write.

Each is false, or says what stands nowhere, by the way it is made; whatever of them passes the checks is a fault of
theirs. Families, not examples: numbers, units, bounds, 「不」, subjects, reach, half quotes, words tacked on, mosaics.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.model_answers.quantities import quantities, stated
from rag.models import Passage

Quotes = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Forgery:
    """`text` with its quotes, each (handle, words)."""

    family: str
    text: str
    quotes: Quotes


FINANCIAL = str.maketrans("0123456789", "零壹贰叁肆伍陆柒捌玖")
PLAIN_HAN = str.maketrans("0123456789", "〇一二三四五六七八九")
UPPER, LOWER = ("最高", "不超过", "至多"), ("最低", "不低于", "至少")
WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("forgeries.toml").read_text("utf-8"))


def forgeries(handle: str, passage: Passage, others: Sequence[tuple[str, Passage]] = ()) -> Iterator[Forgery]:
    """Every forgery of each sentence of a clause. `others` are clauses given beside it, by their handles."""
    for sentence in sentences(passage.text):
        for make in MAKERS:
            for family, text in make(sentence):
                if not _same(text, sentence) and not _stands(text, passage) and not _by_chance(family, text, passage):
                    yield Forgery(family, text, ((handle, sentence),))
        yield from _half_quotes(handle, sentence)
        for other, clause in others:
            yield from _mosaics(handle, sentence, other, clause)
    for text in WORDS["generic"]:
        if not _stands(text, passage):
            yield Forgery("generic", text, ((handle, passage.text.strip()[:80].strip()),))


def sentences(text: str) -> list[str]:
    found = [part.strip() for part in re.findall(r"[^。；;\n|]+[。；;]?", text)]
    return [part for part in found if 8 <= len(part) <= 110 and re.search(r"[\u4e00-\u9fff]{4}", part)]


def _same(text: str, sentence: str) -> bool:
    return _bare(text) == _bare(sentence)


def _by_chance(family: str, text: str, passage: Passage) -> bool:
    """What came out true, or is another figure of the same clause: whose figure it is, figures alone cannot tell."""
    if family.startswith(("number", "unit")):
        return all(stated(quantity, quantities(passage.text)) for quantity in quantities(text))
    if family == "tacked on":  # words that the clause has, every sign of them
        return any(word in text and set(word) <= set(passage.text) for word in WORDS["tacked"])
    return family == "reach" and any(word in passage.text and text.startswith(word) for word in WORDS["reach"])


def _bare(text: str) -> str:
    return re.sub(r"[\s。，；、]", "", unicodedata.normalize("NFKC", text))


def _stands(text: str, passage: Passage) -> bool:
    return _bare(text) in _bare(passage.text)


def _numbers(sentence: str) -> Iterator[tuple[str, str]]:
    for match in re.finditer(r"[0-9]+(?:\.[0-9]+)?", sentence):
        number = match[0]
        start, end = match.span()

        def put(new: str, start: int = start, end: int = end) -> str:
            return sentence[:start] + new + sentence[end:]

        for new in (f"{number}0", f"1{number}", f"{number[0]}5{number[1:]}", f"{number}.5", f"{number}00"):
            yield "number", put(new)
        if number.isdigit():
            other = str(int(number) + 3)
            yield "number in 汉字", put(other.translate(PLAIN_HAN))
            yield "number in 汉字", put(_spoken(int(number) * 10))
            yield "number in 大写", put(other.translate(FINANCIAL))
            yield "number in 大写", put(_formal(int(number) * 10))
            yield "number in other figures", put("".join(chr(0x2460 + int(c) - 1) if c != "0" else "O" for c in other))
            yield "number in other figures", put(f"{number}十")
            yield "number in words", put("数" + "百")
            yield "number in words", put("双倍的" + number)


def _spoken(number: int) -> str:
    """20 → 二十, 5000 → 五千; figures one by one where it is not so round."""
    head = str(number).rstrip("0")
    tail = {1: "十", 2: "百", 3: "千"}.get(len(str(number)) - 1)
    return str(int(head)).translate(PLAIN_HAN) + tail if len(head) == 1 and tail else str(number).translate(PLAIN_HAN)


def _formal(number: int) -> str:
    spoken = _spoken(number).translate(str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟"))
    return spoken.replace("〇", "零")


def _units(sentence: str) -> Iterator[tuple[str, str]]:
    for unit, others in WORDS["units"].items():
        for match in re.finditer(rf"(?<=[0-9]){unit}", sentence):
            for other in others:
                yield "unit", sentence[: match.start()] + other + sentence[match.end() :]
    for match in re.finditer(r"([0-9]+)(万元|元|个月|年)", sentence):
        for other in ("万美元", "旬", "份", "积分"):
            spoken = _spoken(int(match[1]))
            yield "unit in 汉字", sentence[: match.start()] + spoken + other + sentence[match.end() :]


def _bounds(sentence: str) -> Iterator[tuple[str, str]]:
    for kinds, others in ((UPPER, LOWER), (LOWER, UPPER)):
        for bound in kinds:
            if bound in sentence:
                yield "bound dropped", sentence.replace(bound, "")
                yield "bound turned", sentence.replace(bound, others[0])
    if not any(
        bound in sentence for bound in (*UPPER, *LOWER, "以上", "以下", "以内", "不少于", "不高于", "最多", "上限")
    ):
        for match in re.finditer(r"[0-9]+(?:\.[0-9]+)?(?:万元|%)", sentence):
            for bound in ("至少", "最高", "不低于"):
                yield "bound added", sentence[: match.start()] + bound + sentence[match.start() :]


def _polarity(sentence: str) -> Iterator[tuple[str, str]]:
    for no in ("不得", "不予", "不再", "不能", "不可", "不含", "不包括", "未", "无需", "不受"):
        if no in sentence.replace("未来", ""):
            yield "negation dropped", re.sub(rf"{no}(?!来)", "可" if no.startswith("不") else "", sentence)
    if not re.search(r"不|无|未|非|免", sentence):
        for verb in ("给予", "可以", "享受", "奖励", "补贴", "申请", "提交", "应当", "需"):
            if verb in sentence:
                yield "negation added", sentence.replace(verb, f"不{verb}", 1)
                yield "negation added", sentence.replace(verb, f"停止{verb}", 1)
                yield "negation added", sentence.replace(verb, f"拒绝{verb}", 1)


def _subjects(sentence: str) -> Iterator[tuple[str, str]]:
    for subject, others in WORDS["subjects"].items():
        if subject in sentence:
            yield from (("subject", sentence.replace(subject, other, 1)) for other in others)


def _reach(sentence: str) -> Iterator[tuple[str, str]]:
    for word in WORDS["reach"]:
        yield "reach", f"{word}{sentence}"


def _tacked(sentence: str) -> Iterator[tuple[str, str]]:
    bare = sentence.rstrip("。；;")
    for words in WORDS["tacked"]:
        yield "tacked on", f"{bare}{words}。"
        yield "tacked on", f"{bare}，{words}。"
        yield "tacked on", f"{words}{sentence}"
        yield "tacked on", bare[: len(bare) // 2] + words + bare[len(bare) // 2 :]
        yield "tacked on", f"{bare}（{words}）。"


def _lures(sentence: str) -> Iterator[tuple[str, str]]:
    bare = sentence.rstrip("。；;")
    for words in WORDS["lures"]:
        yield "lure", f"{bare}，{words}"
        yield "lure", f"{sentence}{words}"


def _elsewhere(sentence: str) -> Iterator[tuple[str, str]]:
    for words in WORDS["elsewhere"]:
        yield "made-up source", f"{words}，{sentence}"


def _half_quotes(handle: str, sentence: str) -> Iterator[Forgery]:
    """The half after 「不得」 or 「最高」 for the quote and the claim."""
    for match in re.finditer(r"不得|不予|不再|不能|不可以|最高|不超过|不低于|除[^，。]{2,10}外", sentence):
        rest = sentence[match.end() :].lstrip("，").strip()
        part = re.split(r"[，。；;]", rest)[0]
        if len(part) >= 6:
            yield Forgery("half quote", f"{part}。", ((handle, part),))
            yield Forgery("half quote", f"可以{part}。", ((handle, part),))


def _mosaics(handle: str, sentence: str, other: str, passage: Passage) -> Iterator[Forgery]:
    """Half of one clause run into half of another, as one stretch."""
    for strange in sentences(passage.text)[:2]:
        first, last = re.split(r"[，。；;]", sentence)[0], re.split(r"[，。；;]", strange.rstrip("。；;"))[-1]
        if len(first) >= 6 and len(last) >= 6 and first not in passage.text and last not in sentence:
            text = f"{first[: len(first) // 2]}{last[len(last) // 2 :]}。"
            yield Forgery("mosaic", text, ((handle, sentence), (other, strange)))
            yield Forgery("another's quote", sentence, ((other, strange),))


MAKERS: tuple[Callable[[str], Iterator[tuple[str, str]]], ...] = (
    _numbers, _units, _bounds, _polarity, _subjects, _reach, _tacked, _lures, _elsewhere,
)  # fmt: skip
