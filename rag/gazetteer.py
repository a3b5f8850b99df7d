"""Place names: the lexicon of data/jurisdictions.toml, and where a text names one of them.

A name is taken only where its neighbours let it be the place: 青岛市南京路 names no 市南, 高新技术企业 no 高新区.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

PlaceKind = Literal["country", "province", "city", "district", "zone"]
_DATA = Path(__file__).parent / "data" / "jurisdictions.toml"
_SUFFIXES = ("", "省", "市")
_STREET = r"[东西南北中一二三四五六七八九十支]{0,2}(?:路|大街|街|大道)(?![演边])"
_SCHOOL = (
    r"(?:交通|理工|科技|工业|师范|财经|经贸|航空航天|邮电|化工|农业|林业|医科|中医药|外国语|海洋|海事|建筑|电力|石油|体育|工程"
    r"|政法|电子科技|信息工程|对外经济贸易)?(?:大学(?!生)|学院)"
)
_INSTITUTION = r"(?:银行|证券|交易所|商报|日报|晚报|啤酒|主板|联交所|创业板|籍|身份证)"
_NOT_A_DIVISION = r"[域块间]"  # 高新区域, 高新区块链, 城阳区间车
_REACH = 16  # characters of context that a guard sees on either side
_NOT_A_PLACE = rf"{_STREET}|{_SCHOOL}|{_INSTITUTION}"


@dataclass(frozen=True, slots=True)
class Place:
    """A jurisdiction. `code` is its GB/T 2260 division code where it has one; `checked` False means 待核对."""

    name: str
    kind: PlaceKind
    slug: str
    code: str | None = None
    host: str | None = None
    aliases: tuple[str, ...] = ()
    english: tuple[str, ...] = ()
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A place named in a text at [start, end). `place` is None where it lies outside Qingdao."""

    name: str
    place: Place | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Guard:
    """What a name's neighbours must be, or must not be, for it to mean the place."""

    left_not: re.Pattern[str] | None = None
    right_not: re.Pattern[str] | None = None
    left_only: re.Pattern[str] | None = None

    def admits(self, text: str, start: int, end: int) -> bool:
        left, right = text[max(0, start - _REACH) : start], text[end : end + _REACH]
        if self.left_only is not None and not self.left_only.search(left):
            return False
        if self.left_not is not None and self.left_not.search(left):
            return False
        return self.right_not is None or not self.right_not.match(right)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One name in the lexicon. Neither place nor elsewhere: a blocker, which only swallows its own characters."""

    text: str
    place: Place | None
    elsewhere: str | None
    guard: _Guard
    generic: bool = False

    def belongs_to(self, before: Mention | None, start: int) -> bool:
        """Whether the name stands right behind another place's: 济南高新区 is Jinan's, 城阳区高新区 is ours."""
        if not self.generic or before is None or before.end != start:
            return False
        ours = (self.place.name, self.place.host, "青岛市", "山东省") if self.place is not None else ()
        return before.name not in ours


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The places, the places by `key_of` each of their names, and all names by first character, longest first."""

    places: tuple[Place, ...]
    by_key: dict[str, Place]
    by_first: dict[str, tuple[_Entry, ...]]


def scan(text: str) -> Iterator[Mention]:
    """Every place named in the text, in order and without overlap; the longest name at a spot wins."""
    by_first = gazetteer().by_first
    lowered = _lower(text)
    at, last = 0, None
    while at < len(text):
        entry = _entry_at(lowered, at, by_first.get(lowered[at], ()))
        if entry is None:
            at += 1
            continue
        mention = _mention(entry, at)
        if mention is not None and not entry.belongs_to(last, at):
            yield mention
            last = mention
        at += len(entry.text)


def _mention(entry: _Entry, at: int) -> Mention | None:
    name = entry.place.name if entry.place is not None else entry.elsewhere
    return Mention(name, entry.place, at, at + len(entry.text)) if name is not None else None


def _entry_at(text: str, at: int, candidates: tuple[_Entry, ...]) -> _Entry | None:
    """The longest name that stands at `at` and whose neighbours let it be one."""
    for entry in candidates:
        if text.startswith(entry.text, at) and entry.guard.admits(text, at, at + len(entry.text)):
            return entry
    return None


def _lower(text: str) -> str:
    """Lower case of the same length (İ becomes two characters and is left alone), typographic apostrophe folded."""
    return "".join(low if len(low := c.lower()) == 1 else c for c in text).replace("’", "'")


def key_of(text: str) -> str:
    """A name as it is looked up: NFKC, lower case, without blanks, dashes and parentheses."""
    return re.sub(r"[\s\-—·（）()]+", "", unicodedata.normalize("NFKC", text)).lower()


@cache
def gazetteer() -> Gazetteer:
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    known = tuple(_place(row) for row in data["place"])
    by_key = {key_of(name): p for p in known for name in (p.name, *p.aliases, *p.english)}
    entries = [
        *_own(known, data["guards"], set(data["generic"]["names"])),
        *_others(data["elsewhere"]),
        *_blockers(data["blockers"]["names"]),
    ]
    by_first: dict[str, list[_Entry]] = {}
    for entry in sorted(entries, key=lambda e: -len(e.text)):
        by_first.setdefault(entry.text[0], []).append(entry)
    return Gazetteer(known, by_key, {first: tuple(group) for first, group in by_first.items()})


def _place(row: dict[str, Any]) -> Place:
    fields = {**row, "aliases": tuple(row.get("aliases", ())), "english": tuple(row.get("english", ()))}
    return Place(**fields)


def _own(known: tuple[Place, ...], guards: dict[str, dict[str, str]], generic: set[str]) -> Iterator[_Entry]:
    for place in known:
        if place.kind == "country":  # 全国学会, 科创中国: a word of names more often than a place
            continue
        for name in (place.name, *place.aliases):
            yield _Entry(name.lower(), place, None, _guard(name, guards.get(name, {})), name in generic)
        for name in place.english:
            yield _Entry(name.lower(), place, None, _word(guards.get(name, {})))


def _others(data: dict[str, Any]) -> Iterator[_Entry]:
    guards: dict[str, dict[str, str]] = data["guards"]
    for name in dict.fromkeys([*data["provinces"], *data["bare"]]):
        for suffix in _SUFFIXES:
            yield _Entry(name + suffix, None, name, _guard(name + suffix, guards.get(name, {})))
    for name in [*data["regions"], *data["suffixed"]]:
        yield _Entry(name, None, name, _guard(name, {}))
    for name in data["english"]:
        yield _Entry(name.lower(), None, name, _word(guards.get(name, {})))


def _blockers(names: list[str]) -> Iterator[_Entry]:
    for name in names:
        yield _Entry(name.lower(), None, None, _word({}) if name.isascii() else _Guard())


def _guard(name: str, spec: dict[str, str]) -> _Guard:
    """The guard of a Chinese name: its own rules, and that no street, bank or school is called after it."""
    rights = [f"(?:{spec['right_not']})"] if "right_not" in spec else []
    if name.endswith(("区", "园")):
        rights.append(_NOT_A_DIVISION)
    elif not name.endswith(("市", "省")) and not (name.endswith("州") and len(name) > 2):
        rights.append(_NOT_A_PLACE)
    right_not = re.compile("|".join(rights)) if rights else None
    return _Guard(_left(spec.get("left_not")), right_not, _left(spec.get("left_only")))


def _word(spec: dict[str, str]) -> _Guard:
    """The guard of an English name: a whole word, and no street."""
    right_not = re.compile(r"[A-Za-z]| (?:road|street|university|bank)\b", re.IGNORECASE)
    left = spec.get("left_not")
    return _Guard(_left(f"[A-Za-z]|{left}" if left else "[A-Za-z]"), right_not)


def _left(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(rf"(?:{pattern})\Z") if pattern else None
