"""Places: names and aliases, places in questions, other cities, and the line of parents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.jurisdictions import Place, find_elsewhere, find_mentions, find_places, line, parse_place, places

NAMED = [name for place in places() for name in (place.name, *place.aliases, *place.english)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("崂山", "崂山区"),
        ("崂山区", "崂山区"),
        ("西海岸", "青岛西海岸新区"),
        ("西海岸新区", "青岛西海岸新区"),
        ("黄岛", "青岛西海岸新区"),
        ("开发区", "青岛西海岸新区"),
        ("即墨市", "即墨区"),
        ("自贸片区", "青岛自贸片区"),
        ("高新区", "青岛高新区"),
        ("上合", "上合示范区"),
        ("蓝谷", "青岛蓝谷"),
        (" 青岛市 崂山区 ", "崂山区"),
        ("山东省青岛市市南区", "市南区"),
        ("青岛市市北区", "市北区"),
        ("laoshan district", "崂山区"),
        ("West Coast", "青岛西海岸新区"),
        ("High-Tech Zone", "青岛高新区"),
        ("ＦＴＺ", "青岛自贸片区"),
        ("青岛", "青岛市"),
        ("全国", "全国"),
    ],
)
def test_a_name_or_alias_is_its_place(text: str, name: str) -> None:
    place = parse_place(text)
    assert place is not None
    assert place.name == name


@pytest.mark.parametrize("text", ["", "市外", "火星", "高新", "济南", "崂山区的补贴"])
def test_what_is_no_exact_name_is_no_place(text: str) -> None:
    assert parse_place(text) is None


def test_every_name_leads_to_one_place_only() -> None:
    for place in places():
        for name in (place.name, *place.aliases, *place.english):
            assert parse_place(name) == place, name


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("那崂山区呢?", ["崂山区"]),
        ("公司注册在城阳,能拿高新区高企的30万不", ["城阳区", "青岛高新区"]),
        ("Our startup is in Laoshan; does it get a bonus?", ["崂山区"]),
        ("青岛市南区科技局", ["市南区"]),
        ("我在市南开公司", ["市南区"]),
        ("上海合作组织地方经贸合作示范区有什么补贴", ["上合示范区"]),
        ("上合示范区有啥", ["上合示范区"]),
        ("城阳区高新区", ["城阳区", "青岛高新区"]),
        ("我们在开发区", ["青岛西海岸新区"]),
        ("黄岛区和西海岸新区", ["青岛西海岸新区"]),
        ("青岛市崂山区", ["崂山区"]),
        ("从深圳迁到青岛", ["青岛市"]),
        ("青岛市南京路的公司", ["青岛市"]),
        ("高新技术企业认定奖励多少", []),
        ("高新区域、高新区块链", []),
        ("城市南部有啥政策", []),
        ("拟上市北交所", []),
        ("线上合同和以上合计", []),
        ("国家级经济技术开发区", []),
        ("省级高新区", []),
        ("济南高新区补贴", []),
        ("美国西海岸", []),
        ("胶州路、即墨路和胶州湾", []),
        ("“科创中国”平台和全国学会", []),
    ],
)
def test_places_of_qingdao_in_a_question(question: str, names: list[str]) -> None:
    assert [place.name for place in find_places(question)] == names


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("深圳高企认定奖多少", ["深圳"]),
        ("上海企业迁到青岛", ["上海"]),
        ("烟台和威海市、山东济南", ["烟台", "威海", "济南"]),
        ("上海有哪些大学生补贴", ["上海"]),
        ("广东省和内蒙古", ["广东", "内蒙古"]),
        ("苏州工业园区", ["苏州工业园"]),
        ("Can a Shenzhen firm apply?", ["Shenzhen"]),
        ("吉林市和大同市", ["吉林", "大同市"]),
        ("上海合作组织国家", []),
        ("上合示范区", []),
        ("南京路、香港中路、海南路、长江西路", []),
        ("北京大学毕业来青岛", []),
        ("中国海洋大学和北京银行", []),
        ("黄河南岸、哈密瓜、日照时间", []),
        ("大同小异，长治久安", []),
        ("山东和青岛", []),
        ("Shanghai Cooperation Organization", []),
    ],
)
def test_places_elsewhere_in_a_question(question: str, names: list[str]) -> None:
    assert find_elsewhere(question) == names


def test_a_zone_comes_before_its_host_and_the_parents() -> None:
    assert _line("自贸片区") == ("青岛自贸片区", "青岛西海岸新区", "青岛市", "山东省", "全国")


def test_a_district_is_followed_by_the_zones_it_hosts() -> None:
    names = _line("城阳")
    assert names[0] == "城阳区"
    assert "青岛高新区" in names
    assert names[-3:] == ("青岛市", "山东省", "全国")


def test_a_district_hears_nothing_from_another_district() -> None:
    assert not {"城阳区", "青岛高新区", "青岛西海岸新区"} & set(_line("崂山"))


@pytest.mark.parametrize(
    ("name", "names"),
    [("青岛", ("青岛市", "山东省", "全国")), ("山东", ("山东省", "全国")), ("全国", ("全国",))],
)
def test_wider_places_have_their_own_parents_only(name: str, names: tuple[str, ...]) -> None:
    assert _line(name) == names


def test_there_are_ten_districts_and_every_zone_has_a_host_among_them() -> None:
    districts = {place.name for place in places() if place.kind == "district"}
    zones = [place for place in places() if place.kind == "zone"]
    assert len(districts) == 10
    assert zones
    assert all(zone.host in districts and not zone.checked for zone in zones)


@given(
    st.lists(
        st.sampled_from([*NAMED, "深圳", "高新技术企业", "在", "，", "市南", "上海合作组织", "路", "有"]), max_size=8
    )
)
def test_mentions_are_in_order_and_never_overlap(words: list[str]) -> None:
    text = "".join(words)
    at = 0
    for mention in find_mentions(text):
        assert at <= mention.start < mention.end <= len(text)
        at = mention.end


@given(st.text(max_size=60))
def test_any_text_can_be_searched_for_places(text: str) -> None:
    assert all(place in places() for place in find_places(text))
    parse_place(text)
    assert len(find_elsewhere(text)) == len(set(find_elsewhere(text)))


@given(st.sampled_from([p for p in places() if p.kind != "country"]), st.sampled_from(["", "，", "我在", "请问"]))
def test_a_full_name_is_found_wherever_it_stands(place: Place, before: str) -> None:
    name = place.name
    assert [mention.name for mention in find_mentions(f"{before}{name}有什么政策")] == [name]


def _line(name: str) -> tuple[str, ...]:
    place = parse_place(name)
    assert place is not None
    return line(place)
