"""Places: which policies reach an asker (全国 ▸ 山东省 ▸ 青岛市 ▸ district or zone), and which place a question names.

The names stand in data/jurisdictions.toml. 黄岛区 and 青岛西海岸新区 are one jurisdiction; a zone has a host district.
"""

from __future__ import annotations

from rag.gazetteer import Mention, Place, PlaceKind, gazetteer, key_of, scan

__all__ = [
    "Mention",
    "Place",
    "PlaceKind",
    "find_elsewhere",
    "find_mentions",
    "find_places",
    "line",
    "parse_place",
    "places",
]

_LOCAL = {"city", "district", "zone"}


def places() -> tuple[Place, ...]:
    """Every jurisdiction known here, widest first, districts before zones."""
    return gazetteer().places


def parse_place(text: str) -> Place | None:
    """The place that `text` is a name or alias of (崂山, 崂山区, 西海岸新区, 青岛市崂山区, Laoshan), else None."""
    key = key_of(text)
    known = gazetteer().by_key
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
    return list(scan(text))


def find_places(text: str) -> list[Place]:
    """Places of Qingdao that `text` names, in order, once each; 青岛市 itself only where nothing narrower is named."""
    found = dict.fromkeys(m.place for m in scan(text) if m.place is not None and m.place.kind in _LOCAL)
    named = [place for place in found if place is not None]
    return [place for place in named if place.kind != "city"] or named


def find_elsewhere(text: str) -> list[str]:
    """Provinces and cities outside Qingdao that `text` names, in order, once each.

    Streets (南京路), banks, universities and the Shanghai Cooperation Organisation are no places. Both this and
    `find_places` may find something: 「上海企业迁到青岛」 is for the caller to judge.
    """
    return list(dict.fromkeys(m.name for m in scan(text) if m.place is None))
