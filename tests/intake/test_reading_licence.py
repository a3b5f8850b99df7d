"""What a 营业执照 says, from the text that its picture was read as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.reading.licence import Licence, read_licence
from intake.reading.uscc import EXAMPLE, is_valid

HEAD = "营 业 执 照（副本）1-1"
NAME = "青岛海弘反渗透科技有限公司"


def test_name_and_code_stand_behind_their_labels() -> None:
    text = f"{HEAD}\n统一社会信用代码\n{EXAMPLE}\n名 称 {NAME} 注册资本 壹仟万元整\n类型 有限责任公司"
    assert read_licence(text) == Licence(NAME, EXAMPLE)


def test_a_name_below_its_label_is_found() -> None:
    assert read_licence(f"{HEAD}\n名称\n\n# {NAME}\n\n住所 青岛市崂山区") == Licence(NAME, None)


def test_a_name_without_a_label_is_found_and_the_registrar_is_not_taken_for_it() -> None:
    assert read_licence(f"{HEAD}\n崂山区市场监督管理局\n{NAME}") == Licence(NAME, None)
    assert read_licence(f"{HEAD}\n登记机关\n崂山区市场监督管理局") is None


def test_brackets_stand_as_they_are_printed() -> None:
    found = read_licence(f"{HEAD}\n名称: 海弘膜材料(集团)股份有限公司")
    assert found is not None
    assert found.name == "海弘膜材料（集团）股份有限公司"


@pytest.mark.parametrize("read", ["91370200 264574251E", "9137O2OO264574251E", "统一社会信用代码：91370200264574251e"])
def test_a_code_that_was_broken_apart_or_mistaken_for_letters_counts_where_its_check_is_right(read: str) -> None:
    found = read_licence(f"{HEAD}\n{read}")
    assert found is not None
    assert found.code == EXAMPLE


def test_a_code_with_a_wrong_digit_is_no_proposal() -> None:
    assert read_licence(f"{HEAD}\n名称 {NAME}\n91370200264574252E") == Licence(NAME, None)


def test_two_different_codes_are_no_proposal() -> None:
    assert read_licence(f"{HEAD}\n{EXAMPLE}\n91370200MA3C00001N\n名称 {NAME}") == Licence(NAME, None)


def test_another_paper_is_no_licence() -> None:
    assert read_licence(f"购销合同\n甲方 {NAME}\n{EXAMPLE}") is None
    assert read_licence("") is None


@given(st.text(max_size=300))
def test_whatever_stands_there_a_proposal_keeps_its_form(text: str) -> None:
    found = read_licence(f"营业执照\n{text}")
    if found is not None:
        assert found.code is None or is_valid(found.code)
        assert found.name is None or 4 <= len(found.name) <= 60
