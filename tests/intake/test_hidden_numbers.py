"""What is shown and recorded of a text that holds somebody's number; and that public headlines hold none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.display import show
from intake.formbook import Formbook
from intake.models import Read, Saying, Step, Unread
from intake.reading.sensitive import without_numbers
from intake.reading.steps import Circumstances, read_step
from intake.values import Answered
from tests.intake.test_sensitive import ID_CARD, TEST_CARD


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("联系人张工13905328765，膜污染", "联系人张工139****8765，膜污染"),
        ("+86 139 0532 8765", "+86 139****8765"),
        ("８６－１３９０５３２８７６５。", "８６－139****8765。"),
        ("13905328765、13853212346", "139****8765、138****2346"),
        (f"身份证{ID_CARD}。", f"身份证{'*' * 18}。"),
        (f"卡号 {TEST_CARD}", f"卡号 {'*' * 16}"),
        ("座机 0532-85911234 转 801", "座机 0532-85911234 转 801"),
        ("年产 139053287650 件", "年产 139053287650 件"),
        ("通量 ≥ 25 LMH，脱盐率 ≥ 99.5%", "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%"),
        ("91370200264574251E", "91370200264574251E"),
    ],
)
def test_numbers_are_hidden_and_nothing_else_is_touched(text: str, shown: str) -> None:
    assert without_numbers(text) == shown


@given(st.text(max_size=60))
def test_hiding_twice_hides_nothing_more(text: str) -> None:
    once = without_numbers(text)
    assert without_numbers(once) == once


@given(st.text(alphabet="膜污染，。 abc", max_size=20), st.integers(0, 999_999_999))
def test_no_mobile_number_stands_whole_among_words(words: str, rest: int) -> None:
    number = f"13{rest:09d}"
    assert number not in without_numbers(f"{words}{number}{words}")


def test_a_number_in_free_text_is_shown_masked_and_kept_as_it_was_written(book: Formbook, at: Circumstances) -> None:
    step = book.form("technology").step("problem")
    told = "反渗透膜三个月后通量衰减四成，请联系 13905328765 了解现场情况。"
    read = read_step(step, told, at)
    assert isinstance(read, Read)
    assert read.value == told
    shown = show(step, Answered(value=told, text=told))
    assert shown == Saying("show.text", {"text": told.replace("13905328765", "139****8765")})


@pytest.mark.parametrize("name", ["title", "summary"])
@pytest.mark.parametrize("contact", ["13905328765", "１３９０５３２８７６５", "zhang@example.com"])
def test_what_may_be_published_names_nobody_to_ring(book: Formbook, at: Circumstances, name: str, contact: str) -> None:
    step: Step = book.form("technology").step(name)
    read = read_step(step, f"高盐废水反渗透膜抗污染技术 {contact}", at)
    assert isinstance(read, Unread)
    assert read.error == Saying("error.text.contact", {"label": step.label})
