"""Where a party stands: 区(市) and functional zones, by code, label, the names people use, or an address.

The longest name wins (胶州经开区 is not 开发区), a zone's name gives its host district and is kept beside it. Former
districts (四方, 胶南) are read as what they became, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intake.models import Option, Read, Saying, Unread
from intake.question_shape import shaped_as_question
from intake.reading.plain import tight
from intake.reference import Reference
from intake.values import Value

_FILLER = re.compile(
    r"山东省?|青岛市?|我们|我司|公司|单位|企业|注册地?|办公地?|经营地?|总部|位于|坐落|地址|所在地?|区市|就|都|在|是|于|的|那边|这边|附近|功能区|"
    r"[()\[\]::,、。-]"
)
_ADDRESS = re.compile(
    r".{0,40}?(?:路|街|街道|道|镇|乡|村|园|园区|大厦|广场|社区|中心|座|楼|区|县|号)[0-9A-Za-z号楼座层室栋-]*"
)
_CITY = re.compile(r"(?:山东省?)?青岛市?|岛城|山东省?")
OUTSIDE = "outside"
LONGEST_OUTSIDE = 8
"""Characters that may follow another city's name: its own districts are not listed here."""
_ZONES_WITHOUT_PLACE = frozenset({"other", "none"})


@dataclass(frozen=True, slots=True)
class _Name:
    text: str
    district: str
    zone: str | None = None
    merged: bool = False


def read_district(text: str, reference: Reference) -> Read | Unread:
    """Read(district code); `also["zone"]` where a zone was named. Errors error.district.*; a question stays unread."""
    said = tight(text)
    if not said:
        return _error("district", "empty", reference)
    if shaped_as_question(text):
        return _error("district", "not_in_list", reference)
    numbered = _by_number(said, reference.options("districts"))
    if numbered is not None:
        return _read(reference, _Name(said, numbered))
    found, rest = find_names(said, _names(reference))
    return _judged(found, rest, said, reference)


def _judged(found: Sequence[_Name], rest: str, said: str, reference: Reference) -> Read | Unread:
    if not found and _CITY.fullmatch(said):
        return _error("district", "city_only", reference)
    if not found:
        return _error("district", "not_in_list", reference)
    first = min(found, key=lambda name: said.index(name.text))
    before, _, after = said.partition(first.text)
    if _is_noise(before) and _ADDRESS.fullmatch(after):
        return _read(reference, first)
    districts = tuple(dict.fromkeys(name.district for name in found))
    if len(districts) > 1:
        return Unread(Saying("error.district.several"), candidates=districts)
    if not _is_noise(rest) and not (districts[0] == OUTSIDE and len(rest) <= LONGEST_OUTSIDE):
        return _error("district", "not_in_list", reference)
    return _read(reference, next((name for name in found if name.zone), first))


def _read(reference: Reference, name: _Name) -> Read:
    label = next(district.label for district in reference.districts if district.code == name.district)
    warnings = (Saying("warning.district.merged", {"said": name.text, "label": label}),) if name.merged else ()
    also: dict[str, Value] = {"zone": name.zone} if name.zone else {}
    return Read(name.district, Saying("show.text", {"text": label}), warnings, also)


def read_zone(text: str, reference: Reference) -> Read | Unread:
    """Read(zone code), or error.zone.*. 不在 and 没有 are the answer `none`."""
    said = tight(text)
    if not said:
        return _error("zone", "empty", reference)
    options = reference.options("zones")
    code = _by_number(said, options) or _exact(said, options)
    if code is None and not shaped_as_question(text):
        names = [_Name(text, "", zone.code) for zone in reference.zones for text in (zone.label, *zone.aliases)]
        found, rest = find_names(said, [name for name in names if name.zone not in _ZONES_WITHOUT_PLACE])
        codes = {name.zone for name in found}
        code = found[0].zone if len(codes) == 1 and _is_noise(rest) else None
    if code is None:
        return _error("zone", "not_in_list", reference)
    label = next(option.label for option in options if option.code == code)
    return Read(code, Saying("show.text", {"text": label}))


def find_names(said: str, names: Iterable[_Name]) -> tuple[list[_Name], str]:
    """The names in the text, the longest first and each stretch once, and what is left of the text."""
    found, rest = [], said
    for name in sorted(names, key=lambda name: -len(name.text)):
        if name.text in rest:
            found.append(name)
            rest = rest.replace(name.text, "\0")
    return found, rest.replace("\0", "")


def place_names(reference: Reference) -> list[tuple[str, str, str | None]]:
    """(name, district code, zone code or None) of every place within the city, for search in running text."""
    return [(name.text, name.district, name.zone) for name in _names(reference) if name.district != OUTSIDE]


def _names(reference: Reference) -> list[_Name]:
    names = [
        _Name(text, district.code, merged=text in district.merged)
        for district in reference.districts
        for text in (district.label, *district.aliases, *district.merged)
    ]
    names += [
        _Name(text, zone.hosts[0], zone.code)
        for zone in reference.zones
        if zone.hosts
        for text in (zone.label, *zone.aliases)
    ]
    return names


def _is_noise(rest: str) -> bool:
    left = _FILLER.sub("", rest)
    return left in ("", "区", "市", "县") or _ADDRESS.fullmatch(left) is not None


def _by_number(said: str, options: Sequence[Option]) -> str | None:
    if re.fullmatch(r"[0-9]{1,2}", said) and 1 <= int(said) <= len(options):
        return options[int(said) - 1].code
    return said if any(said == option.code for option in options) else None


def _exact(said: str, options: Sequence[Option]) -> str | None:
    return next((option.code for option in options if said in (option.label, *option.aliases)), None)


def _error(kind: str, name: str, reference: Reference) -> Unread:
    options = reference.options(f"{kind}s")
    return Unread(Saying(f"error.{kind}.{name}", {"example": "、".join(option.label for option in options[3:6])}))
