"""The grammar of a digest's text (see policies_corpus/_template.md): its headings, and that it never poses as the law.

> 摘要说明…以主管部门发布的原文为准…
## 摘要第1条〔label〕 {provision=0 confidence=high}
## 摘要补充1〔label〕 {confidence=medium}
## 摘要附表1〔name〕 {table=0 confidence=medium}     followed by a Markdown table
## 摘要说明 {confidence=medium}        ## 办理〔申报与联系〕 {confidence=medium}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Said = tuple[int, str, str]
"""A fault in the text: its line (from 0), what is wrong, how to mend it."""

_HEADING = re.compile(
    r"## (?:(?P<kind>摘要第|摘要补充|摘要附表)(?P<number>[1-9][0-9]*)(?P<unit>条?)|(?P<plain>摘要说明|办理))"
    r"(?:〔(?P<label>[^〔〕{}]+)〕)?(?P<attributes> \{[^{}]*\})?"
)
_ATTRIBUTES = re.compile(r" \{(?:(?P<key>provision|table)=(?P<index>[0-9]+) )?confidence=(?P<confidence>[a-z]+)\}")
_KEYS = {"摘要第": "provision", "摘要附表": "table"}
_EXAMPLE = "## 摘要第1条〔标准〕 {provision=0 confidence=medium}"
_AS_LAW = re.compile(
    r"第[一二三四五六七八九十百零〇0-9]+条(?:之[一二三四五六七八九十])?(?:第[^，。；]{1,3}[款项])?(?:明确)?规定"
)
_QUOTED = re.compile(r"(?:[“「『][^”」』]{16,}[”」』]|(?:原文|条文)[：:]\s*[“「『].*)[。.]?")


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading at `line` and the lines under it. `index` is the number in its braces, None without one."""

    line: int
    kind: str
    index: int | None
    content: tuple[str, ...]


def digest_faults(text: str) -> Iterator[Said]:
    """What is wrong with a digest's text, in the order of its lines as far as each rule goes."""
    lines = text.split("\n")
    yield from _preamble(lines)
    sections: list[_Section] = []
    heads = [number for number, line in enumerate(lines) if re.match(r"#{1,6}(?:\s|$)", line)]
    if not heads:
        yield 0, "正文没有条目标题", f"每条前写一行标题，例如：{_EXAMPLE}"
        return
    for head, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        read = _section(lines, head, end)
        if isinstance(read, _Section):
            sections.append(read)
        else:
            yield read
    for section in sections:
        yield from _content(section)
    yield from _order(sections)
    yield from _posing(lines)


def _preamble(lines: list[str]) -> Iterator[Said]:
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    opening = "".join(line for line in lines[first : first + 8] if line.startswith(">"))
    if "摘要" not in opening or "以主管部门发布的原文为准" not in opening:
        yield (
            first,
            "正文开头没有说明这是摘要",
            "正文第一行写：> 这是一份摘要，不是原文；……以主管部门发布的原文为准。照 _template.md 的写法",
        )


def _section(lines: list[str], head: int, end: int) -> _Section | Said:
    heading = _HEADING.fullmatch(lines[head].rstrip())
    if heading is None or (heading["kind"] == "摘要第") != (heading["unit"] == "条"):
        return (
            head,
            f"标题“{lines[head][:40]}”不合写法",
            f"只用 摘要第N条、摘要补充N、摘要附表N、摘要说明、办理，例如：{_EXAMPLE}",
        )
    attributes = _ATTRIBUTES.fullmatch(heading["attributes"] or "")
    if attributes is None or attributes["confidence"] not in {"high", "medium"}:
        return (
            head,
            "标题没有写明可信度",
            f"在标题后的花括号里写 confidence=high 或 confidence=medium，例如：{_EXAMPLE}",
        )
    kind = heading["kind"] or heading["plain"]
    if attributes["key"] != _KEYS.get(kind):
        return head, f"“{kind}”的花括号里序号字段不对", "摘要第N条写 provision=N-1，摘要附表N写 table=N-1，其余不写序号"
    index = int(attributes["index"]) if attributes["index"] is not None else None
    if index is not None and index + 1 != int(heading["number"]):
        return (
            head,
            f"第{heading['number']}的序号应是{int(heading['number']) - 1}，写成了{index}",
            "序号从 0 数起，比标题里的数小 1",
        )
    return _Section(head, kind, index, tuple(lines[head + 1 : end]))


def _content(section: _Section) -> Iterator[Said]:
    filled = [line for line in section.content if line.strip()]
    if not filled:
        yield section.line, "标题下面没有内容", "写上这一条的内容，或删去这个标题"
    elif section.kind == "摘要附表":
        yield from _table(section)


def _table(section: _Section) -> Iterator[Said]:
    rows = [(n, line) for n, line in enumerate(section.content, section.line + 1) if line.startswith("|")]
    if len(rows) < 3 or not re.fullmatch(r"\|(?: *:?-+:? *\|)+", rows[1][1].rstrip()):
        yield section.line, "附表下面没有表格", "写 Markdown 表格：表头一行、| --- | --- | 一行、再写各行"
        return
    columns = rows[0][1].count("|")
    for number, row in rows[1:]:
        if row.count("|") != columns:
            yield number, f"这一行的格数与表头（{columns - 1}格）不同", "补齐或删去多余的 |"


def _order(sections: list[_Section]) -> Iterator[Said]:
    """Provision and table numbers rise and none comes twice; a gap is a clause that was left out on purpose."""
    last: dict[str, int] = {}
    for section in sections:
        if section.index is None:
            continue
        if section.index <= last.get(section.kind, -1):
            yield section.line, f"序号 {section.index} 重复或倒退", "各条序号从小到大，不重复；删去的序号不再用"
        last[section.kind] = max(section.index, last.get(section.kind, -1))


def _posing(lines: list[str]) -> Iterator[Said]:
    for number, line in enumerate(lines):
        if found := _AS_LAW.search(line):
            yield (
                number,
                f"摘要里写了“{found[0]}”，像在引法条",
                "改用自己的话；说明出处时写在〔〕里，例如：## 摘要第1条〔第十一条〕 {…}",
            )
        if _QUOTED.fullmatch(line.strip().lstrip("> ")):
            yield number, "整句加了引号，像原文", "去掉引号：摘要是我们的话，不是原文"
