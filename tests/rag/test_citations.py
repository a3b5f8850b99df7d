"""Quotes and figures: a quote stands in its passage, every figure of a claim in a quote, or the claim is nothing."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rag.citations import figures, locate, verified
from rag.models import Claim, Passage, Quote

TEXT = "首次通过认定的，一次性奖励10万元；重新认定的，奖励５万元。\n研发费用占比不低于3%。"


def a_passage(text: str = TEXT) -> Passage:
    return Passage("p", "d", "article", ("题",), "第一条", "", text)


def claimed(text: str, *quotes: Quote) -> bool:
    return verified(Claim(text, quotes), {"p": a_passage()})


def whole(text: str) -> Quote:
    return Quote("p", text, TEXT.index(text))


@given(st.text(min_size=1), st.data())
def test_any_piece_of_a_passage_is_located_as_it_stands(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = locate(text[start:end], a_passage(text))
    assert found is not None
    assert text[found.start : found.start + len(found.quote)] == found.quote == text[start:end]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_is_located_stands_in_the_passage(quote: str) -> None:
    found = locate(quote, a_passage())
    if found is not None:
        assert TEXT[found.start : found.start + len(found.quote)] == found.quote


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("奖励10万元", "奖励10万元"),
        ("奖励１０万元", "奖励10万元"),
        ("奖励 10 万元", "奖励10万元"),
        ("奖励5万元", "奖励５万元"),
        ("奖励５万元。研发费用", "奖励５万元。\n研发费用"),
    ],
)
def test_a_quote_is_found_whatever_its_width_and_spaces(quote: str, stands: str) -> None:
    found = locate(quote, a_passage())
    assert found is not None
    assert found.quote == stands


@pytest.mark.parametrize(
    "quote", ["奖励11万元", "奖励100万元", "一次性奖励10亿元", "首次认定的", "", "   ", "奖励10万元。"]
)
def test_a_quote_with_anything_changed_is_none(quote: str) -> None:
    assert locate(quote, a_passage()) is None


def test_figures_are_folded() -> None:
    assert figures("奖励１０万元") == figures("奖励10 万元") == {"10万元"}
    assert figures("1,000元") == figures("1000元")
    assert figures("百分之三") == set()
    assert figures("占比3%、每月1200元") == {"3%", "1200元"}


def test_a_claim_that_is_its_quote_is_verified() -> None:
    assert claimed("首次通过认定的，一次性奖励10万元", whole("首次通过认定的，一次性奖励10万元"))


def test_a_claim_with_a_figure_of_its_own_is_not() -> None:
    quote = whole("首次通过认定的，一次性奖励10万元")
    assert not claimed("首次通过认定的，一次性奖励20万元", quote)
    assert not claimed("一次性奖励10万元，每年3次", quote)
    assert not claimed("奖励10亿元", quote)


def test_a_claim_without_a_quote_is_not() -> None:
    assert not claimed("一次性奖励10万元")
    assert not claimed("一次性奖励10万元", Quote("p", "", 0))


def test_a_quote_that_does_not_stand_where_it_says_is_not() -> None:
    assert not claimed("一次性奖励10万元", Quote("p", "一次性奖励10万元", 0))
    assert not claimed("一次性奖励10万元", Quote("other", "一次性奖励10万元", 8))
    assert not claimed("一次性奖励10万元", whole("一次性奖励10万元"), Quote("p", "奖励99万元", 0))


@given(st.integers(0, len(TEXT)), st.text(max_size=8))
def test_a_quote_with_one_character_changed_is_not_verified(place: int, other: str) -> None:
    forged = TEXT[:place] + other + TEXT[place + 1 :]
    assume(forged != TEXT)
    assert not verified(Claim("研发费用占比不低于3%", (Quote("p", forged, 0),)), {"p": a_passage()}) or TEXT.startswith(
        forged
    )
