"""Terms of a text, and BM25 over segments against a plain implementation of the formula."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.lexical import COMMON, FEW, K1, B, LexicalIndex, LexicalSegment, build, length_unit, terms_of

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x4E40)
TEXTS = st.lists(st.text(st.one_of(HAN, st.sampled_from("ab1 ，")), max_size=12), min_size=1, max_size=8)


def terms(text: str) -> Counter[int]:
    return Counter(terms_of(text).tolist())


def an_index(texts: list[str], dead: frozenset[int] = frozenset()) -> tuple[LexicalIndex, LexicalSegment]:
    segment = build([(str(place), text) for place, text in enumerate(texts)])
    return LexicalIndex([segment], [np.array([place not in dead for place in range(len(texts))], dtype=bool)]), segment


def test_a_text_has_its_characters_and_every_pair_of_neighbours() -> None:
    assert terms("研发费") == terms("研") + terms("发") + terms("费") + (terms("研发") - terms("研") - terms("发")) + (
        terms("发费") - terms("发") - terms("费")
    )
    assert sum(terms("研发费").values()) == 5


def test_a_pair_does_not_reach_over_punctuation() -> None:
    pair = terms("发费") - terms("发") - terms("费")
    assert not pair & terms("研发，费用")
    assert pair & terms("研发费用")


def test_the_order_of_a_pair_matters() -> None:
    assert terms("人才") != terms("才人")


def test_latin_and_digits_are_whole_words_in_any_case_and_width() -> None:
    assert terms("R&D") == terms("r d")
    assert terms("LPR") == terms("ｌｐｒ") == terms("lpr")
    assert not terms("100") & terms("1000")
    assert sum(terms("kechuang2025").values()) == 1
    assert sum(terms("3.5").values()) == 1


def test_words_beside_han_are_found() -> None:
    assert terms("LPR") & terms("按LPR下浮")
    assert terms("2025") & terms("2025年")


def test_traditional_and_rare_characters_are_han_too() -> None:
    assert sum(terms("補貼").values()) == 3
    assert sum(terms("\U00020bb7\U00030000").values()) == 3
    assert sum(terms("〇").values()) == 1


@pytest.mark.parametrize("text", ["", "   ", "，。！", "🙂🚀", "\u200b", "\n\t"])
def test_what_holds_no_word_has_no_terms(text: str) -> None:
    assert terms_of(text).tolist() == []


@pytest.mark.parametrize("text", ["\ud800", "政\ud800策", "a\x00b", "\uffff"])
def test_broken_text_is_read_without_a_fault(text: str) -> None:
    terms_of(text)


@given(st.text())
def test_terms_do_not_depend_on_compatibility_forms(text: str) -> None:
    assert terms(text) == terms(unicodedata.normalize("NFKC", text))


@given(st.text(), st.text())
def test_a_text_on_two_lines_has_the_terms_of_its_lines(first: str, second: str) -> None:
    if unicodedata.is_normalized("NFKC", f"{first}\n{second}"):
        assert terms(f"{first}\n{second}") == terms(first) + terms(second)


@given(st.text(HAN, min_size=1, max_size=30))
def test_n_characters_in_a_row_have_n_plus_n_minus_one_terms(text: str) -> None:
    assert sum(terms(text).values()) == 2 * len(text) - 1


def plain_bm25(texts: list[str], query: dict[int, float], dead: frozenset[int]) -> list[float]:
    """BM25 as in the textbook (Lucene's idf), on the grid of mean lengths and without terms that are everywhere."""
    counts = [terms(text) for text in texts]
    living = [place for place in range(len(texts)) if place not in dead]
    unit = length_unit(sum(counts[place].total() for place in living), len(living))
    frequency = {term: sum(term in counts[place] for place in living) for term in query}
    rare = [term for term in query if 0 < frequency[term] <= COMMON * len(living)]
    used = rare if len(rare) >= FEW else [term for term in query if frequency[term]]
    return [
        0.0
        if place in dead
        else sum(
            query[term]
            * math.log(1 + (len(living) - frequency[term] + 0.5) / (frequency[term] + 0.5))
            * counts[place][term]
            * (K1 + 1)
            / (counts[place][term] + K1 * (1 - B + B * counts[place].total() / unit))
            for term in used
        )
        for place in range(len(texts))
    ]


@given(TEXTS, st.text(st.one_of(HAN, st.sampled_from("ab1")), min_size=1, max_size=8), st.sets(st.integers(0, 7)))
def test_scores_are_those_of_the_formula(texts: list[str], asked: str, dead: set[int]) -> None:
    gone = frozenset(dead)
    index, _ = an_index(texts, gone)
    query = dict.fromkeys(terms_of(asked).tolist(), 1.0)
    alive = np.array([place not in gone for place in range(len(texts))])
    assert np.where(alive, index.scores(query), 0) == pytest.approx(plain_bm25(texts, query, gone), rel=1e-5, abs=1e-5)


def test_a_weight_scales_what_a_term_adds() -> None:
    index, _ = an_index(["贷款贴息", "创业补贴", "住房"])
    (term,) = terms_of("贷").tolist()
    assert index.scores({term: 0.5})[0] == pytest.approx(index.scores({term: 1.0})[0] / 2)


def test_dead_passages_do_not_count() -> None:
    texts = ["创业补贴一万元", "创业担保贷款", "住房补贴"]
    query = dict.fromkeys(terms_of("创业补贴").tolist(), 1.0)
    with_dead, _ = an_index(texts, frozenset({1}))
    without, _ = an_index([texts[0], texts[2]])
    assert with_dead.size == without.size == 2
    assert with_dead.matched(query) == without.matched(query)
    assert with_dead.scores(query)[[0, 2]] == pytest.approx(without.scores(query))


def test_segments_are_searched_as_one() -> None:
    texts = ["创业补贴一万元", "创业担保贷款", "住房补贴", "瞪羚企业奖励"]
    halves = [build([(str(place), texts[place]) for place in part]) for part in ((0, 1), (2, 3))]
    split = LexicalIndex(halves, [np.ones(2, dtype=bool)] * 2)
    whole, _ = an_index(texts)
    query = dict.fromkeys(terms_of("创业补贴奖励").tolist(), 1.0)
    assert split.scores(query) == pytest.approx(whole.scores(query))
    assert split.matched(query) == whole.matched(query)


@pytest.mark.parametrize("texts", [[], ["", "。"]])
def test_an_index_without_words_answers_nothing(texts: list[str]) -> None:
    index, _ = an_index(texts)
    query = dict.fromkeys(terms_of("补贴").tolist(), 1.0)
    assert index.scores(query).tolist() == [0.0] * len(texts)
    assert set(index.matched(query).values()) == {0}
    assert LexicalIndex([], []).scores(query).tolist() == []


def test_an_empty_query_finds_nothing() -> None:
    index, _ = an_index(["创业补贴"])
    assert index.scores({}).tolist() == [0.0]
    assert index.matched({}) == {}


@given(TEXTS)
def test_a_segment_comes_back_from_its_arrays(texts: list[str]) -> None:
    segment = build([(f"p{place}", text) for place, text in enumerate(texts)])
    back = LexicalSegment.of_arrays(segment.arrays())
    assert back.ids == segment.ids
    assert all(np.array_equal(array, back.arrays()[name]) for name, array in segment.arrays().items())


def test_one_more_passage_leaves_the_weights_of_a_large_index_as_they_were() -> None:
    assert length_unit(100_000, 1_000) == length_unit(100_300, 1_001)
    assert length_unit(0, 0) > 0
