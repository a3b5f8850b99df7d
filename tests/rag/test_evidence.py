"""Evidence: how much of a question stands in a clause, in its document, nowhere; and the window that is quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import Evidence, Weigher, best_window
from rag.models import Hit, Passage
from rag.opened import OpenRelease
from rag.understanding import understand
from tests.support.policies import TODAY, policies
from tests.support.shelves import a_reader, memory_places


@pytest.fixture(scope="module")
def opened() -> OpenRelease:
    shelf = a_reader(policies(), memory_places()).shelf()
    assert shelf is not None
    return shelf.opened


def evidence(opened: OpenRelease, question: str, document: str, number: int = 0) -> Evidence:
    return Weigher(opened, understand(question, TODAY)).weigh(Hit(opened.passages_of(document)[number], 1.0))


def test_a_clause_that_says_it_covers_the_question(opened: OpenRelease) -> None:
    sure = evidence(opened, "首次通过高新技术企业认定", "qd-hitech-2025")
    other = evidence(opened, "首次通过高新技术企业认定", "sd-gazelle-2024")
    assert sure.words > 0.9
    assert other.words < sure.words / 2
    assert other.whole < sure.whole


def test_the_document_as_a_whole_covers_at_least_what_the_clause_does(opened: OpenRelease) -> None:
    for question in ("高新技术企业重新认定材料", "担保贷款期限", "瞪羚企业奖励"):
        for document in ("qd-hitech-2025", "qd-startup-2025", "sd-gazelle-2024"):
            found = evidence(opened, question, document)
            assert found.whole >= found.topic - 1e-9


def test_another_form_of_the_same_name_covers_it(opened: OpenRelease) -> None:
    known, unknown = (evidence(opened, f"{name}认定", "qd-hitech-2025").whole for name in ("高企", "飞企"))
    assert known > unknown


def test_words_that_stand_nowhere_are_told(opened: OpenRelease) -> None:
    assert evidence(opened, "量子芯片飞天计划", "qd-hitech-2025").unseen > 0.5
    assert evidence(opened, "高新技术企业认定", "qd-hitech-2025").unseen == pytest.approx(0, abs=0.05)


def test_an_english_question_is_weighed_by_its_chinese_words(opened: OpenRelease) -> None:
    found = evidence(opened, "What is the reward for high-tech enterprise certification?", "qd-hitech-2025")
    assert found.whole > 0.5


@pytest.mark.parametrize("question", ["", "？", "what is the", "🙂"])
def test_a_question_without_words_has_no_evidence(opened: OpenRelease, question: str) -> None:
    found = evidence(opened, question, "qd-hitech-2025")
    assert (found.words, found.topic, found.whole) == (0.0, 0.0, 0.0)


@given(st.text(max_size=80))
def test_every_share_lies_between_nought_and_one(question: str) -> None:
    shelf = a_reader(policies()[:2], memory_places()).shelf()
    assert shelf is not None
    found = evidence(shelf.opened, question, "qd-hitech-2025")
    assert all(-1e-9 <= share <= 1 + 1e-9 for share in (found.words, found.topic, found.whole, found.unseen))


SENTENCES = [f"第{n}项面向各类企业，由主管部门另行规定具体办法。" for n in range(30)]


def a_passage(text: str) -> Passage:
    return Passage("p", "d", "article", ("题",), None, "", text)


def test_a_short_clause_is_quoted_whole() -> None:
    assert best_window(a_passage("奖励10万元。\n"), understand("奖多少", TODAY), 100) == (0, len("奖励10万元。\n"))


def test_of_a_long_clause_the_sentences_that_answer_are_quoted() -> None:
    text = "".join([*SENTENCES[:15], "首次通过高新技术企业认定的奖励10万元。", *SENTENCES[15:]])
    start, end = best_window(a_passage(text), understand("高新技术企业首次认定奖多少", TODAY), 120)
    assert "首次通过高新技术企业认定的奖励10万元。" in text[start:end]
    assert end - start <= 120


@given(
    st.lists(st.sampled_from(["奖励10万元。", "高新技术企业认定；", "\n", "  ", "另行规定", "！"]), max_size=80),
    st.integers(1, 200),
)
def test_a_window_lies_inside_the_clause_and_holds_words(pieces: list[str], longest: int) -> None:
    text = "".join(pieces)
    start, end = best_window(a_passage(text), understand("高新技术企业奖多少", TODAY), longest)
    assert 0 <= start <= end <= len(text)
    if len(text) > longest and text.strip():
        assert text[start:end] == text[start:end].strip() != ""


def test_a_sentence_is_not_cut() -> None:
    text = "奖励" * 200 + "。"
    assert best_window(a_passage(text), understand("奖多少", TODAY), 100) == (0, len(text))
