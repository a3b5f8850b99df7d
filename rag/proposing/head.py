"""The head of a document: its title, number and issuer, and what its first lines say of its making. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.proposing.days import DAY, Day, days_in
from rag.proposing.models import Proposed

_B = r"[ \t\u00a0\u2000-\u200a\u3000]"
_MOST_LINES = 40
_TITLE_END = re.compile(
    r"(?:通知|通告|公告|公报|意见|办法|措施|条例|规定|细则|规则|方案|规划|计划|决定|决议|法|法典|政策|指南|指引|函|批复|目录"
    r"|要点|标准|规范|章程|准则|制度|清单|纲要|令|解释|须知|解读|汇编|守则|政策[0-9一二三四五六七八九十]+条)"
    r"(?:[（(〔\[][^（）()]{1,24}[）)〕\]]){0,2}$"
)
_BODY = re.compile(
    rf"{_B}*(?:第{_B}?[一1１]{_B}?[编章条节]|[一1１]{_B}?[、．.]|[（(][一1][）)]|(?:各|有关)[^。\n]{{1,60}}[：:]{_B}*$)"
)
_LABEL = (
    rf"(标{_B}*题|名{_B}*称|发文机关|发文机构|发布机构|发布单位|发布机关|制定机关|发文字号|发文文号|文{_B}*号|文件编号|成文日期|发文日期"
    rf"|印发日期|发布日期|公布日期|公开日期|施行日期|生效日期|实施日期|失效日期|有效期至|有效期截止|废止日期|索{_B}*引{_B}*号"
    rf"|主题分类|主题词|信息来源|来源|有效性|统一编号|规范性文件编号)"
)
_LABELLED = re.compile(rf"^{_B}*[【\[]?{_LABEL}[】\]]?{_B}*[：:]{_B}*([^\n]*?){_B}*$", re.MULTILINE)
_LABELLED_CELL = re.compile(rf"\|{_B}*{_LABEL}{_B}*[：:]?{_B}*\|{_B}*([^|\n]*?){_B}*(?=\|)")
NUMBER = re.compile(
    rf"(?<![\u3400-\u9fff])[\u3400-\u9fff]{{1,14}}{_B}?[〔\[（(【]{_B}?(?:19|20)[0-9]{{2}}{_B}?[〕\]）)】]{_B}?(?:第)?[0-9]{{1,4}}{_B}?号"
)
_ORDER = re.compile(r"[\u3400-\u9fff]{2,30}令(?:（?第|[〔\[][0-9]{4}[〕\]]第?)[0-9]{1,4}号")
_LETTERHEAD = re.compile(rf"{_B}*[\u3400-\u9fff 　、]{{4,60}}(?:文件|公报|办公厅|办公室){_B}*$")
_BODY_OF_STATE = (
    r"[\u3400-\u9fff、]{2,40}?(?:人民政府(?:办公厅|办公室)?|委员会(?:办公厅|办公室)?|管理委员会|管委会|国务院(?:办公厅)?|[^国]部"
    r"|[^当]局|[^大]厅|署|中心|办公室|办公厅|领导小组|支行|分行|银行|税务局|法院|检察院|党组|党委|学会|协会|集团)"
)
_ISSUER_LINE = re.compile(rf"{_B}*((?:{_BODY_OF_STATE})(?:{_B}+(?:{_BODY_OF_STATE}))*){_B}*$")
_FIRST_WORDS = re.compile(rf"[^\s。，；]{{4,120}}(?={_B})")  # a web page's text on one line begins with its title
_ENDS_AS_ISSUER = re.compile(rf"{_BODY_OF_STATE}$")
_CONGRESS = re.compile(r"([\u3400-\u9fff]{0,20}?)第[一二三四五六七八九十]{1,3}届(全国)?(人民代表大会(?:常务委员会)?)")

_GOES_ON = re.compile(rf"(?:{_BODY_OF_STATE})?{_B}*(?:关于|印发|转发)")
_NO_NAME = re.compile(
    rf"(?:通{_B}*[知告报]|公{_B}*[告示报]|决{_B}*[定议]|意{_B}*见|函|令|文{_B}*件|目{_B}*录|附{_B}*件[0-9]*)"
)

Making = Literal["adopted", "published", "amended", "revised", "reissued", "approved", "in_force"]
"""What a line under the title says was done: 通过 · 公布 发布 · 根据…的决定修正(修订) · a meeting's own 修订 ·
revised by an order of its own · 批准 · 施行."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its heading marks and blanks: text[start:end]. `depth` is the number of #."""

    start: int
    end: int
    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class Made:
    """A step of a document's making, with its day and the stretch of text that says so."""

    what: Making
    day: Day
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines, up to where the text proper begins at `end`, and the labelled ones among them by label."""

    lines: tuple[Line, ...]
    end: int
    labels: dict[str, Proposed[str]]


def read_head(text: str) -> Head:
    lines: list[Line] = []
    for line in lines_of(text):
        text_proper = len(line.text) > 40 and line.text.endswith("。")
        if not lines and (text_proper or len(line.text) > 500) and (first := _FIRST_WORDS.match(line.text)):
            lines.append(Line(line.start, line.start + first.end(), line.depth, first[0]))
        if text_proper or len(line.text) > 500 or len(lines) >= _MOST_LINES or _BODY.match(line.text):
            break
        lines.append(line)
    end = lines[-1].end if lines else 0
    return Head(tuple(lines), end, _labels(text, end))


def lines_of(text: str, start: int = 0) -> Iterator[Line]:
    """Lines with something in them. Comments (<!-- … -->) and rules are none."""
    for found in re.finditer(r"[^\n]+", text[start:]):
        at, raw = start + found.start(), found[0]
        marks = re.match(rf"{_B}*(#{{1,6}})?{_B}*(?:\*\*)?", raw)
        skip = marks.end() if marks else 0
        body = re.sub(rf"(?:\*\*)?{_B}*$", "", raw[skip:])
        if body and not re.fullmatch(r"<!--.*-->|[-*_ ]{3,}", body):
            depth = len(marks[1]) if marks and marks[1] else 0
            yield Line(at + skip, at + skip + len(body), depth, body)


def title_of(head: Head, hint: str = "") -> Proposed[str] | None:
    """The title: what a label says, the first heading, the hint of the file's reader, else a line that reads as one."""
    for label in ("标题", "名称"):
        if label in head.labels:
            return head.labels[label]
    plain = [line for line in head.lines if not _furniture(line.text)]
    if hint and (line := next((line for line in plain if line.text == hint), None)):
        return Proposed(line.text, line.start, line.end, "heading")
    for place, line in enumerate(plain):
        if line.depth and (line.depth == 1 or _TITLE_END.search(line.text)):
            return _joined(plain, place, "heading")
    for place, line in enumerate(plain[:12]):
        if _TITLE_END.search(line.text) and len(line.text) >= 4 and "。" not in line.text:
            return _joined(plain, place, "first_line")
    return None


def _joined(lines: Sequence[Line], place: int, why: Literal["heading", "first_line"]) -> Proposed[str]:
    """A title that runs over lines: 青岛市人民政府办公厅 / 关于印发…的通知. Blanks between 汉字 are layout."""
    first = place
    while first and _runs_on(lines[first - 1].text, lines[first].text):
        first -= 1
    last = place
    if why == "heading" or not _TITLE_END.search(lines[place].text):
        while last + 1 < len(lines) and lines[last].depth and lines[last + 1].depth == lines[last].depth == 1:
            last += 1
            if not _runs_on(lines[last - 1].text, lines[last].text):
                last -= 1
                break
    words = "".join(line.text for line in lines[first : last + 1])
    value = re.sub(r"(?<=[\u3400-\u9fff])[ \t\u3000]+(?=[\u3400-\u9fff])", "", words)
    return Proposed(value[:500], lines[first].start, lines[last].end, why)


def _runs_on(before: str, after: str) -> bool:
    """Whether a line goes on in the next: an issuer's name alone before 关于, or 关于…的 before its noun."""
    if _TITLE_END.search(before) or "。" in before or NUMBER.search(before) or _furniture(before):
        return False
    named_alone = _ISSUER_LINE.match(before) is not None and after.startswith(("关于", "印发"))
    return named_alone or _GOES_ON.match(before) is not None


def _furniture(line: str) -> bool:
    """Lines of a head that are no title: letterhead, number, labels, a date, a call for comments."""
    return bool(
        line.startswith("|")
        or _NO_NAME.fullmatch(line)
        or _LABELLED.match(line)
        or (NUMBER.search(line) and len(line) < 40)
        or re.fullmatch(rf"[（(]?(?:{DAY}).{{0,80}}", line)
        or (_LETTERHEAD.match(line) and line.rstrip().endswith(("文件", "公报")))
    )


def number_of(text: str, head: Head, made: Sequence[Made] = ()) -> Proposed[str] | None:
    """The 文号 in the head, not one in brackets behind another document's title; else the order it was published by."""
    for label in ("发文字号", "发文文号", "文号", "规范性文件编号"):
        if label in head.labels:
            return head.labels[label]
    for found in NUMBER.finditer(text, 0, head.end):
        before = text[max(0, found.start() - 2) : found.start()]
        if "》" not in before and not before.endswith(("（", "(")):
            return Proposed(_tight(found[0]), found.start(), found.end(), "head")
    for step in reversed(made):
        if step.what in {"published", "reissued"} and (order := _ORDER.search(text, step.day.end, step.end)):
            return Proposed(_tight(order[0]), order.start(), order.end(), "order")
    return None


def issuer_of(text: str, head: Head, title: Proposed[str] | None, made: Sequence[Made]) -> Proposed[str] | None:
    """Who issued it: a label, the names above the date at the end, the title's own beginning, an order, a congress."""
    for label in ("发文机关", "发文机构", "制定机关", "发布机关", "发布机构", "发布单位"):
        if label in head.labels:
            return head.labels[label]
    if (signed := _signature(text)) is not None:
        return signed
    return (_in_title(text, title) if title is not None else None) or _maker(text, made)


def _in_title(text: str, title: Proposed[str]) -> Proposed[str] | None:
    """青岛市人民政府办公厅 of 青岛市人民政府办公厅关于印发…的通知."""
    about = re.compile("关于|印发").search(text, title.start, title.end)
    named = text[title.start : about.start()].rstrip() if about else ""
    if len(named) > 100 or not _ENDS_AS_ISSUER.search(_tight(named)):
        return None
    return Proposed(_tight(named), title.start, title.start + len(named), "title")


def signed_on(text: str) -> Day | None:
    """The day that stands alone on one of the last lines: when it was written."""
    for line in _last_lines(text):
        found = next(days_in(text, line.start, line.end), None)
        if found and re.fullmatch(r"[（(]?", text[line.start : found.start]) and found.end >= line.end - 1:
            return found
    return None


def _signature(text: str) -> Proposed[str] | None:
    lines = _last_lines(text)
    for place, line in enumerate(lines):
        day = next(days_in(text, line.start, line.end), None)
        if day is None or text[line.start : day.start].strip() or place == 0:
            continue
        names: list[Line] = []
        for above in reversed(lines[:place]):
            if not _ISSUER_LINE.match(above.text) or len(above.text) > 60:
                break
            names.insert(0, above)
        if names:
            value = "、".join(re.sub(rf"{_B}+", "、", name.text.strip()) for name in names)
            return Proposed(value[:500], names[0].start, names[-1].end, "signature")
    return None


def _last_lines(text: str) -> list[Line]:
    """Where a signature may stand: the lines of the last stretch, and of that before what is attached."""
    lines = list(lines_of(text, max(0, len(text) - 1500)))[-12:]
    first = re.search(rf"\n{_B}*(?:#+{_B}*)?附{_B}*件{_B}*[0-9一二三]?{_B}*[：:]?", text)
    cut = list(lines_of(text[: first.start()], max(0, first.start() - 600)))[-8:] if first else []
    return [*cut, *lines]


def _maker(text: str, made: Sequence[Made]) -> Proposed[str] | None:
    """国务院令第…号, 第十一届全国人民代表大会常务委员会…: who the last making of the whole text is by."""
    for step in reversed([s for s in made if s.what in {"published", "reissued", "revised", "adopted"}]):
        begin = step.day.end
        if (
            order := re.compile(r"[（(]?(?:中华人民共和国)?([\u3400-\u9fff]{2,20}?)(?=令第)").search(
                text, begin, step.end
            )
        ) or (
            order := re.compile(rf"{_B}*([\u3400-\u9fff、]{{2,40}}?)(?=公布|发布|颁布|印发|第[0-9]+次常务会议)").match(
                text, begin, step.end
            )
        ):
            return Proposed(order[1], order.start(1), order.end(1), "order")
        if congress := _CONGRESS.search(text, begin, step.end):
            value = f"{congress[1]}{congress[2] or ''}{congress[3]}"
            return Proposed(value, congress.start(), congress.end(), "head")
    return None


def makings(text: str, head: Head) -> list[Made]:
    """What the lines under the title say of its making, in the order of days as they stand there."""
    found: list[Made] = []
    for line in head.lines:
        if line.text.startswith("|") or _LABELLED.match(line.text):
            continue
        days = list(days_in(text, line.start, line.end))
        for place, day in enumerate(days):
            end = days[place + 1].start if place + 1 < len(days) else line.end
            if what := _making(text[day.end : end]):
                found.append(Made(what, day, day.start, end))
    return found


def _making(words: str) -> Making | None:
    bare = re.sub(r"《[^》]*》|〈[^〉]*〉", "《》", words)
    by_decision = "《》" in bare and re.search(r"修[正订改]", bare) is not None
    if by_decision:
        return "amended"
    if re.search(r"修订", bare) and "令" in bare:
        return "reissued"
    if "修订" in bare and "公布" not in bare:
        return "revised"
    if "修正" in bare:
        return "amended"
    for word, what in (("公布", "published"), ("发布", "published"), ("颁布", "published"), ("印发", "published")):
        if word in bare:
            return what  # type: ignore[return-value]  # the pairs above hold names of makings
    if "通过" in bare:
        return "adopted"
    if "批准" in bare:
        return "approved"
    return "in_force" if re.fullmatch(r"[\s　]*起?(?:施行|实施)[\s　）)]*", bare) else None


def _labels(text: str, end: int) -> dict[str, Proposed[str]]:
    found: dict[str, Proposed[str]] = {}
    for label in (*_LABELLED.finditer(text, 0, end), *_LABELLED_CELL.finditer(text, 0, end)):
        if label[2].strip():
            found.setdefault(re.sub(r"\s", "", label[1]), Proposed(label[2], label.start(2), label.end(2), "label"))
    return found


def _tight(words: str) -> str:
    return re.sub(r"\s", "", words)
