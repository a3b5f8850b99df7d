"""Places: which policies reach an asker (全国 ▸ 山东省 ▸ 青岛市 ▸ district or zone), and which place a question names.

The names stand in data/jurisdictions.toml. 黄岛区 and 青岛西海岸新区 are one jurisdiction; a zone has a host district.
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
LOCAL: frozenset[str] = frozenset({"city", "district", "zone"})
_DATA = Path(__file__).parent / "data" / "jurisdictions.toml"
_SUFFIXES = ("", "省", "市")
_STREET = r"[东西南北中一二三四五六七八九十支]{0,2}(?:路|大街|街|大道)(?![演边])"
_SCHOOL = (
    r"(?:交通|理工|科技|工业|师范|财经|经贸|航空航天|邮电|化工|农业|林业|医科|中医药|外国语|海洋|海事|建筑|电力|石油|体育|工程"
    r"|政法|电子科技|信息工程|对外经济贸易)?(?:大学(?!生)|学院)"
)
_INSTITUTION = r"(?:银行|证券|交易所|商报|日报|晚报|啤酒)"
_NOT_A_PLACE = re.compile(rf"{_STREET}|{_SCHOOL}|{_INSTITUTION}")


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
        left, right = text[:start], text[end:]
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
        ours = self.place is not None and before.place in _around(self.place)
        return not ours


@dataclass(frozen=True, slots=True)
class _Gazetteer:
    places: tuple[Place, ...]
    by_key: dict[str, Place]
    by_first: dict[str, tuple[_Entry, ...]]


def places() -> tuple[Place, ...]:
    """Every jurisdiction known here, widest first, districts before zones."""
    return _gazetteer().places


def parse_place(text: str) -> Place | None:
    """The place that `text` is a name or alias of (崂山, 崂山区, 西海岸新区, 青岛市崂山区, Laoshan), else None."""
    key = _key(text)
    known = _gazetteer().by_key
    for prefix in ("", "山东省", "山东", "中国"):
        rest = key.removeprefix(prefix)
        for city in ("", "青岛市", "青岛"):
            if (found := known.get(rest.removeprefix(city))) is not None:
                return found
    return None


def line(place: Place) -> tuple[str, ...]:
    """Names of the jurisdictions whose policies may reach somebody there, the asker's own first, 全国 last.

    A zone is followed by its host district; a district by the zones it hosts, since the asker may sit in one.
    """
    near: tuple[str, ...] = ()
    if place.kind == "zone":
        near = (place.name, place.host or "青岛市")
    elif place.kind == "district":
        near = (place.name, *(p.name for p in places() if p.host == place.name))
    wider = {"country": 3, "province": 2, "city": 1}.get(place.kind, 1)
    parents = ("青岛市", "山东省", "全国")[wider - 1 :]
    return tuple(dict.fromkeys(near + parents))


def find_mentions(text: str) -> list[Mention]:
    """Every place named in `text`, in order and without overlap; the longest name at a spot wins."""
    return list(_scan(text))


def find_places(text: str) -> list[Place]:
    """Places of Qingdao that `text` names, in order, once each; 青岛市 itself only where nothing narrower is named."""
    found = dict.fromkeys(m.place for m in _scan(text) if m.place is not None and m.place.kind in LOCAL)
    named = [place for place in found if place is not None]
    return [place for place in named if place.kind != "city"] or named


def find_elsewhere(text: str) -> list[str]:
    """Provinces and cities outside Qingdao that `text` names, in order, once each.

    Streets (南京路), banks, universities and the Shanghai Cooperation Organisation are no places. Both this and
    `find_places` may find something: 「上海企业迁到青岛」 is for the caller to judge.
    """
    return list(dict.fromkeys(m.name for m in _scan(text) if m.place is None))


def _scan(text: str) -> Iterator[Mention]:
    by_first = _gazetteer().by_first
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


def _around(place: Place) -> list[Place | None]:
    """The place and those that contain it within the country."""
    return [parse_place(name) for name in line(place) if name != "全国"]


def _entry_at(text: str, at: int, candidates: tuple[_Entry, ...]) -> _Entry | None:
    """The longest name that stands at `at` and whose neighbours let it be one."""
    for entry in candidates:
        if text.startswith(entry.text, at) and entry.guard.admits(text, at, at + len(entry.text)):
            return entry
    return None


def _lower(text: str) -> str:
    """Lower case of the same length (İ becomes two characters and is left alone), typographic apostrophe folded."""
    return "".join(low if len(low := c.lower()) == 1 else c for c in text).replace("’", "'")


def _key(text: str) -> str:
    return re.sub(r"[\s\-—·（）()]+", "", unicodedata.normalize("NFKC", text)).lower()


@cache
def _gazetteer() -> _Gazetteer:
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    known = tuple(_place(row) for row in data["place"])
    by_key = {_key(name): p for p in known for name in (p.name, *p.aliases, *p.english)}
    entries = [
        *_own(known, data["guards"], set(data["generic"]["names"])),
        *_others(data["elsewhere"]),
        *_blockers(data["blockers"]["names"]),
    ]
    by_first: dict[str, list[_Entry]] = {}
    for entry in sorted(entries, key=lambda e: -len(e.text)):
        by_first.setdefault(entry.text[0], []).append(entry)
    return _Gazetteer(known, by_key, {first: tuple(group) for first, group in by_first.items()})


def _place(row: dict[str, Any]) -> Place:
    fields = {**row, "aliases": tuple(row.get("aliases", ())), "english": tuple(row.get("english", ()))}
    return Place(**fields)


def _own(known: tuple[Place, ...], guards: dict[str, dict[str, str]], generic: set[str]) -> Iterator[_Entry]:
    for place in known:
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
    own = spec.get("right_not")
    ends_as_division = name.endswith(("区", "市", "省", "园")) or (name.endswith("州") and len(name) > 2)
    right = f"(?:{own})" if ends_as_division else f"(?:{own})|{_NOT_A_PLACE.pattern}"
    right_not = re.compile(right if own else "(?!)" if ends_as_division else _NOT_A_PLACE.pattern)
    return _Guard(_left(spec.get("left_not")), right_not, _left(spec.get("left_only")))


def _word(spec: dict[str, str]) -> _Guard:
    """The guard of an English name: a whole word, and no street."""
    right_not = re.compile(r"[A-Za-z]| (?:road|street|university|bank)\b", re.IGNORECASE)
    left = spec.get("left_not")
    return _Guard(_left(f"[A-Za-z]|{left}" if left else "[A-Za-z]"), right_not)


def _left(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(rf"(?:{pattern})\Z") if pattern else None
