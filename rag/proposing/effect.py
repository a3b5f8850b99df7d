"""From when and until when: 施行, 有效期, 废止 statements, each with the sentence that says so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.proposing.days import DAY, days_after, days_in, last_of_years, read_day, small_number
from rag.proposing.head import NUMBER, Made
from rag.proposing.models import Proposed, Repeal

_B = r"[ \t\u00a0\u3000]{0,3}"  # bounded: a text of blanks alone must not be walked from each of them
_ACTS = r"(?:正式)?(?:施行|实施|执行|生效|起效)"
_KINDS = (
    r"(?:实施)?(?:法典|法|条例|办法|规定|细则|规则|决定|准则|意见|措施|政策措施|政策|方案|通知|规划|计划|公告|通告|标准|章程|指南|制度"
    r"|若干措施|若干政策|文件|规程|规范)"
)
_SUBJECT = rf"(?:(?:本|该|此|以上|上述){_KINDS}|本(?:实施)?{_KINDS})"
_ON_A_DAY = re.compile(rf"(?:自|从|于|至|，|^)?{_B}({DAY}){_B}(?:零时|0时)?{_B}(?:起|开始)?{_B}{_ACTS}")
_FROM_PUBLICATION = re.compile(
    rf"(?:自|从|于|在)?{_B}(公布|发布|颁布|印发|下发|公开发布){_B}(?:之日|之时|日期|日)?(?:起|即)?"
    rf"({_B}(?:满)?([0-9一二三四五六七八九十]{{1,3}})(?:个?工作)?日后)?{_B}(?:起)?{_B}{_ACTS}"
)
_UNTIL = re.compile(
    rf"(?:有效期(?:限)?|施行期(?:限)?|实施期(?:限)?|执行期(?:限)?|试行期(?:限)?|政策期限|有效期截止|有效期截至)"
    rf"(?:为|是|：|:)?{_B}(?:自{_B}(?:{DAY}){_B}(?:起)?)?{_B}(?:截?至|到|－|—|-|止于){_B}(?P<until>{DAY})"
)
_SPAN = re.compile(
    rf"(?:有效期|施行期限|实施期限|执行期限|试行期)(?:限)?(?:为|：|:)?{_B}(?:自|从)?{_B}(?:{DAY}){_B}(?:起)?{_B}(?:至|到|－|—|-)+{_B}(?P<until>{DAY})"
)
_AND_UNTIL = re.compile(
    rf"{_ACTS}{_B}[，,；;]?{_B}(?:有效期)?{_B}(?:截?至|到|执行至|执行到){_B}(?P<until>{DAY}){_B}(?:止|失效|废止|终止|。|，|；|$)"
)
_YEARS = re.compile(
    r"(?:有效期(?:限)?|施行期(?:限)?|实施期(?:限)?|执行期(?:限)?|试行期(?:限)?|试行)(?:为|是|：|:|暂定)?[ 　]*"
    r"(?P<count>[0-9]{1,2}|[一二两三四五六七八九十]{1,2})[ 　]*(?P<unit>年半|年|个月)(?![度份前底])"
)
_ENDS = re.compile(
    r"(?:同时|即行|即时|一并|相应|予以|同步|随之|均)?[ 　]{0,3}(?:宣布)?"
    r"(?:废止|停止执行|停止施行|停止实施|不再执行|失效)"
    r"(?!的|和|或|、|后|前|之)"
)
_TITLE = re.compile(r"《((?:[^《》]|《[^《》]*》)+)》")
_REFERRING = re.compile(r"(?:依照|按照|根据|依据|违反|适用|执行|落实|按|依)[ 　]*$")
_OTHER = re.compile(r"(?:第[^，。；]{1,12}[条款项章]|附件|附表|修改|原)[^，。；]{0,30}$")
_LONGEST_SENTENCE = 3_000  # characters; a list of what is repealed may be long


@dataclass(frozen=True, slots=True)
class Effect:
    """Days of effect as stated; `unknown` where it is 「自公布之日起」 and no day of publication is given."""

    found: Proposed[str] | None
    unknown: bool = False
    several: bool = False


def effect_of(text: str, made: Sequence[Made], published: Proposed[str] | None) -> Effect:
    """When it takes effect. What is said of the whole document outdoes what is said of a part, the last the first."""
    stated = [*_days_of_effect(text), *_from_publication(text, made, published)]
    ranked = sorted(stated, key=lambda one: (one[0], one[2].start))
    if not ranked:
        step = next((step for step in made if step.what == "in_force"), None)
        return Effect(Proposed(step.day.iso, step.start, step.end, "head") if step else None)
    best = ranked[-1]
    top = {one[1] for one in ranked if one[0] == best[0]}
    return Effect(best[2] if best[1] else None, unknown=best[1] is None, several=len(top) > 1)


_Stated = tuple[int, str | None, Proposed[str]]
"""(how surely it is said of the whole document, the day or None, the proposal)."""


def _days_of_effect(text: str) -> Iterator[_Stated]:
    for found in _ON_A_DAY.finditer(text):
        day = read_day(found[1])
        if day and (rank := _rank(text, found.start())) is not None:
            yield rank, day, Proposed(day, found.start(1), found.end())


def _from_publication(text: str, made: Sequence[Made], published: Proposed[str] | None) -> Iterator[_Stated]:
    for found in _FROM_PUBLICATION.finditer(text):
        if (rank := _rank(text, found.start())) is None:
            continue
        day = _published(made, published)
        later = small_number(found[3]) if found[3] and _is_number(found[3]) else 0
        if day and later:
            after = days_after(day, later)
            yield rank, after, Proposed(after or "", found.start(), found.end(), "days_after_publication")
        else:
            yield rank, day, Proposed(day or "", found.start(), found.end(), "from_publication")


def _is_number(written: str) -> bool:
    return re.fullmatch(r"[0-9]{1,3}|[一二三四五六七八九]?十?[一二三四五六七八九]?", written) is not None


def _published(made: Sequence[Made], published: Proposed[str] | None) -> str | None:
    """The day of the last publication of the whole text. After a meeting's own revision it is not known."""
    steps = [step for step in made if step.what in {"published", "reissued", "revised"}]
    if steps:
        return steps[-1].day.iso if steps[-1].what != "revised" else None
    if published is not None and not any(step.what == "adopted" for step in made):
        return published.value
    return None


def _sentence(text: str, at: int, marks: str = "。；\n") -> int:
    """Where the sentence around `at` begins; one that is endless is looked back into so far and no further."""
    furthest = max(0, at - _LONGEST_SENTENCE)
    return max(max(text.rfind(mark, furthest, at) for mark in marks) + 1, furthest)


def _rank(text: str, at: int) -> int | None:
    """How surely a statement at `at` is about the whole document; None where it is about another or a part."""
    begin = _sentence(text, at)
    before = re.sub(r"^第[^条]{1,9}条(?:之[一二三四五六七八九十])?", "", text[begin:at].strip(" \t\u3000#*"))
    before = before.strip(" \t\u3000，,")
    if re.search(rf"{_SUBJECT}(?:[（(][^）)]*[）)])?{_B}$", before):
        return 1 if re.search(r"本决定[ 　]*$", before) and not re.search("决定", text[:200]) else 3
    if before == "":
        return 2
    if _OTHER.search(before) or "》" in before:
        return None
    return 1 if len(before) <= 12 else None


def expiry_of(text: str, effective: Proposed[str] | None) -> Proposed[str] | None:
    """The last day of validity: stated, or reckoned from so many years of it. The last statement counts."""
    stated: list[Proposed[str]] = []
    for pattern in (_UNTIL, _SPAN, _AND_UNTIL):
        stated += [
            Proposed(day, found.start(), found.end("until"))
            for found in pattern.finditer(text)
            if (day := read_day(found["until"]))
        ]
    if stated:
        return max(stated, key=lambda one: one.start)
    spans = [found for found in _YEARS.finditer(text) if _of_this_document(text, found.start())]
    if not spans or effective is None:
        return None
    last = spans[-1]
    count, unit = small_number(last["count"]), last["unit"]
    end = last_of_years(effective.value, 0 if unit == "个月" else count, {"个月": count, "年半": 6}.get(unit, 0))
    return Proposed(end, last.start(), last.end(), "years_of_validity") if end else None


def _of_this_document(text: str, at: int) -> bool:
    """A certificate's 有效期三年 is not the document's: the sentence must begin with this document or its day."""
    begin = _sentence(text, at)
    before = re.sub(
        rf"^[#* 　]*(?:第[^条]{{1,9}}条|[一二三四五六七八九十]+、|[（(][^）)]{{1,3}}[）)])?{_B}", "", text[begin:at]
    )
    return re.match(rf"{_SUBJECT}|(?:自|从)?{_B}(?:{DAY}|公布|发布|颁布|印发|下发)|$", before) is not None


def repeals_of(text: str, effective: Proposed[str] | None) -> list[Proposed[Repeal]]:
    """Every document that a sentence ends, with the span of its title."""
    masked = _TITLE.sub(lambda found: "《" + "\0" * (len(found[0]) - 2) + "》", text)
    done: list[Proposed[Repeal]] = []
    for found in _ENDS.finditer(masked):
        begin = _sentence(masked, found.start(), "。\n")
        for title in _TITLE.finditer(text, begin, found.start()):
            if _REFERRING.search(text[begin : title.start()]) or not _ended(masked, title.end(), found.start()):
                continue
            day = _ended_on(text, title.start(), found.start(), effective)
            repeal = Repeal(title[1], _number_behind(text, title.end(), found.start()), day)
            done.append(Proposed(repeal, title.start(), title.end(), "stated" if day is None else "with_effect"))
    return list({(one.start, one.end): one for one in done}.values())


def _ended(masked: str, after: int, until: int) -> bool:
    """Nothing but other titles, their numbers and their givers stands between a title and the word that ends it."""
    between = re.sub(r"《\0*》|[（(][^（）()]*[）)]", "", masked[after:until])
    between = re.sub(r"[^，、；]{2,80}?(?:公布|发布|颁发|颁布|印发|制定|通过|批准)的", "", between)
    return len(re.sub(r"[\s，、；和及以与等]", "", between)) <= 40


def _ended_on(text: str, title: int, end: int, effective: Proposed[str] | None) -> str | None:
    own = next(iter(days_in(text, title, end)), None)
    if own and re.match(rf"{_B}(?:起|之日起)", text[own.end : own.end + 6]):
        return own.iso
    return effective.value if effective is not None else None


def _number_behind(text: str, after: int, until: int) -> str | None:
    brackets = re.compile(r"[ 　]*[（(]([^（）()]{3,60})[）)]").match(text, after, until)
    if brackets is None:
        return None
    number = NUMBER.search(brackets[1]) or re.search(r"[^，、\s]{2,30}号", brackets[1])
    return re.sub(r"\s", "", number[0]) if number else None
