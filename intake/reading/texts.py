"""Words, lines, tags, whole numbers and e-mail addresses, each within the step's bounds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from intake.models import Read, Saying, Step, Unread
from intake.reading.numerals import number
from intake.reading.plain import as_typed, lines_as_typed, plain, tight
from intake.reading.sensitive import names_contact

_UNIT_CHARACTERS = "年月日天周秒分时次个件台套吨克升米厘毫微纳帕度瓦伏安赫焦牛倍级项人万亿元路帧成倍㎡"
_NUMBER_AND_UNIT = re.compile(
    rf"[0-9.]+\s*(?:[a-zA-Zμ°%‰℃ΩÅ]|[×x*]|[{_UNIT_CHARACTERS}]|小时|公斤)|[一二两三四五六七八九十百]+(?:成|倍|年|个月|万)"
)
_ENDINGS = (
    *(
        "公司",
        "研究院",
        "大学",
        "学院",
        "中心",
        "协会",
        "所",
        "厂",
        "院",
        "社",
        "银行",
        "合作社",
        "学会",
        "集团",
        "局",
        "委",
        "园",
        "部",
    ),
    *("办公室", "商会", "联盟", "基金会", "店", "行"),
)
_TAG_SEPARATORS = re.compile(r"[、,,;;/|\n\s]+")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
_EMAIL_LEAD = re.compile(r"^(?:我的|电子|工作)*(?:邮箱|邮件|e-?mail)?(?:是|为)?[::]?", re.IGNORECASE)
_COUNTERS = re.compile(r"(?:个人|个|人|名|位|件|项|左右|大概|约|大约|共|有|需要|招|吧)")
_MARKER = re.compile(r"^\s*(?:[0-9]{1,2}[.、)）]|[-·•*])\s*")
_SAME = re.compile(r"[\s()]+")


def read_text(text: str, step: Step, org_name: str | None = None) -> Read | Unread:
    """Read(text as typed, trimmed). Bounds count characters after NFKC; below `soft_min` it is taken with a warning."""
    words = "\n".join(filter(None, (plain(line) for line in text.splitlines())))
    bounds = _out_of_bounds(len(words), step)
    if bounds is not None:
        return bounds
    broken = _broken_rule(words, step, org_name)
    if broken is not None:
        return broken
    kept = lines_as_typed(text)
    return Read(kept, Saying("show.text", {"text": kept}), _warnings(words, step))


def _out_of_bounds(length: int, step: Step) -> Unread | None:
    values = {"typed": str(length), "min": str(step.min or 1), "max": str(step.max or ""), "example": step.example}
    if length == 0:
        return Unread(Saying("error.text.empty", values))
    if step.min is not None and length < step.min:
        return Unread(Saying("error.text.too_short", values))
    if step.max is not None and length > step.max:
        return Unread(Saying("error.text.too_long", values))
    return None


def _broken_rule(words: str, step: Step, org_name: str | None) -> Unread | None:
    if "number_with_unit" in step.rules and not _NUMBER_AND_UNIT.search(words):
        return Unread(Saying("error.text.no_number", {"example": step.example}))
    if "not_the_org_name" in step.rules and org_name and _bare(words) == _bare(org_name):
        return Unread(Saying("error.text.is_org_name", {"example": step.example}))
    if "no_contact" in step.rules and names_contact(words):
        return Unread(Saying("error.text.contact", {"label": step.label}))
    return None


def _warnings(words: str, step: Step) -> tuple[Saying, ...]:
    found = []
    if step.soft_min is not None and len(words) < step.soft_min:
        found.append(Saying("warning.text.short", {"typed": str(len(words)), "soft_min": str(step.soft_min)}))
    if "organisation_ending" in step.rules and not names_organisation(words):
        found.append(Saying("warning.text.org_ending"))
    return tuple(found)


def names_organisation(words: str) -> bool:
    """True where the text ends as organisations' names end (…公司, …大学, …研究院)."""
    return _SAME.sub("", plain(words)).endswith(_ENDINGS)


def _bare(words: str) -> str:
    return _SAME.sub("", plain(words))


def numbers_with_unit(words: str) -> int:
    """How many numbers with a unit stand in the text (40%, 25 LMH, 三个月)."""
    return len(_NUMBER_AND_UNIT.findall(plain(words)))


def read_tags(text: str, step: Step) -> Read | Unread:
    """Read(tuple of tags) without repeats, between min and max of them, each at most `max_each` characters."""
    tags = tuple(dict.fromkeys(filter(None, _TAG_SEPARATORS.split(plain(text).strip("。.")))))
    return _listed(tags, step, "tags")


def read_lines(text: str, step: Step) -> Read | Unread:
    """Read(tuple of lines), their numbering taken off."""
    lines = tuple(filter(None, (_MARKER.sub("", as_typed(line)) for line in re.split(r"[\n;；]", text))))
    return _listed(lines, step, "lines")


def _listed(items: Sequence[str], step: Step, kind: str) -> Read | Unread:
    values = {"max": str(step.max or ""), "max_each": str(step.max_each or ""), "example": step.example}
    if not items:
        return Unread(Saying(f"error.{kind}.empty", values))
    if step.max is not None and len(items) > step.max:
        return Unread(Saying(f"error.{kind}.too_many", {**values, "typed": str(len(items))}))
    long = next((item for item in items if step.max_each is not None and len(item) > step.max_each), None)
    if long is not None:
        return Unread(Saying(f"error.{kind}.too_long", {**values, "item": long}))
    return Read(tuple(items), Saying("show.text", {"text": "、".join(items)}))


def read_int(text: str, step: Step) -> Read | Unread:
    """Read(int) between the step's min and max; 三人, 2 个 and 约 10 名 are read."""
    said = _COUNTERS.sub("", tight(text).replace(",", ""))
    value = number(said) if said else None
    values = {"min": str(step.min or 0), "max": str(step.max or ""), "example": step.example or "3"}
    if value is None or value != value.to_integral_value():
        return Unread(Saying("error.int.empty" if not tight(text) else "error.int.not_a_number", values))
    if (step.min is not None and value < step.min) or (step.max is not None and value > step.max):
        return Unread(Saying("error.int.out_of_range", {**values, "typed": str(int(value))}))
    return Read(int(value), Saying("show.text", {"text": str(int(value))}))


def read_email(text: str) -> Read | Unread:
    """Read(address) with its domain in lower case, or error.email.*."""
    said = _EMAIL_LEAD.sub("", tight(text))
    if not said:
        return Unread(Saying("error.email.empty"))
    if "@" not in said:
        return Unread(Saying("error.email.no_at"))
    if len(said) > 254 or ".." in said or not _EMAIL.fullmatch(said):
        return Unread(Saying("error.email.not_an_address"))
    name, _, domain = said.partition("@")
    address = f"{name}@{domain.lower()}"
    return Read(address, Saying("show.text", {"text": address}))
