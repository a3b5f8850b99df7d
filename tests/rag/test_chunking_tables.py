"""Tables: a row is a passage, its header is the lead, and what names the table is in the path."""

from __future__ import annotations

from rag.chunking import chunk
from rag.models import Document, Passage


def passages(text: str, **size: int) -> list[Passage]:
    return [passage for passage, _ in chunk(Document("d1", "某政策", text), **size)]


def test_a_markdown_table_gives_a_passage_a_row() -> None:
    table = "| 类别 | 金额 |\n|:---|---:|\n| 国家级 | 100万元 |\n| 省级 | 50万元 |\n"
    found = passages(f"## 标准\n\n奖励标准\n\n{table}\n以上不重复享受。\n")
    rows = [passage for passage in found if passage.kind == "row"]
    assert [row.text for row in rows] == ["| 国家级 | 100万元 |", "| 省级 | 50万元 |"]
    assert {row.lead for row in rows} == {"类别｜金额"}
    assert {row.path for row in rows} == {("某政策", "标准", "奖励标准")}
    assert found[-1].text == "以上不重复享受。"
    assert found[-1].kind == "paragraph"


def test_rows_split_by_tabs_are_a_table_too() -> None:
    found = passages("区市\t电话\n市南区\t1\n市北区\t2\n")
    assert [(row.kind, row.lead, row.text) for row in found] == [
        ("row", "区市｜电话", "市南区\t1"),
        ("row", "区市｜电话", "市北区\t2"),
    ]


def test_a_bar_in_running_text_makes_no_table() -> None:
    assert [passage.kind for passage in passages("甲|乙都可以。\n这里没有。\n丙|丁|戊也可以。\n")] == ["paragraph"]


def test_a_row_over_the_cap_is_cut_and_keeps_its_header() -> None:
    found = passages(f"| 类别 | 说明 |\n|---|---|\n| 国家级 | {'符合条件的企业，' * 10} |\n", target=20, cap=40)
    assert len(found) > 2
    assert {(row.kind, row.lead) for row in found} == {("row", "类别｜说明")}
    assert all(len(row.text) <= 40 for row in found)


def test_a_table_in_an_article_belongs_to_the_article() -> None:
    found = passages(
        "第一条 标准如下：\n| 档 | 元 |\n|---|---|\n| 一 | 1 |\n具体由市局解释。\n第二条 自公布之日起施行。\n"
    )
    assert [(passage.kind, passage.article) for passage in found] == [
        ("article", "第一条"),
        ("row", "第一条"),
        ("article", "第一条"),
        ("article", "第二条"),
    ]


def test_a_long_header_does_not_grow_every_row() -> None:
    found = passages(f"| {'长' * 500} | 金额 |\n|---|---|\n| 一 | 1 |\n| 二 | 2 |\n")
    assert all(len(row.lead) == 200 and row.lead.endswith("…") for row in found)
