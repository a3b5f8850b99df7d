"""A segment made at once and one merged from many are the same index."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.lexical import LexicalIndex, LexicalSegment, terms_of
from rag.models import Document, DocumentVersion, Passage
from rag.segments import embedded_text, make_segment, merge, passage_text

WORDS = ["创业", "补贴", "贷款", "贴息", "人才", "LPR", "2025", "。", ""]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map("".join), min_size=1, max_size=10)


def a_passage(key: str, text: str) -> Passage:
    return Passage(key, key, "article", ("题", "第一条"), "第一条", "", text)


def a_version(key: str, text: str) -> DocumentVersion:
    return DocumentVersion(key, Document(key, "题", text), ())


def scores(segment: LexicalSegment, words: str) -> dict[str, float]:
    index = LexicalIndex([segment], [np.ones(len(segment.ids), dtype=bool)])
    found = index.scores(dict.fromkeys(terms_of(words).tolist(), 1.0))
    return dict(zip(segment.ids, found.tolist(), strict=True))


@given(TEXTS, st.data())
def test_merged_segments_score_as_one_built_afresh(texts: list[str], data: st.DataObject) -> None:
    keys = [f"p{place}" for place in range(len(texts))]
    cut = data.draw(st.integers(0, len(keys)))
    alive = data.draw(st.sets(st.sampled_from(keys)))
    made = [(a_version(key, text), a_passage(key, text)) for key, text in zip(keys, texts, strict=True)]
    parts = [make_segment([v for v, _ in part], [p for _, p in part]) for part in (made[:cut], made[cut:])]
    merged = merge(parts, alive.__contains__, alive.__contains__)
    fresh = make_segment([v for v, _ in made if v.version in alive], [p for _, p in made if p.id in alive])
    for words in ("创业补贴", "贷款LPR", "人才2025"):
        assert scores(merged.passages, words) == pytest.approx(scores(fresh.passages, words))
        assert scores(merged.documents, words) == pytest.approx(scores(fresh.documents, words))
    assert merged.id == fresh.id


def test_of_a_passage_that_two_segments_hold_only_one_is_kept() -> None:
    first = make_segment([a_version("a", "创业补贴")], [a_passage("a", "创业补贴")])
    both = make_segment(
        [a_version("a", "创业补贴"), a_version("b", "贷款")], [a_passage("a", "创业补贴"), a_passage("b", "贷款")]
    )
    merged = merge([first, both], lambda _key: True, lambda _key: True)
    assert merged.passages.ids == ("a", "b")
    assert scores(merged.passages, "创业") == pytest.approx(scores(both.passages, "创业"))


def test_the_name_of_a_segment_follows_from_what_it_holds() -> None:
    one = make_segment([a_version("a", "x")], [a_passage("a", "x")])
    assert make_segment([a_version("a", "x")], [a_passage("a", "x")]).id == one.id
    assert make_segment([a_version("a", "x")], []).id != one.id
    assert make_segment([], [a_passage("a", "x")]).id != one.id


def test_an_empty_segment_is_one_too() -> None:
    empty = make_segment([], [])
    assert empty.passages.ids == ()
    assert merge([empty, empty], lambda _key: True, lambda _key: True).id == empty.id


def test_a_passage_is_searched_by_its_title_number_path_lead_and_text() -> None:
    passage = Passage("p", "d", "row", ("创业办法", "附表"), None, "学历｜标准", "博士｜1200元")
    searched = passage_text(passage, "青人社规〔2025〕2号")
    assert all(part in searched for part in ("创业办法", "附表", "学历｜标准", "博士｜1200元", "青人社规〔2025〕2号"))
    assert "青人社规" not in embedded_text(passage)
    assert embedded_text(replace(passage, lead="")).split() == ["创业办法", "附表", "博士｜1200元"]
