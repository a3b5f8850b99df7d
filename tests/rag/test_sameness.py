"""Whether two questions ask the same: near misses are told apart, however alike they sound, and politeness is not."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sameness import key_of, likeness, one_answer, sense_of

TODAY = date(2026, 11, 22)

SAME = [
    ("硕士住房补贴一个月多少？", "硕士住房补贴每月能拿多少"),
    ("高企首次认定奖多少", "请问高新技术企业首次认定奖励是多少呢"),
    ("员工宿舍有补贴吗", "请问员工宿舍有没有补贴啊"),
    ("人才公寓怎么申请", "我们公司想申请人才公寓，怎么弄"),
    ("ＰｈＤ housing subsidy, how much?", "phd housing subsidy how much"),
]
OTHER = [
    ("高企奖励多少", "国家级高企奖励多少"),
    ("高企奖励多少", "区里高企奖励多少"),
    ("高企奖励多少", "2023年高企奖励多少"),
    ("博士购房补贴多少", "单身博士购房补贴多少"),
    ("博士住房补贴多少", "硕士住房补贴多少"),
    ("博士后补贴多少", "博士后科研工作站补贴多少"),
    ("高企能申请吗", "高企怎么申请"),
    ("高企认定条件", "高企认定材料"),
    ("毕业满一年能领住房补贴吗", "毕业没满一年能领住房补贴吗"),
    ("融资600万奖多少", "融资500万奖多少"),
    ("小微企业贷款贴息多少", "小微企业贷款担保多少"),
    ("模型券补多少", "大模型补多少"),
    ("上市奖励多少", "新三板上市奖励多少"),
    ("《海洋十五条》还有效吗", "《海洋二十条》还有效吗"),
    ("青科规2025年7号还有效吗", "青科规2025年8号还有效吗"),
    ("瞪羚企业奖励多少", "小巨人企业奖励多少"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_answer_fits_what_is_only_said_otherwise(one: str, other: str) -> None:
    assert one_answer(sense_of(one, TODAY), sense_of(other, TODAY))


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_tier_year_person_amount_or_aspect_is_another_question(one: str, other: str) -> None:
    assert not one_answer(sense_of(one, TODAY), sense_of(other, TODAY))


def test_a_district_is_no_part_of_what_is_said_but_told_beside_it() -> None:
    laoshan, city = sense_of("崂山区员工宿舍有补贴吗", TODAY), sense_of("员工宿舍有补贴吗", TODAY)
    assert one_answer(laoshan, city)
    assert (laoshan.places, city.places) == ({"崂山区"}, set())


def test_every_form_of_a_group_is_one_word_only_for_who_looks_widely() -> None:
    one, other = "科技信贷多少", "科技金融多少"
    assert likeness(sense_of(one, TODAY), sense_of(other, TODAY)) < 1
    assert likeness(sense_of(one, TODAY, widely=True), sense_of(other, TODAY, widely=True)) == 1


@given(st.text(max_size=60), st.text(max_size=60))
def test_it_is_the_same_from_either_side_and_of_any_text(one: str, other: str) -> None:
    a, b = sense_of(one, TODAY), sense_of(other, TODAY)
    assert likeness(a, b) == likeness(b, a)
    assert 0 <= likeness(a, b) <= 1
    assert one_answer(a, b) == one_answer(b, a)
    assert one_answer(a, a)
    assert key_of(f"“{one}”？！") == key_of(one)
