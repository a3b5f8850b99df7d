"""What a document is about and for whom: audience, categories, level and jurisdiction, where its words say so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.gazetteer import Place, scan
from rag.models import Category, Level
from rag.proposing.models import Proposed, Why

_NATIONAL = re.compile(
    r"^(?:中华人民共和国|国务院|全国人民代表大会|中共中央|国家|最高人民|海关总署|中国人民银行|中国证监会|中国证券监督|中国银|财政部|科技部|科学技术部"
    r"|工业和信息化部|人力资源(?:和)?社会保障部|商务部|教育部|公安部|农业农村部|生态环境部|住房和城乡建设部|交通运输部|自然资源部|税务总局|劳动部)"
)
_REGION = re.compile(r"^([\u3400-\u9fff]{2,9}?(?:特别行政区|自治区|自治州|省|市|区|县))")
_MUNICIPALITY = ("北京市", "上海市", "天津市", "重庆市")
_LEVELS = {"country": Level.NATIONAL, "province": Level.PROVINCE, "city": Level.CITY}
_AUDIENCE = (
    re.compile(
        r"(?:本|该)(?:办法|措施|政策|政策措施|细则|规定|意见|通知|条例|方案|若干措施)(?:所称[^。]{0,10})?适用于([^。；;\n]{3,120})"
    ),
    re.compile(
        r"(?:支持|扶持|奖励|补贴|申报|适用|服务|资助)(?:对象|主体|范围)"
        r"(?:为|是|包括)?[：: ]*[\n　 ]*(?:为)?([^。；;\n]{3,120})"
    ),
)
_WORDS: dict[Category, str] = {
    Category.SCIENCE: "科技 创新 研发 技术 高新技术企业 专利 知识产权 成果转化 实验室 科学技术 产业化 工业互联网",
    Category.TALENT: "人才 博士 硕士 高校毕业生 职称 引才 技师 专家 留学 安家 住房补贴 技能 就业 培训 职工 劳动",
    Category.STARTUP: "创业 孵化 众创 小微企业 初创 中小企业 营商环境 市场主体 个体工商户 创客 园区 招商 民营",
    Category.FINANCE: "金融 贷款 融资 担保 贴息 基金 上市 税 保险 证券 信贷 风险投资 再贷款 股权 银行",
}
_TITLE_WEIGHT = 20
_AT_LEAST = 8
_BESIDE = 0.6


def audience_of(text: str) -> list[Proposed[str]]:
    """Whom it says it is for, in its own words, at most three times."""
    found: dict[str, Proposed[str]] = {}
    for pattern in _AUDIENCE:
        for match in pattern.finditer(text):
            words = match[1].strip(" 　，,：:")
            if words and words not in found:
                start = match.start(1) + match[1].index(words)
                found[words] = Proposed(words, start, start + len(words))
    return list(found.values())[:3]


def categories_of(text: str, title: Proposed[str] | None) -> list[Proposed[Category]]:
    """The fields whose words it uses most, with the place of the first such word; nothing where it uses few."""
    weights: dict[Category, int] = {}
    firsts: dict[Category, tuple[int, int]] = {}
    begin, end = (title.start, title.end) if title else (0, 0)
    for category, words in _WORDS.items():
        pattern = re.compile("|".join(sorted(words.split(), key=len, reverse=True)))
        places = [match.span() for match in pattern.finditer(text)]
        in_title = [span for span in places if begin <= span[0] < end]
        weights[category] = len(places) + _TITLE_WEIGHT * len(in_title)
        if places:
            firsts[category] = (in_title or places)[0]
    most = max(weights.values())
    kept = [c for c in sorted(weights, key=lambda c: -weights[c]) if weights[c] >= max(_AT_LEAST, most * _BESIDE)]
    return [Proposed(category, *firsts[category], "words") for category in kept]


def place_of(
    title: Proposed[str] | None, issuer: Proposed[str] | None
) -> tuple[Proposed[Level] | None, Proposed[str] | None, bool]:
    """(level, jurisdiction, whether it lies outside what this corpus is for), from the issuer, else from the title."""
    sources: tuple[tuple[Proposed[str] | None, Why], ...] = ((issuer, "issuer"), (title, "title"))
    for source, why in sources:
        if source is not None and (read := _place(source.value)):
            level, name, outside = read
            return (
                Proposed(level, source.start, source.end, why),
                Proposed(name, source.start, source.end, why),
                outside,
            )
    return None, None, False


def _place(name: str) -> tuple[Level, str, bool] | None:
    bare = name.removeprefix("中共")
    if _NATIONAL.match(name) or _NATIONAL.match(bare):
        return Level.NATIONAL, "全国", False
    here = [m.place for m in scan(bare) if m.place is not None and m.start <= 4]
    ours = _narrowest(place for place in here if place is not None)
    if ours is not None:
        return ours
    region = _REGION.match(bare)
    if region is None or any(m.place is not None for m in scan(region[1])):
        return None
    return _outside_level(region[1]), region[1], True


def _narrowest(found: Iterable[Place]) -> tuple[Level, str, bool] | None:
    places = list(found)
    if not places:
        return None
    order = ("country", "province", "city", "district", "zone")
    best = max(places, key=lambda place: order.index(place.kind))
    return _LEVELS.get(best.kind, Level.DISTRICT), best.name, False


def _outside_level(region: str) -> Level:
    if region.endswith(("省", "自治区", "特别行政区")) or region in _MUNICIPALITY:
        return Level.PROVINCE
    return Level.DISTRICT if region.endswith(("区", "县")) else Level.CITY
