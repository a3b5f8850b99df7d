"""Choices, places, industries, words, tags, numbers and e-mail addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.formbook import Formbook
from intake.models import Read, Step, Unread
from intake.reading.choices import read_yes_no
from intake.reading.industries import read_industry
from intake.reading.places import read_district, read_zone
from intake.reading.steps import Circumstances, read_step
from intake.reading.texts import read_email, read_int, read_lines, read_tags, read_text
from intake.reference import Reference


def _value(step: Step, text: str, at: Circumstances) -> object:
    read = read_step(step, text, at)
    assert isinstance(read, Read), (step.id, text, read)
    return read.value


def test_every_option_of_every_form_is_read_by_code_label_alias_and_number(book: Formbook, at: Circumstances) -> None:
    for form in book.forms.values():
        for step in form.steps:
            for index, option in enumerate(step.options, start=1):
                wanted = (option.code,) if step.type == "multi" else option.code
                for name in (option.code, option.label, *option.aliases, str(index)):
                    assert _value(step, name, at) == wanted, (form.kind, step.id, name)


def test_several_choices_are_read_in_the_order_of_the_form(book: Formbook, at: Circumstances) -> None:
    step = book.form("technology").step("coop_modes")
    for text in ("技术转让、委托研发", "3 1", "技术转让和委托研发", "委托研发,转让", "1，3", "３；１"):
        assert _value(step, text, at) == ("commissioned", "transfer")


def test_too_many_choices_are_counted(book: Formbook, at: Circumstances) -> None:
    read = read_step(book.form("technology").step("coop_modes"), "1 2 3 4 5", at)
    assert isinstance(read, Unread)
    assert read.error.key == "error.choice.too_many"
    assert read.error.values["typed"] == "5"


def test_other_with_its_word_answers_both_steps(book: Formbook, at: Circumstances) -> None:
    step = book.form("technology").step("tech_need_type")
    for text in ("其他:中试验证", "其他：中试验证", "其他（中试验证）", "其它，中试验证"):
        read = read_step(step, text, at)
        assert isinstance(read, Read)
        assert (read.value, read.also) == ("other", {"tech_need_type_other": "中试验证"})


def test_a_number_beyond_the_list_is_told_apart_from_a_strange_word(book: Formbook, at: Circumstances) -> None:
    step = book.form("technology").step("tech_need_type")
    for text, key in (("99", "error.choice.out_of_range"), ("天气", "error.choice.not_in_list")):
        read = read_step(step, text, at)
        assert isinstance(read, Unread)
        assert read.error.key == key


def test_two_options_for_a_single_choice_are_offered(book: Formbook, at: Circumstances) -> None:
    read = read_step(book.form("technology").step("tech_need_type"), "工艺改进和数字化改造都有", at)
    assert isinstance(read, Unread)
    assert read.error.key == "error.choice.several"
    assert set(read.candidates) == {"process", "digital"}


def test_a_budget_band_takes_an_amount_and_echoes_it(book: Formbook, at: Circumstances) -> None:
    read = read_step(book.form("technology").step("budget_band"), "两三百万", at)
    assert isinstance(read, Read)
    assert read.value == "100_300"
    assert read.echo.values == {"low": "200", "high": "300"}


def test_a_way_out_is_an_answer_without_a_value(book: Formbook, at: Circumstances) -> None:
    form = book.form("technology")
    for step_id, text, state in (("key_indicators", "暂无量化指标", "none_yet"), ("uscc", "暂不提供", "to_verify")):
        read = read_step(form.step(step_id), text, at)
        assert isinstance(read, Read)
        assert (read.value, read.state) == (None, state)


def test_indicators_need_a_number_with_a_unit(book: Formbook, at: Circumstances) -> None:
    step = book.form("technology").step("key_indicators")
    read = read_step(step, "性能要好,越好越好", at)
    assert isinstance(read, Unread)
    assert read.error.key == "error.text.no_number"
    assert isinstance(read_step(step, "脱盐率≥99.5%", at), Read)


def test_a_title_must_not_be_the_organisations_name(book: Formbook, at: Circumstances) -> None:
    step = book.form("technology").step("title")
    named = Circumstances(at.reference, at.today, org_name="青岛某某新材料有限公司")
    read = read_step(step, "青岛某某新材料 有限公司", named)
    assert isinstance(read, Unread)
    assert read.error.key == "error.text.is_org_name"


def test_lengths_are_counted_after_nfkc(book: Formbook) -> None:
    step = book.form("technology").step("title")
    for text, key in (("膜材料", "too_short"), ("膜" * 41, "too_long"), ("  ", "empty")):
        read = read_text(text, step)
        assert isinstance(read, Unread)
        assert read.error.key == f"error.text.{key}"
    assert isinstance(read_text("膜" * 40 + "  ", step), Read)


def test_a_short_problem_is_taken_with_a_warning(book: Formbook) -> None:
    read = read_text("反渗透膜通量衰减太快,影响生产", book.form("technology").step("problem"))
    assert isinstance(read, Read)
    assert [warning.key for warning in read.warnings] == ["warning.text.short"]


def test_an_unusual_organisation_name_only_warns(book: Formbook) -> None:
    step = book.form("technology").step("org_name")
    odd, usual = read_text("青岛某某新材料", step), read_text("青岛某某新材料有限公司", step)
    assert isinstance(odd, Read)
    assert isinstance(usual, Read)
    assert [warning.key for warning in odd.warnings] == ["warning.text.org_ending"]
    assert usual.warnings == ()


def test_tags_and_lines_are_split_counted_and_measured(book: Formbook) -> None:
    tags, lines = book.form("technology").step("keywords"), book.form("technology").step("requirements")
    read = read_tags("反渗透、高盐废水,抗污染 反渗透", tags)
    assert isinstance(read, Read)
    assert read.value == ("反渗透", "高盐废水", "抗污染")
    assert isinstance(read_tags("一、二、三、四、五、六", tags), Unread)
    assert isinstance(read_tags("一个超过十个字的关键词实在太长", tags), Unread)
    read = read_lines("1. 不增加占地(必须)\n2、能耗降低10%", lines)
    assert isinstance(read, Read)
    assert read.value == ("不增加占地(必须)", "能耗降低10%")


def test_whole_numbers_are_read_within_bounds(book: Formbook) -> None:
    step = book.form("talent").step("positions_1_headcount")
    for text, value in (("2", 2), ("两名", 2), ("十二个人", 12), ("约30人", 30)):
        read = read_int(text, step)
        assert isinstance(read, Read), text
        assert read.value == value
    for text, key in (
        ("0", "out_of_range"),
        ("201", "out_of_range"),
        ("1.5", "not_a_number"),
        ("很多", "not_a_number"),
    ):
        read = read_int(text, step)
        assert isinstance(read, Unread)
        assert read.error.key == f"error.int.{key}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("zhang@example.com", "zhang@example.com"),
        ("邮箱:li.si@Mail.Example.COM.CN", "li.si@mail.example.com.cn"),
        ("ａ＠ｂ．ｃｎ", "a@b.cn"),
    ],
)
def test_email_addresses_are_read(text: str, value: str) -> None:
    read = read_email(text)
    assert isinstance(read, Read)
    assert read.value == value


@pytest.mark.parametrize("text", ["zhang", "a@b", "a@@b.cn", "a b@", "@b.cn", "a@b..cn", "a@b.cn\nBcc: x@y.cn"])
def test_what_is_no_email_address_is_refused(text: str) -> None:
    assert isinstance(read_email(text), Unread)


def test_yes_and_no_are_exact() -> None:
    for text, value in (("是", True), ("同意。", True), ("不同意", False), ("否", False), ("YES", True)):
        read = read_yes_no(text)
        assert isinstance(read, Read)
        assert read.value is value
    assert isinstance(read_yes_no("同意不了"), Unread)


def test_a_zone_gives_its_host_district_and_is_kept_beside_it(reference: Reference) -> None:
    read = read_district("上合示范区", reference)
    assert isinstance(read, Read)
    assert (read.value, read.also) == ("370281", {"zone": "sco_demo"})


def test_a_merged_district_is_read_with_a_warning(reference: Reference) -> None:
    read = read_district("胶南", reference)
    assert isinstance(read, Read)
    assert read.value == "370211"
    assert [warning.key for warning in read.warnings] == ["warning.district.merged"]


def test_two_districts_are_offered(reference: Reference) -> None:
    read = read_district("崂山和城阳都有厂", reference)
    assert isinstance(read, Unread)
    assert set(read.candidates) == {"370212", "370214"}


def test_zones_are_read_by_name_and_not_being_in_one_is_an_answer(reference: Reference) -> None:
    for text, code in (("高新区", "qd_hightech"), ("不在", "none"), ("中德生态园", "sino_german")):
        read = read_zone(text, reference)
        assert isinstance(read, Read)
        assert read.value == code
    assert isinstance(read_zone("高新区有什么政策?", reference), Unread)


def test_every_trade_listed_is_read_as_its_industry(reference: Reference) -> None:
    for industry in reference.industries:
        for name in (industry.label, *industry.aliases, *industry.keywords):
            read = read_industry(name, reference)
            assert isinstance(read, Read), name
            assert read.value == industry.code, name


@given(text=st.text(max_size=30))
def test_no_text_breaks_any_reader(book: Formbook, at: Circumstances, text: str) -> None:
    seen: set[str] = set()
    for step in book.form("technology").steps + book.form("talent").steps:
        if step.type in seen:
            continue
        seen.add(step.type)
        read = read_step(step, text, at)
        assert isinstance(read, Read) or read.error.key.startswith(("error.", "refusal."))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("通量下降，清洗后（三次）只恢复八成。", "通量下降，清洗后（三次）只恢复八成。"),
        ("载流子浓度达到 10²⁰ cm⁻³，面积 5 ㎡", "载流子浓度达到 10²⁰ cm⁻³，面积 5 ㎡"),
        ("脱盐率≥９９．５％，ＡＢＣ膜\u200b", "脱盐率≥99.5%，ABC膜"),
        ("　第一行 \n\n 第二行\x00", "第一行\n第二行"),
    ],
)
def test_words_are_kept_as_a_person_wrote_them(book: Formbook, at: Circumstances, typed: str, kept: str) -> None:
    read = read_step(book.form("technology").step("problem"), typed + "以上情况已持续半年", at)
    assert isinstance(read, Read)
    assert read.value == kept + "以上情况已持续半年"
