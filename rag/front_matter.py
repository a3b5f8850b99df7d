"""The card above a policy's text: YAML between two --- lines → Policy, or faults that name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml
from pydantic import ValidationError

from rag.card_faults import explain
from rag.faults import Fault
from rag.policies import Policy

FENCE = "---"
MAX_CARD = 64_000  # characters; the longest card of ours has 3,000
_DATES = {"issued", "effective", "expires", "on"}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A policy's front matter as read: `lines` says where each field stands, `body` where the text begins (from 1)."""

    file: str
    policy: Policy
    lines: Mapping[Path, int]
    body: int

    def fault(self, path: Path, what: str, mend: str) -> Fault:
        return Fault(self.file, line_of(self.lines, path), what, mend)


def split(text: str) -> tuple[str, str] | None:
    """(front matter, body) of a text that starts with a --- line; None where the closing --- is missing."""
    found = re.match(r"---[ ]*\n(.*?)^---[ ]*(?:\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return (found[1], text[found.end() :]) if found else None


def read_card(file: str, source: str) -> Card | list[Fault]:
    """The card, or what is wrong with it. `source` is the text between the fences, from line 2 of the file."""
    if len(source) > MAX_CARD:
        return [
            Fault(file, 1, f"表头有{len(source)}个字符，太长", f"表头不超过{MAX_CARD}个字符，正文写在第二条 --- 之后")
        ]
    try:
        fields, lines, faults = _load(file, source)
    except yaml.YAMLError as error:
        return [_yaml_fault(file, error)]
    except RecursionError:
        return [Fault(file, 1, "表头嵌套太深", "照 _template.md 的写法，最多两层")]
    if faults:
        return faults
    try:
        policy = Policy.model_validate(fields)
    except ValidationError as error:
        wrong = explain(error.errors(include_url=False))
        return [Fault(file, line_of(lines, path), what, mend) for path, what, mend in wrong]
    return Card(file, policy, lines, body=source.count("\n") + 3)


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """The line of a field, or of the nearest thing around it that has one."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _load(file: str, source: str) -> tuple[dict[str, Any], dict[Path, int], list[Fault]]:
    loader = _loader()(source)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            return {}, {}, [Fault(file, 2, "表头不是“字段: 值”的样子", "每行一个字段，例如：id: qd-ai-2025")]
        lines: dict[Path, int] = {(): 2}
        faults = list(_walk(file, node, (), lines, set()))
        fields = {} if faults else loader.construct_document(node)
    finally:
        loader.dispose()
    return _as_text(fields), lines, faults


def _walk(file: str, node: yaml.Node, path: Path, lines: dict[Path, int], seen: set[int]) -> Iterator[Fault]:
    """Note each node's line; report what YAML would silently accept: a field given twice, an alias."""
    line = node.start_mark.line + 2
    if id(node) in seen:
        yield Fault(file, line, "用了 YAML 的别名（&、*）", "把内容直接写出来")
        return
    seen.add(id(node))
    lines.setdefault(path, line)
    if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null"):
        name = next((part for part in reversed(path) if isinstance(part, str)), "表头")
        yield Fault(file, line, f"{name} 后面是空的", "写上值；不知道就删去这一行")
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(file, item, (*path, index), lines, seen)
    elif isinstance(node, yaml.MappingNode):
        yield from _walk_fields(file, node, path, lines, seen)


def _walk_fields(
    file: str, node: yaml.MappingNode, path: Path, lines: dict[Path, int], seen: set[int]
) -> Iterator[Fault]:
    for key, value in node.value:
        line, name = key.start_mark.line + 2, getattr(key, "value", None)
        if not isinstance(key, yaml.ScalarNode) or name == "<<":
            yield Fault(file, line, "字段名不是一个词", "每行写成“字段: 值”，例如：level: city")
        elif (*path, name) in lines:
            yield Fault(file, line, f"字段 {name} 写了两次", f"只留一个 {name}")
        else:
            lines[*path, key.value] = line
            yield from _walk(file, value, (*path, key.value), lines, seen)


def _as_text(value: Any, key: str = "") -> Any:
    """A year alone (issued: 2021) is a number to YAML and a date to us."""
    if isinstance(value, dict):
        return {k: _as_text(v, str(k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_as_text(v) for v in value]
    return str(value) if key in _DATES and type(value) in (int, date) else value


def _yaml_fault(file: str, error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 2 if mark is not None else 1
    problem = getattr(error, "problem", None) or "invalid YAML"
    hint = '冒号后留一个空格；值里有冒号、#、引号时，整个值用英文双引号括起来，例如：title: "关于…: …"'
    return Fault(file, line, f"表头读不懂（YAML：{problem}）", hint)


@cache
def _loader() -> Any:
    """The safe loader, in C where there is one, that leaves dates, times and yes/no as the words they are."""
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    plain = {
        "tag:yaml.org,2002:bool": re.compile(r"(?:true|false)\Z"),
        "tag:yaml.org,2002:int": re.compile(r"-?(?:0|[1-9][0-9]*)\Z"),
        "tag:yaml.org,2002:float": re.compile(r"-?[0-9]+\.[0-9]+\Z"),
        "tag:yaml.org,2002:null": re.compile(r"(?:~|null|)\Z"),
    }
    firsts = {"tag:yaml.org,2002:bool": "tf", "tag:yaml.org,2002:null": ["~", "n", ""]}
    loader = type("CardLoader", (base,), {"yaml_implicit_resolvers": {}})
    for tag, pattern in plain.items():
        loader.add_implicit_resolver(tag, pattern, list(firsts.get(tag, "-0123456789")))  # type: ignore[attr-defined]  # made above
    return loader
