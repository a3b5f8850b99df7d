"""What `chunk` promises of every document: tiling, verbatim texts, the cap, nothing lost, and ids of content."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.chunking import chunk, passage_id
from rag.models import Document, Passage, Span

HEADS = ["第{n}条 ", "第{n}条　", "第{n}条", "**第{n}条** ", "一、", "（一）", "{n}.", "{n}、", "（{n}）", "①"]
HEADS += ["- ", "> ", "　　"]
HEADINGS = ["# 标题", "## 第{n}章 总 则", "第{n}章　附则", "第{n}节 规定", "### ", "附件：表", "目录", "一、要求"]
ROWS = ["| 甲 | 乙 |", "|---|---|", "| 一 | 1 |", "甲\t乙", "一|二", "|"]
STRAYS = ["", "   ", "\u3000", "<!-- 注 -->", "---", "第{n}条、第三条", "依照 第{n}条 的规定", "…", "\u200b"]

# A busy machine is no reason to fail.
unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

numbers = st.integers(min_value=0, max_value=30).map(str)
plain_text = st.text(alphabet="第一二三十条章节编、（）()1.．①②#|- \t\n\u3000。；，：“”甲乙丙abc*", max_size=300)


def filled(templates: list[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda template, n: template.replace("{n}", n), st.sampled_from(templates), numbers)


@st.composite
def mixtures(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text of heads, headings, rows and sentences in any order, and the sentences in it, no two alike."""
    lines, sentences = [], []
    for index in range(draw(st.integers(min_value=0, max_value=30))):
        kind = draw(st.sampled_from(["sentence", "sentence", "heading", "row", "stray"]))
        if kind == "sentence":
            sentence = f"甲{index:03d}乙" + draw(st.sampled_from(["", "应当照办", "可以申请补助，" * 4])) + "。"
            sentences.append(sentence)
            lines.append(draw(st.one_of(st.just(""), filled(HEADS))) + sentence)
        else:
            lines.append(draw(filled({"heading": HEADINGS, "row": ROWS, "stray": STRAYS}[kind])))
    return draw(st.sampled_from(["\n", "\n", "\n\n", " "])).join(lines), sentences


sizes = st.tuples(st.integers(min_value=1, max_value=400), st.integers(min_value=0, max_value=400)).map(
    lambda pair: {"target": pair[0], "cap": pair[0] + pair[1]}
)


def document(text: str, title: str = "某办法") -> Document:
    return Document("d1", title, text)


def assert_kept(text: str, found: list[tuple[Passage, Span]], cap: int) -> None:
    """The promises: spans tile the text, texts are verbatim within them, stripped, within the cap, under the title."""
    assert bool(found) == bool(text.strip())
    ends = [0, *(span.end for _, span in found)]
    assert [span.start for _, span in found] == ends[:-1]
    assert not found or ends[-1] == len(text)
    for passage, span in found:
        assert span.passage == passage.id
        assert passage.text in text[span.start : span.end]
        assert passage.text == passage.text.strip() != ""
        assert len(passage.text) <= cap
        assert len(passage.lead) <= 200
        assert passage.path[0] == "某办法"


@unhurried
@given(mixtures(), sizes)
def test_any_mixture_is_tiled_verbatim_and_within_the_cap(mixture: tuple[str, list[str]], size: dict[str, int]) -> None:
    assert_kept(mixture[0], chunk(document(mixture[0]), **size), size["cap"])


@unhurried
@given(plain_text, sizes)
def test_any_text_is_tiled_verbatim_and_within_the_cap(text: str, size: dict[str, int]) -> None:
    assert_kept(text, chunk(document(text), **size), size["cap"])


@unhurried
@given(st.text(max_size=200))
def test_text_of_any_script_is_tiled_verbatim_and_within_the_cap(text: str) -> None:
    assert_kept(text, chunk(document(text), target=20, cap=40), 40)


@unhurried
@given(mixtures())
def test_no_sentence_is_lost_cut_or_told_twice(mixture: tuple[str, list[str]]) -> None:
    text, sentences = mixture
    texts = [passage.text for passage, _ in chunk(document(text), target=60, cap=120)]
    leads = "".join(passage.lead for passage, _ in chunk(document(text), target=60, cap=120))
    for sentence in sentences:
        if sentence not in leads:  # above a table, a line of cells may be its header
            assert sum(sentence in one for one in texts) == 1


@unhurried
@given(mixtures())
def test_the_same_text_gives_the_same_passages(mixture: tuple[str, list[str]]) -> None:
    assert chunk(document(mixture[0])) == chunk(document(mixture[0]))


@unhurried
@given(mixtures())
def test_passages_with_the_same_id_are_equal(mixture: tuple[str, list[str]]) -> None:
    found = [passage for passage, _ in chunk(document(mixture[0]))]
    assert len({passage.id for passage in found}) == len(set(found))


def test_white_space_alone_gives_no_passage() -> None:
    assert chunk(document("")) == []
    assert chunk(document(" \n\u3000\n")) == []


def test_a_text_of_headings_alone_is_still_found() -> None:
    found = chunk(document("# 第一部分\n\n## 第二部分\n"))
    assert "第二部分" in "".join(passage.text for passage, _ in found)


def test_a_dash_between_headings_is_no_passage() -> None:
    assert [passage.text for passage, _ in chunk(document("# 甲\n\n—\n\n# 乙\n\n正文。"))] == ["正文。"]


def test_sizes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="target"):
        chunk(document("一句话。"), target=900, cap=800)


def test_the_id_keeps_its_parts_apart() -> None:
    def named(article: str | None, lead: str, text: str, provision: int | None = None) -> str:
        return passage_id(
            document="d", kind="article", path=("t",), article=article, lead=lead, text=text, provision=provision
        )

    ids = {named("第一条", "", "文"), named("第一", "条", "文"), named(None, "", "文"), named("", "", "文")}
    ids |= {named("第一条", "", "文", 0), named("第一条", "", "文", 1)}
    assert len(ids) == 6
    assert all(re.fullmatch("[0-9a-f]{24}", one) for one in ids)


def test_the_id_of_a_passage_is_that_of_its_parts() -> None:
    (passage, _), *_ = chunk(document("第一条 甲。\n第二条 乙。\n"))
    assert passage.id == passage_id(
        document="d1", kind="article", path=("某办法",), article="第一条", lead="", text="第一条 甲。"
    )
