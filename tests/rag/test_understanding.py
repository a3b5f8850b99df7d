"""What a question says of itself: its terms, places, documents, years, its shape."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.lexical import terms_of
from rag.understanding import NumberRef, Understanding, understand
from tests.support.policies import TODAY


def read(text: str) -> Understanding:
    return understand(text, TODAY)


def test_question_words_are_no_terms() -> None:
    assert read("请问高企认定要什么条件呢？").terms.keys() >= set(terms_of("高企认定").tolist())
    assert not read("请问高企认定要什么条件呢？").terms.keys() & set(terms_of("什么请问").tolist())


def test_other_words_for_the_same_thing_count_less() -> None:
    asked = read("高企认定")
    assert "高新技术企业" in asked.related
    own, other = (asked.terms[terms_of(word).tolist()[-1]] for word in ("高企", "高新"))
    assert own == 1.0
    assert 0 < other < own


def test_a_question_of_generic_words_has_no_subject() -> None:
    for text in ("有什么补贴", "怎么申请政策", "青岛有哪些扶持政策", "崂山区有什么补贴"):
        assert read(text).subject == "", text
    assert read("瞪羚企业有什么补贴").subject


def test_places_are_read_with_their_aliases() -> None:
    assert read("黄岛的博士补贴").places == read("青岛西海岸新区的博士补贴").places != ()
    assert [place.name for place in read("崂山和市南的配套").places] == ["崂山区", "市南区"]
    assert read("上海的高企奖励").elsewhere
    assert not read("崂山区的高企奖励").elsewhere


@pytest.mark.parametrize("text", ["《青岛市飞天计划》奖多少", "〈青岛市飞天计划〉奖多少", "《 青岛市飞天计划 》奖多少"])
def test_a_title_in_brackets_is_read(text: str) -> None:
    assert [title.strip() for title in read(text).titles] == ["青岛市飞天计划"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("青科规〔2025〕7号奖多少", NumberRef(2025, 7, "青科规")),
        ("青科规[2025]7号奖多少", NumberRef(2025, 7, "青科规")),
        ("青科规（２０２５）７号", NumberRef(2025, 7, "青科规")),
        ("青政办字2025年12号", NumberRef(2025, 12, "青政办字")),
    ],
)
def test_a_number_is_read(text: str, number: NumberRef) -> None:
    (found,) = read(text).numbers
    assert (found.year, found.number) == (number.year, number.number)
    assert found.before.endswith(number.before)


@pytest.mark.parametrize("text", ["2025年奖多少", "奖励100万元", "12345热线", "3号线旁边的孵化器", "满2年", "第3条"])
def test_other_figures_are_no_numbers(text: str) -> None:
    assert [number for number in read(text).numbers if number.year is not None] == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023年能拿多少", date(2023, 12, 31)),
        ("2022年的时候创业补贴标准是多少", date(2022, 12, 31)),
        ("我23年能拿多少创业补贴", date(2023, 12, 31)),
        ("现在能拿多少", None),
        ("2026年能拿多少", None),
        ("2030年能拿多少", None),
        ("2022年的老政策现在还有效吗", None),
        ("从2021年到2023年涨了多少", None),
        ("青科规〔2025〕7号能拿多少", None),
        ("毕业满2年能拿多少", None),
    ],
)
def test_a_past_year_is_the_day_the_question_is_put_into(text: str, day: date | None) -> None:
    assert read(text).as_of == day


def test_today_tells_past_from_coming() -> None:
    assert understand("2025年能拿多少", date(2026, 1, 1)).as_of == date(2025, 12, 31)
    assert understand("2025年能拿多少", date(2025, 1, 1)).as_of is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("你好", "greeting"),
        ("谢谢！", "thanks"),
        ("再见", "bye"),
        ("你能做什么？", "capability"),
        ("你是谁", "identity"),
        ("hello", "greeting"),
    ],
)
def test_small_talk_is_told_by_its_kind(text: str, kind: str) -> None:
    assert read(text).smalltalk == kind


@pytest.mark.parametrize("text", ["你好，高企认定奖励多少", "谢谢，那住房补贴呢", "你能告诉我创业补贴多少吗"])
def test_a_polite_question_is_no_small_talk(text: str) -> None:
    assert read(text).smalltalk is None


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        ("我在崂山区开公司，能享受什么政策", True),
        ("我们是科技型中小企业，可以申请哪些补贴", True),
        ("高企认定要什么条件", False),
        ("创业补贴多少钱", False),
    ],
)
def test_a_question_for_a_list_is_told_from_others(text: str, listing: bool) -> None:
    assert read(text).asks_listing is listing


def test_a_question_about_validity_is_told() -> None:
    assert read("老的创业补贴政策还有效吗").asks_status
    assert not read("创业补贴多少钱").asks_status


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("How much is the startup subsidy?", True),
        ("what are the conditions for 高企", True),
        ("高企", False),
        ("LPR是多少", False),
        ("AI企业的算力券怎么申请", False),
        ("", False),
    ],
)
def test_english_is_told_by_its_letters(text: str, english: bool) -> None:
    assert read(text).english is english


def test_an_english_question_is_searched_with_chinese_words() -> None:
    asked = read("How much is the housing subsidy for a PhD?")
    assert asked.terms.keys() & set(terms_of("博士").tolist())
    assert asked.terms.keys() & set(terms_of("补贴").tolist())


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    asked = read(text)
    assert all(0 < weight <= 1 for weight in asked.terms.values())
    assert asked.as_of is None or asked.as_of < TODAY


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["2025年", "〔2025〕", "《", "有什么", "能享受", "第1号", "崂山", "补贴", "how ", "a1."]
)
def test_no_reading_is_slow_on_a_long_run(piece: str) -> None:
    read((piece * 300)[:300])
    read((piece * 3_000)[:3_000])
