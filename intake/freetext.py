"""「用您自己的话说说」: rules that propose answers from a story, each with the stretch of text it came from.

Proposals only: nothing counts until the person confirms it. What the step's own reader would refuse is not proposed.
Deadlines and amounts are taken only beside words that name them: 「三个月后衰减40%」 is no deadline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from intake.models import Form, Read, Saying, Step
from intake.reading.industries import find_industries
from intake.reading.numerals import NUMERAL
from intake.reading.places import place_names
from intake.reading.steps import Circumstances, read_step
from intake.reference import Reference
from intake.values import Value

TITLE_LONGEST, SUMMARY_LONGEST, KEYWORDS_MOST = 40, 120, 5


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value for a step, as read from text[start:end] of the story; `echo` shows it."""

    step: str
    value: Value
    echo: Saying
    start: int
    end: int


_CLAUSE = re.compile(r"[^。；;！!？?\n，,]+")
_SENTENCE = re.compile(r"[^。；;！!？?\n]+")
_AMOUNT = re.compile(
    rf"(?:不超过|不低于|至少|最多|大概|大约|约|差不多)?{NUMERAL}+[几多余来]?\s?[万亿]?(?:元|块)?"
    rf"(?:(?:-|~|—|–|至|到){NUMERAL}+[几多余来]?\s?[万亿]?(?:元|块)?)?(?:以内|之内|以下|以上|左右|上下)?"
)
_AMOUNT_CUE = re.compile(r"预算|投入|出资|资金|经费|费用|融资|贷款|拿出|愿意出|愿出|投资|金额|租金|缺|借")
_NOT_AN_AMOUNT_CUE = re.compile(r"营收|产值|销售额|注册资本|年收入|利润|销量|市场规模|成本")
_DATE_START = re.compile(r"[0-9〇零一二两三四五六七八九十半今明后年本下这月季上春元国最截不]")
_DATE_UNIT = re.compile(r"[年月日号周天底末度旬]|春节|国庆|五一|元旦")
_DATE_CUE = re.compile(
    r"完成|交付|上线|投产|到位|到岗|解决|落地|前|截止|期限|希望|计划|争取|预计|期望|要求|内实现|用款|入驻|最晚|最迟|需要"
)
_NOT_A_DATE_CUE = re.compile(r"运行|使用|衰减|寿命|成立|经营|已经|过去|去年|以来|累计")
# 3年 alone may be a pay-back time or an age; 3年内 is a deadline.
_BARE_LENGTH = re.compile(r"[0-9一二两三四五六七八九十半]+(?:个?半?[年月天周日]|个月)半?")
_LONGEST_DATE = 16
_LEAD = re.compile(
    r"^(?:您好|你好|我们|我司|本公司|公司|我们公司|我们厂|单位|企业|我|现在|目前|近期|现|正在|一直|主要|想|要|希望|需要|寻求|寻找|打算|计划|能|"
    r"在|就|是|请|帮忙|帮|找|解决|做|遇到|的)+(?:了|一下|一个|一家|一些)?"
)

_WANT = re.compile(r"想|希望|需要|寻求|寻找|解决|攻克|缺|急需|难题|问题|招|贷款|融资|改进|开发|研发")


def propose(text: str, form: Form, at: Circumstances) -> tuple[Proposal, ...]:
    """Proposals for the form's steps, at most one a step, in the order of the form. Spans index the text given.

    One amount and one date are proposed at most, to the first step that asks for such: a story rarely tells two.
    """
    found: list[Proposal] = []
    spent: set[str] = set()
    for step in form.steps:
        kind = _sort_of(step)
        if kind in spent or not may_be_proposed(step):
            continue
        proposal = next(_for_step(text, step, at), None)
        if proposal is not None:
            found.append(proposal)
            spent.update({kind} & {"money", "date"})
    return tuple(found)


def _sort_of(step: Step) -> str:
    return "money" if any(option.low is not None for option in step.options) else step.type


def may_be_proposed(step: Step) -> bool:
    """Whether a story may fill a step in: never a personal one."""
    if step.personal or step.copy_of is not None or step.follow_up_of is not None:
        return False
    if step.part == "need":
        return step.fast or step.proposed or _sort_of(step) in ("money", "date")
    return step.part == "profile" and step.type in ("district", "zone", "industry")


def propose_kinds(text: str, reference: Reference, most: int = 3) -> tuple[str, ...]:
    """Kinds the words point to, the likeliest first; longer words weigh more. Empty where nothing points anywhere."""
    scores = {
        entry.kind: sum(len(word) * text.count(word) for word in entry.words if word in text)
        for entry in reference.kinds
    }
    ranked = sorted((kind for kind, score in scores.items() if score), key=lambda kind: -scores[kind])
    return tuple(ranked[:most])


def _for_step(text: str, step: Step, at: Circumstances) -> Iterator[Proposal]:
    if _sort_of(step) == "money":
        return _amounts(text, step, at)
    if step.type in ("enum", "multi"):
        return _choices(text, step)
    rules = {"date": _dates, "district": _places, "zone": _places, "industry": _industries}
    return rules.get(step.type, _words)(text, step, at)


def _amounts(text: str, step: Step, at: Circumstances) -> Iterator[Proposal]:
    for clause in _CLAUSE.finditer(text):
        if not _AMOUNT_CUE.search(clause.group()) or _NOT_AN_AMOUNT_CUE.search(clause.group()):
            continue
        for amount in _AMOUNT.finditer(text, clause.start(), clause.end()):
            if re.search(r"[万亿元]", amount.group()):
                yield from _read(text, amount.start(), amount.end(), step, at)


def _dates(text: str, step: Step, at: Circumstances) -> Iterator[Proposal]:
    for clause in _CLAUSE.finditer(text):
        if not _DATE_CUE.search(clause.group()) or _NOT_A_DATE_CUE.search(clause.group()):
            continue
        for start in range(clause.start(), clause.end()):
            if _DATE_START.match(text, start):
                yield from _longest_date(text, start, clause.end(), step, at)


def _longest_date(text: str, start: int, limit: int, step: Step, at: Circumstances) -> Iterator[Proposal]:
    for end in range(min(limit, start + _LONGEST_DATE), start + 1, -1):
        if _DATE_UNIT.search(text[start:end]) and not _BARE_LENGTH.fullmatch(text[start:end]):
            proposals = list(_read(text, start, end, step, at))
            if proposals:
                yield from proposals
                return


def _places(text: str, step: Step, at: Circumstances) -> Iterator[Proposal]:
    for name, _, zone in sorted(place_names(at.reference), key=lambda place: -len(place[0])):
        start = text.find(name)
        if start >= 0 and (zone or step.type == "district"):
            yield from _read(text, start, start + len(name), step, at)


def _industries(text: str, step: Step, at: Circumstances) -> Iterator[Proposal]:
    """Only where the trades named agree on one industry."""
    codes = find_industries(text, at.reference)
    if len(codes) == 1:
        for industry in at.reference.industries:
            if industry.code == codes[0]:
                names = (industry.label, *industry.keywords, *industry.aliases)
                yield from _mentioned(text, names, industry.code, industry.label, step)


def _choices(text: str, step: Step) -> Iterator[Proposal]:
    """An option whose label or alias stands in the text. Two different ones for a single choice propose nothing."""
    hits = [
        hit
        for option in step.options
        if option.code not in ("other", "none", "any", "open")
        for hit in _mentioned(text, (option.label, *option.aliases), option.code, option.label, step)
    ]
    if step.type == "enum" and len(hits) == 1:
        yield hits[0]
    if step.type == "multi" and hits and len(hits) <= (step.max or len(hits)):
        labels = "、".join(hit.echo.values["text"] for hit in hits)
        codes = tuple(str(hit.value) for hit in hits)
        yield Proposal(step.id, codes, Saying("show.text", {"text": labels}), hits[0].start, hits[-1].end)


def _mentioned(text: str, names: Iterable[str], code: str, label: str, step: Step) -> Iterator[Proposal]:
    for name in sorted(names, key=len, reverse=True):
        start = text.find(name)
        if len(name) > 1 and start >= 0:
            yield Proposal(step.id, code, Saying("show.text", {"text": label}), start, start + len(name))
            return


def _words(text: str, step: Step, at: Circumstances) -> Iterator[Proposal]:
    if step.id == "title":
        yield from _title(text, step, at)
    elif step.id == "summary":
        yield from _summary(text, step, at)
    elif step.id == "keywords":
        yield from _keywords(text, step, at)
    elif step.id in ("problem", "content", "question") and text.strip():
        yield from _read(text, 0, len(text), step, at)


def _title(text: str, step: Step, at: Circumstances) -> Iterator[Proposal]:
    """The first clause that names what is wanted, without its opening words; the first clause where none does."""
    clauses = sorted(_CLAUSE.finditer(text), key=lambda clause: not _WANT.search(clause.group()))
    for clause in clauses:
        words = clause.group()
        start = clause.start() + len(words) - len(words.lstrip())
        lead = _LEAD.match(text[start : clause.end()])
        start += lead.end() if lead else 0
        proposals = list(_read(text, start, min(clause.end(), start + TITLE_LONGEST), step, at))
        if proposals:
            yield proposals[0]
            return


def _summary(text: str, step: Step, at: Circumstances) -> Iterator[Proposal]:
    """The first sentence that is long enough, or as many clauses of it as fit."""
    for sentence in _SENTENCE.finditer(text):
        end = sentence.end()
        if end - sentence.start() > SUMMARY_LONGEST:
            cut = max(text.rfind(mark, sentence.start(), sentence.start() + SUMMARY_LONGEST) for mark in "，,、")
            end = cut if cut > sentence.start() else sentence.start() + SUMMARY_LONGEST
        proposals = list(_read(text, sentence.start(), end, step, at))
        if proposals and not (at.org_name and at.org_name in text[sentence.start() : end]):
            yield proposals[0]
            return


def _keywords(text: str, step: Step, at: Circumstances) -> Iterator[Proposal]:
    known = {word for industry in at.reference.industries for word in industry.keywords if len(word) > 1}
    hits = sorted((text.find(word), word) for word in known if word in text)
    longest = [(at_, word) for at_, word in hits if not any(word != other and word in other for _, other in hits)]
    chosen = longest[:KEYWORDS_MOST]
    if chosen:
        words = tuple(word for _, word in chosen)
        last_start, last = chosen[-1]
        echo = Saying("show.text", {"text": "、".join(words)})
        yield Proposal(step.id, words, echo, chosen[0][0], last_start + len(last))


def _read(text: str, start: int, end: int, step: Step, at: Circumstances) -> Iterator[Proposal]:
    """The stretch as the step's own reader takes it; nothing where it would be refused."""
    read = read_step(step, text[start:end], at)
    if isinstance(read, Read) and read.value is not None:
        yield Proposal(step.id, read.value, read.echo, start, end)
