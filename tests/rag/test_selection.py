"""Which clauses are quoted: the leading policy's first, few of others, few rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.models import Hit, Passage, PassageKind
from rag.selection import MOST, select


def a_hit(document: str, number: int, score: float, kind: PassageKind = "article") -> Hit:
    return Hit(Passage(f"{document}-{number}", document, kind, ("题",), None, "", "文"), score)


HITS = st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 2), st.sampled_from(["article", "row"])), max_size=25)


def ranked(made: list[tuple[str, float, str]]) -> list[Hit]:
    hits = [a_hit(document, place, score, kind) for place, (document, score, kind) in enumerate(made)]  # type: ignore[arg-type]  # kinds
    return sorted(hits, key=lambda hit: -hit.score)


def test_nothing_found_is_nothing_selected() -> None:
    assert select([]) == []


def test_the_best_hit_leads() -> None:
    hits = [a_hit("a", 1, 1.0), a_hit("b", 1, 0.99), a_hit("a", 2, 0.9)]
    picked = select(hits)
    assert picked[0] == hits[0]
    assert [hit.passage.document for hit in picked] == ["a", "a", "b"]


def test_what_is_far_behind_is_left_out() -> None:
    picked = select([a_hit("a", 1, 1.0), a_hit("a", 2, 0.05), a_hit("b", 1, 0.3)])
    assert [hit.passage.id for hit in picked] == ["a-1"]


def test_another_policy_must_stand_nearer_than_the_leading_ones_own_clauses() -> None:
    picked = select([a_hit("a", 1, 1.0), a_hit("a", 2, 0.6), a_hit("b", 1, 0.6)])
    assert [hit.passage.id for hit in picked] == ["a-1", "a-2"]


@given(HITS)
def test_the_selection_is_short_and_each_clause_comes_once(made: list[tuple[str, float, str]]) -> None:
    hits = ranked(made)
    picked = select(hits)
    assert len(picked) <= MOST
    assert len({hit.passage.id for hit in picked}) == len(picked)
    assert set(picked) <= set(hits)
    if hits:
        assert picked[0].passage.document == hits[0].passage.document


@given(HITS)
def test_rows_of_the_leading_policy_do_not_crowd_its_clauses_out(made: list[tuple[str, float, str]]) -> None:
    hits = ranked(made)
    if hits:
        own = [hit for hit in select(hits) if hit.passage.document == hits[0].passage.document]
        assert sum(hit.passage.kind == "row" for hit in own) <= 2


@given(HITS)
def test_clauses_of_one_policy_stand_together(made: list[tuple[str, float, str]]) -> None:
    documents = [hit.passage.document for hit in select(ranked(made))]
    runs = [document for place, document in enumerate(documents) if place == 0 or documents[place - 1] != document]
    assert len(runs) == len(set(runs))
