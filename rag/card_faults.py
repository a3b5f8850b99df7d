"""What pydantic says of a card → what staff read: the field, what is wrong with it, and how to write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from rag.faults import choose, nearest
from rag.policies import Application, Condition, Deadline, Policy, Relation, Source

Path = tuple[str | int, ...]

_EXAMPLES = {
    "id": "id: qd-ai-2025",
    "title": "title: 青岛市支持人工智能产业发展若干政策措施",
    "issuer": "issuer: 青岛市人民政府办公厅",
    "level": "level: city",
    "jurisdiction": "jurisdiction: 青岛市",
    "categories": "categories: [science]",
    "status": "status: 有效",
    "status_asof": 'status_asof: "2026-11-22"',
    "status_basis": "status_basis: 通知载明有效期",
    "sources": "sources: 下面一行“  - title: …”，再写 kind、coverage、official",
    "confidence": "confidence: medium",
    "rel": "rel: 替代",
    "kind": "kind: news",
    "coverage": "coverage: excerpt",
    "official": "official: false",
}
_PARTS: dict[str, type[BaseModel]] = {
    "relations": Relation,
    "sources": Source,
    "application": Application,
    "conditions": Condition,
    "deadlines": Deadline,
}
_DATE = '写成 2025、2025-04 或 2025-04-26，知道多少写多少，例如：issued: "2025-04"'
_FULL_DATE = '写成年-月-日，例如：status_asof: "2026-11-22"'
_ID = "只用小写字母、数字和短横线，最长60个，例如：qd-ai-2025"
_URL = "写完整网址，以 http:// 或 https:// 开头；没有网址就删去 url 这一行"
_DATE_FIELDS = {"issued", "effective", "expires", "on"}
_ID_FIELDS = {"id", "supersedes"}


@dataclass(frozen=True, slots=True)
class _Error:
    """One validation error: where, of what kind, and what stood there."""

    path: Path
    kind: str
    input: object
    message: str
    context: dict[str, object]

    @property
    def name(self) -> str:
        """relations 第2项的 id, from ("relations", 1, "id")."""
        steps = (f" 第{part + 1}项的 " if isinstance(part, int) else part for part in self.path)
        return "".join(steps).removesuffix("的 ").strip()

    @property
    def field(self) -> str:
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")

    @property
    def shown(self) -> str:
        text = str(self.input).replace("\n", " ")
        return text if len(text) <= 40 else f"{text[:40]}…"

    @property
    def example(self) -> str:
        example = _EXAMPLES.get(self.field)
        return f"例如：{example}" if example else "照 _template.md 的写法"


def explain(details: Iterable[ErrorDetails]) -> list[tuple[Path, str, str]]:
    """(where, what is wrong, how to mend it) of each thing wrong, without what only follows from another."""
    errors = [_Error(_path(d["loc"]), d["type"], d["input"], d["msg"], dict(d.get("ctx", {}))) for d in details]
    return [(error.path, *_say(error)) for error in errors if not _follows(error, errors)]


def _follows(error: _Error, errors: list[_Error]) -> bool:
    """A list is "too short" when its items are wrong; a field is "missing" when its name is misspelt."""
    if error.kind == "too_short":
        return any(
            len(other.path) > len(error.path) and other.path[: len(error.path)] == error.path for other in errors
        )
    if error.kind == "missing":
        siblings = [other for other in errors if other.kind == "extra_forbidden" and other.path[:-1] == error.path[:-1]]
        return any(_meant(other) == error.field for other in siblings)
    return False


def _say(error: _Error) -> tuple[str, str]:
    say = next((say for kind, say in _SAYINGS if re.fullmatch(kind, error.kind)), None)
    return say(error) if say else (f"{error.name} 的写法不对（{error.message}）", error.example)


def _path(loc: Path) -> Path:
    """Without the names that pydantic gives to the members of a union."""
    return tuple(part for part in loc if part not in {"str", "int", "float", "tuple[str, ...]"})


def _unknown(error: _Error) -> tuple[str, str]:
    guess = _meant(error)
    meant = f"改成 {guess}，或删去这一行" if guess else "删去这一行"
    return f"不认识的字段 {error.name}", f"{meant}；可用的字段：{'、'.join(_fields(error))}"


def _fields(error: _Error) -> list[str]:
    owner = _PARTS.get(str(error.path[0]), Policy) if len(error.path) > 1 else Policy
    return list(owner.model_fields)


def _meant(error: _Error) -> str | None:
    return nearest(error.field, _fields(error))


def _word(error: _Error) -> tuple[str, str]:
    allowed = re.findall(r"'([^']*)'", str(error.context.get("expected", "")))
    return f"{error.name} 的值“{error.shown}”不在可用的词里", choose(str(error.input), allowed)


def _pattern(error: _Error) -> tuple[str, str]:
    field = error.field
    mend = _DATE if field in _DATE_FIELDS else _ID if field in _ID_FIELDS else _URL if field == "url" else error.example
    return f"{error.name} 的值“{error.shown}”写法不对", mend


_SAYINGS: tuple[tuple[str, Callable[[_Error], tuple[str, str]]], ...] = (
    ("missing", lambda e: (f"缺少字段 {e.name}", f"补上一行，{e.example}")),
    ("extra_forbidden", _unknown),
    ("enum|literal_error", _word),
    ("no_such_day", lambda e: (f"{e.name} 的日期“{e.shown}”在日历上没有", _DATE)),
    ("string_pattern_mismatch", _pattern),
    ("date_.*", lambda e: (f"{e.name} 的值“{e.shown}”不是完整的日期", _FULL_DATE)),
    ("string_too_short|too_short", lambda e: (f"{e.name} 不能为空", f"至少写一个；{e.example}")),
    (
        "string_too_long|too_long",
        lambda e: (f"{e.name} 太长", f"不超过{e.context.get('max_length')}个字；长内容写到正文里"),
    ),
    ("string_.*", lambda e: (f"{e.name} 的值“{e.shown}”应是文字", "给值加上英文双引号")),
    ("bool_.*", lambda e: (f"{e.name} 的值“{e.shown}”应是 true 或 false", "写 true（是）或 false（否），不加引号")),
    (
        "tuple_type|list_type",
        lambda e: (f"{e.name} 应是一个列表", "写成 [甲, 乙]；只有一个也加方括号，例如：[science]"),
    ),
    (
        "model_.*|dict_type",
        lambda e: (f"{e.name} 应是一组“字段: 值”", "下面各行缩进两格写字段，照 _template.md 的写法"),
    ),
    ("int_.*|float_.*", lambda e: (f"{e.name} 的值“{e.shown}”应是整数", "写阿拉伯数字，从 0 数起，例如：provision: 0")),
)
