"""What a card must satisfy beyond its schema: dates in order, a known place, official or press links only."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from rag.faults import choose
from rag.front_matter import Path
from rag.jurisdictions import Place, parse_place, places
from rag.legal_time import days
from rag.models import Level
from rag.policies import JudgedStatus, Policy

LINKED_HOSTS = (
    "gov.cn",  # every government site
    "ncss.cn",  # 国家大学生就业服务平台, of the Ministry of Education
    "people.com.cn",
    "xinhuanet.com",
    "news.cn",
    "cctv.com",
    "chinadaily.com.cn",
    "dzwww.com",  # 大众网, 大众日报
    "iqilu.com",  # 齐鲁网
    "qingdaonews.com",  # 青岛新闻网, which also serves the city's 民生在线
    "guanhai.com.cn",  # 观海新闻 and the e-papers of 青岛日报社
    "wfnews.com.cn",  # 潍坊新闻网
)
"""Hosts that may be linked, with everything below them: official ones and the press. Extend it with a reason."""

Ruled = tuple[Path, str, str]
"""(which field, what is wrong, how to mend it)"""

_IN_FORCE = {JudgedStatus.IN_FORCE, JudgedStatus.PARTLY_EXPIRED}
_WIDTH = {"country": 3, "province": 2, "city": 1, "district": 0, "zone": 0}
_REACH = {Level.NATIONAL: 3, Level.PROVINCE: 2, Level.CITY: 1, Level.DISTRICT: 0}


def card_faults(policy: Policy) -> Iterator[Ruled]:
    """Every rule that this card breaks on its own, without a look at other files."""
    yield from _dates(policy)
    yield from _place(policy)
    yield from _links(policy)
    yield from _words(policy)


def linkable(url: str) -> bool:
    """Whether the address is http(s) on an official or press host."""
    host = _host(url)
    return any(host == known or host.endswith(f".{known}") for known in LINKED_HOSTS)


def _host(url: str) -> str:
    """The host of a plain http(s) address, "" where there is none or somebody@ stands before it."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    return host if parts.scheme in {"http", "https"} and parts.username is None else ""


def _dates(policy: Policy) -> Iterator[Ruled]:
    end = days(policy.expires) if policy.expires else None
    if end is not None and policy.effective and days(policy.effective).first > end.last:
        yield ("expires",), f"到期日 {policy.expires} 早于施行日 {policy.effective}", "核对 effective 和 expires"
    elif end is not None and policy.status in _IN_FORCE and end.last < policy.status_asof:
        yield (
            ("status",),
            f"{policy.expires} 已过，状态却是“{policy.status}”",
            "改成“已到期”，或查到延期依据后改 expires",
        )
    if end is not None and policy.status is JudgedStatus.EXPIRED and end.first > policy.status_asof:
        yield ("status",), f"{policy.expires} 才到期，状态却是“已到期”", "核对 expires 和 status_asof"
    if policy.issued and days(policy.issued).first > policy.status_asof:
        yield ("issued",), f"发布日 {policy.issued} 晚于核对日 {policy.status_asof}", "核对 issued 和 status_asof"
    if policy.contact is not None and policy.contact_asof is None:
        yield ("contact",), "写了联系方式，没写核对日", f'补上一行，例如：contact_asof: "{policy.status_asof}"'


def _place(policy: Policy) -> Iterator[Ruled]:
    names = [place.name for place in places()]
    if policy.jurisdiction not in names:
        alias = parse_place(policy.jurisdiction)
        mend = f"写成“{alias.name}”" if alias else choose(policy.jurisdiction, names)
        yield ("jurisdiction",), f"不认识的地方“{policy.jurisdiction}”", mend
        return
    place = parse_place(policy.jurisdiction)
    if place is not None and not _reaches(policy.level, place):
        yield (
            ("jurisdiction",),
            f"level 是 {policy.level}，适用地方却是“{place.name}”",
            "核对 level（谁发布）和 jurisdiction（在哪里适用）",
        )


def _reaches(level: Level, place: Place) -> bool:
    """A policy applies where its issuer governs or in a part of it; a national one in the whole country."""
    width = _WIDTH[place.kind]
    return width == 3 if level is Level.NATIONAL else width <= _REACH[level]


def _links(policy: Policy) -> Iterator[Ruled]:
    for index, source in enumerate(policy.sources):
        if source.url is not None and not linkable(source.url):
            yield (
                ("sources", index, "url"),
                f"不能链接到 {_host(source.url) or source.url}",
                "只链接政府和新闻网站；转载、镜像、代码仓库只写题名，删去 url 这一行",
            )


def _words(policy: Policy) -> Iterator[Ruled]:
    fields = list(Policy.model_fields)
    for index, name in enumerate(policy.inferred):
        if name not in fields:
            yield ("inferred", index), f"inferred 里的“{name}”不是字段名", choose(name, fields)
    if len(set(policy.categories)) < len(policy.categories):
        yield ("categories",), "类别写重了", "每个类别只写一次"
    for index, relation in enumerate(policy.relations):
        if relation.id == policy.id:
            yield ("relations", index, "id"), "关系指向自己", "改成另一份政策的 id，或删去这一项"
