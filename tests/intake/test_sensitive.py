"""ID-card numbers, bank cards and secrecy marks are refused; figures that merely look long are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.formbook import Formbook
from intake.models import Unread
from intake.reading.sensitive import is_id_card, luhn, refusals
from intake.reading.steps import Circumstances, read_step

# A number of the standard's own pattern, and a card number from a payment network's public test list.
ID_CARD = "11010519491231002X"
TEST_CARD = "6250946000000016"


def _keys(text: str) -> list[str]:
    return [saying.key for saying in refusals(text)]


@pytest.mark.parametrize(
    "text", [ID_CARD, f"身份证{ID_CARD},请登记", "110105 19491231 002x", "１１０１０５１９４９１２３１００２Ｘ"]
)
def test_an_id_card_number_is_refused(text: str) -> None:
    assert _keys(text) == ["refusal.id_card"]


@given(st.integers(0, 9))
def test_an_id_card_number_with_a_wrong_check_character_is_no_id_card(last: int) -> None:
    assert not is_id_card(ID_CARD[:17] + str(last))


def test_an_id_card_number_needs_a_real_birthday() -> None:
    assert is_id_card(ID_CARD)
    assert not is_id_card("110105194902310021")


@pytest.mark.parametrize("text", [TEST_CARD, "卡号 6250 9460 0000 0016", "6250-9460-0000-0016"])
def test_a_bank_card_is_refused(text: str) -> None:
    assert luhn(TEST_CARD)
    assert _keys(text) == ["refusal.bank_card"]


@pytest.mark.parametrize(
    "text", ["机密★10年", "秘密★", "绝密", "密级:机密", "【机密】内部文件", "机密级项目", "第一段\n秘密\n第二段"]
)
def test_a_secrecy_mark_is_refused(text: str) -> None:
    assert _keys(text) == ["refusal.state_secret"]


@pytest.mark.parametrize(
    "text",
    [
        "涉及技术秘密,签保密协议后提供",
        "商业机密由双方约定",
        "不涉及国家秘密",
        "91370200264574251E",
        "联系电话 0532-85911234 转 801",
        "通量 1234567890123456 次循环",
        "订单号 8250946000000016",
        "2026-11-20 12:30 提交",
        "不绝密性要求",
    ],
)
def test_ordinary_words_and_figures_pass(text: str) -> None:
    assert refusals(text) == ()


def test_the_check_stands_before_every_free_text_step(book: Formbook, at: Circumstances) -> None:
    for form in book.forms.values():
        for step in form.steps:
            if step.type in ("text", "lines", "tags"):
                read = read_step(step, f"法人身份证号{ID_CARD},参数 5 米", at)
                assert isinstance(read, Unread)
                assert read.error.key == "refusal.id_card", (form.kind, step.id)
