"""Refusing: the judgement rises with every kind of evidence, and is calibrated for the embedder that ships."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.adapters.local_embedder import LocalEmbedder
from rag.evidence import Evidence
from rag.refusal import CALIBRATED_FOR, THRESHOLD, sureness

SHARES = st.floats(0, 1)
NOTHING = Evidence(words=0, topic=0, whole=0, unseen=0, cosine=None)
EVERYTHING = Evidence(words=1, topic=1, whole=1, unseen=0, cosine=None)


@given(SHARES, SHARES, SHARES, SHARES, st.one_of(st.none(), st.floats(-1, 1)), st.booleans())
def test_sureness_is_a_probability(
    words: float, topic: float, whole: float, unseen: float, cosine: float | None, english: bool
) -> None:
    assert 0 <= sureness(Evidence(words, topic, whole, unseen, cosine), english=english) <= 1


@given(SHARES, SHARES, SHARES, st.one_of(st.none(), st.floats(0.7, 0.95)), SHARES, st.booleans())
def test_more_of_the_question_in_the_document_is_surer(
    topic: float, whole: float, unseen: float, cosine: float | None, more: float, english: bool
) -> None:
    less = Evidence(0.5, topic, whole, unseen, cosine)
    surer = replace(less, whole=min(1.0, whole + more))
    assert sureness(surer, english=english) >= sureness(less, english=english)


@given(SHARES, SHARES, st.floats(0.7, 0.95), st.floats(0, 0.05), st.booleans())
def test_a_nearer_meaning_is_surer(topic: float, whole: float, cosine: float, more: float, english: bool) -> None:
    less = Evidence(0.5, topic, whole, 0.0, cosine)
    assert sureness(replace(less, cosine=cosine + more), english=english) >= sureness(less, english=english)


@pytest.mark.parametrize("cosine", [None, 0.8, 0.92])
@pytest.mark.parametrize("english", [False, True])
def test_everything_found_is_an_answer_and_nothing_is_none(cosine: float | None, english: bool) -> None:
    if cosine != 0.8:  # a cosine of .80 is what unrelated texts have in e5's space
        assert sureness(replace(EVERYTHING, cosine=cosine), english=english) > THRESHOLD
    if cosine != 0.92 or english is False:
        assert sureness(replace(NOTHING, cosine=min(cosine, 0.8) if cosine else None), english=english) < THRESHOLD


def test_the_judgement_is_calibrated_for_the_embedder_that_ships() -> None:
    assert LocalEmbedder.name == CALIBRATED_FOR
