"""Digests: a clause is a passage with its number, its fact's index and how sure we are of it."""

from __future__ import annotations

from datetime import date

from rag.chunking import chunk
from rag.models import Category, Document, Level
from rag.policies import JudgedStatus, Policy, Source

POLICY = Policy(
    id="qd-test-2025",
    title="某市支持创新若干措施",
    issuer="某市人民政府",
    level=Level.CITY,
    jurisdiction="青岛市",
    categories=(Category.SCIENCE,),
    status=JudgedStatus.IN_FORCE,
    status_asof=date(2026, 1, 1),
    status_basis="政务网发布",
    sources=(Source(title="某市支持创新若干措施", kind="official_site", coverage="full", official=True),),
    confidence="medium",
)

DIGEST = """> 这是一份摘要，不是原文。

## 摘要第1条〔一（一）奖补〕 {provision=0 confidence=high}

首次认定的，奖10万元。

一、这里的编号不是标题；依照
第二条 的规定办理。

## 摘要第12条〔二〕 {provision=11 confidence=medium}

不予重复支持。

## 摘要附表1〔奖补标准〕 {table=0 confidence=medium}

| 级别 | 金额 |
| --- | --- |
| 国家级 | 100万元 |
| 省级 | 50万元 |

## 摘要补充1〔时间〕 {confidence=medium}

每年3月申报。

## 办理〔申报与联系〕 {confidence=medium}

- 窗口：市民中心
- 电话：以公布为准

## 摘要说明 {confidence=medium}

所读为摘录。
"""


def digest(text: str = DIGEST, **size: int) -> list[tuple[object, ...]]:
    found = chunk(Document(POLICY.id, POLICY.title, text, POLICY), **size)
    return [(p.kind, p.path[1:], p.article, p.lead, p.text, p.provision, p.confidence) for p, _ in found]


def test_every_clause_and_row_is_a_passage_of_its_own() -> None:
    first, *others = digest()
    assert first[:4] == ("article", ("一（一）奖补",), "摘要第1条", "")
    assert first[4] == "首次认定的，奖10万元。\n\n一、这里的编号不是标题；依照\n第二条 的规定办理。"
    assert first[5:] == (0, "high")
    assert others == [
        ("article", ("二",), "摘要第12条", "", "不予重复支持。", 11, "medium"),
        ("row", ("奖补标准",), "摘要附表1", "级别｜金额", "| 国家级 | 100万元 |", None, "medium"),
        ("row", ("奖补标准",), "摘要附表1", "级别｜金额", "| 省级 | 50万元 |", None, "medium"),
        ("article", ("时间",), "摘要补充1", "", "每年3月申报。", None, "medium"),
        ("article", ("申报与联系",), "办理", "", "- 窗口：市民中心\n- 电话：以公布为准", None, "medium"),
        ("article", (), "摘要说明", "", "所读为摘录。", None, "medium"),
    ]


def test_the_notice_before_the_first_clause_is_in_its_span_and_in_no_text() -> None:
    (first, span), *_ = chunk(Document(POLICY.id, POLICY.title, DIGEST, POLICY))
    assert span.start == 0
    assert DIGEST[span.start : span.end].startswith("> 这是一份摘要")
    assert "摘要" not in first.text


def test_a_clause_over_the_cap_is_cut_at_sentences() -> None:
    text = "## 摘要第1条〔一〕 {provision=3 confidence=high}\n\n" + "符合条件的企业可以申请补助。" * 10
    found = digest(text, target=40, cap=60)
    assert len(found) > 2
    assert {row[2] for row in found} == {"摘要第1条"}
    assert {row[5] for row in found} == {3}
    assert all(str(row[4]).endswith("。") for row in found)


def test_a_digest_without_clauses_is_read_by_its_outline() -> None:
    assert [(row[1], row[4]) for row in digest("# 概要\n\n奖10万元。\n")] == [(("概要",), "奖10万元。")]


def test_an_original_is_not_read_as_a_digest() -> None:
    original = POLICY.model_copy(update={"text_kind": "original"})
    found = chunk(Document(POLICY.id, POLICY.title, "## 摘要\n\n第一条 甲。\n\n第二条 乙。\n", original))
    assert [passage.article for passage, _ in found] == ["第一条", "第二条"]
