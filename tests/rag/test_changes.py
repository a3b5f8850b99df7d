"""What changed between two texts: told by what articles say, and enough to make the new text of the old."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.changes import Change, apply, compare, counts, edited, units
from rag.changes.figures import figures_missing
from rag.proposing import propose
from rag.proposing.versions import title_key, versions

LAWS = Path(__file__).parents[3] / "shared" / "data" / "laws"

OLD = """# 某办法

第一条 为鼓励创新，制定本办法。

第二条 首次认定的企业给予20万元奖励，分两年拨付。

第三条 申报材料应当在每年三月底前提交。

第四条 本办法由市科技局解释。
"""
NEW = """# 某办法

第一条 为鼓励创新，制定本办法。

第二条 市财政安排专项资金，实行预算管理和绩效评价。

第三条 首次认定的企业给予30万元奖励，分两年拨付。

第四条 本办法由市科技局解释。

第五条 本办法自2026年1月1日起施行。
"""


def told(old: str, new: str) -> list[tuple[str, str, str]]:
    return [(change.kind, change.old_label, change.new_label) for change in compare(old, new).told]


def test_articles_are_matched_by_what_they_say_and_not_by_their_numbers() -> None:
    assert told(OLD, NEW) == [
        ("new", "", "第二条"),
        ("modified", "第二条", "第三条"),
        ("removed", "第三条", ""),
        ("new", "", "第五条"),
    ]
    renumbered = OLD.replace("第四条", "第六条").replace("第三条", "第五条")
    assert told(OLD, renumbered) == [("renumbered", "第三条", "第五条"), ("renumbered", "第四条", "第六条")]


def test_a_modified_article_says_which_words_went_and_which_came() -> None:
    change = next(change for change in compare(OLD, NEW).changes if change.kind == "modified")
    assert [(edit.dropped, edit.put) for edit in change.edits] == [(1, "三"), (1, "3")]
    assert edited(OLD, change) == "第三条 首次认定的企业给予30万元奖励，分两年拨付。\n\n"


def test_nothing_changed_is_nothing_told_and_blanks_are_no_change() -> None:
    assert compare(OLD, OLD).told == ()
    spaced = OLD.replace("第二条 ", "第二条　").replace("\n\n", "\n\n\n")
    assert compare(OLD, spaced).told == ()
    assert apply(OLD, compare(OLD, spaced)) == spaced


def test_a_diff_is_refused_on_another_text() -> None:
    with pytest.raises(ValueError, match="another text"):
        apply(NEW, compare(OLD, NEW))


def test_clauses_of_a_digest_are_units_with_their_own_numbers() -> None:
    old = "## 摘要第1条〔标准〕 {provision=0 confidence=medium}\n\n奖励20万元。\n\n## 摘要第2条\n\n三月底前。\n"
    new = old.replace("20", "30").replace("medium", "high")
    assert told(old, new) == [("modified", "摘要第1条", "摘要第1条")]


def test_a_notice_without_articles_is_told_by_its_items_and_plain_text_by_its_lines() -> None:
    notice = "各单位：\n\n一、给予奖励10万元。\n\n二、材料三月底前提交到市科技局。\n"
    assert told(notice, notice.replace("10万元", "15万元")) == [("modified", "一、", "一、")]
    assert told("甲乙丙丁。\n戊己庚辛。\n", "甲乙丙丁。\n壬癸子丑。\n") == [("removed", "", ""), ("new", "", "")]


def test_figures_that_one_text_has_and_the_other_lacks_are_named() -> None:
    digest = "## 摘要第1条 {provision=0 confidence=high}\n\n奖励 20万元，分2年拨付，比例不低于３%。"
    assert figures_missing(digest, "奖励30万元，分2年拨付，比例不低于3%。") == ("20万元",)
    assert figures_missing(digest, digest) == ()


def test_every_unit_counts_once() -> None:
    found = counts(compare(OLD, NEW))
    assert found == {"same": 3, "renumbered": 0, "modified": 1, "new": 2, "removed": 1}
    assert sum(found.values()) - found["removed"] == len(units(NEW))
    assert sum(found.values()) - found["new"] == len(units(OLD))


ARTICLES = st.lists(
    st.sampled_from(
        [
            "给予20万元奖励。",
            "给予30万元奖励，分两年拨付。",
            "申报材料由区局初审。",
            "自公布之日起施行。",
            "",
            "| 甲 | 乙 |",
        ]
    ),
    max_size=8,
)
TEXTS = st.builds(
    lambda bodies, heading: heading + "".join(f"第{'一二三四五六七八'[i]}条 {b}\n\n" for i, b in enumerate(bodies)),
    ARTICLES,
    st.sampled_from(["", "# 某办法\n\n", "## 第一章 总则\n"]),
) | st.text(max_size=120)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_the_old_text_and_the_diff_make_the_new_text(old: str, new: str) -> None:
    diff = compare(old, new)
    assert apply(old, diff) == new
    assert (diff.told == ()) <= (_words(old) == _words(new))
    spans = [change.old for change in diff.changes if change.old is not None]
    assert len(spans) == len(set(spans))
    assert all(_honest(old, change) for change in diff.changes)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_units_tile_their_text(text: str) -> None:
    found = units(text)
    assert "".join(text[unit.start : unit.end] for unit in found) == text


def _words(text: str) -> list[str]:
    return sorted(unit.label + unit.words for unit in units(text) if unit.label or unit.words)


def _honest(old: str, change: Change) -> bool:
    """What is told as renumbered says the same, what is told as removed was there."""
    if change.kind == "renumbered" and change.old is not None:
        was, now = old[slice(*change.old)], edited(old, change)
        return "".join(was.split()).replace(change.old_label, "", 1) == "".join(now.split()).replace(
            change.new_label, "", 1
        )
    return change.kind != "removed" or bool(change.old and old[slice(*change.old)].strip())


@pytest.mark.parametrize(
    "title",
    [
        "某办法（2024年修订）",
        "某办法(试行)",
        "《某办法》",
        "某办法（2019修正）",
        "某办法 (2018-03-12)",
        "某办法（2020年第二次修订）",
    ],
)
def test_the_editions_of_a_title_are_one_title(title: str) -> None:
    assert title_key(title) == "某办法"


def test_parts_of_one_day_are_no_versions() -> None:
    assert versions([("a", "某法典", "2020-05-28"), ("b", "某法典", "2020-05-28")]) == {}
    assert versions([("b", "某法", "2020-05-28"), ("a", "某法（修订）", "2018-01-01")]) == {"某法": ("a", "b")}


@pytest.mark.skipif(not LAWS.is_dir(), reason="the public laws are not at hand")
def test_versions_of_a_law_are_linked_and_each_diff_makes_the_new_version_of_the_old() -> None:
    rows = [json.loads(line) for line in (LAWS / "index.jsonl").read_text("utf-8").splitlines()]
    texts = {row["id"]: (LAWS / row["file"]).read_text("utf-8") for row in rows}
    found = versions((name, *_title_and_day(text)) for name, text in texts.items())
    named: dict[str, dict[str, str]] = {}  # of one title and day are four that are filed twice, and a code's parts
    for row in rows:
        if row["versions_of_same_title"] > 1:
            named.setdefault(row["title"], {})[row["id"]] = row["passed_or_published"]
    linked = {frozenset(group) for group in found.values()}
    assert linked == {frozenset(group) for group in named.values() if len(set(group.values())) > 1}
    pairs = [pair for group in found.values() for pair in pairwise(group)]
    assert len(pairs) >= 60
    assert all(apply(texts[a], compare(texts[a], texts[b])) == texts[b] for a, b in pairs)
    heads = {row["id"]: sum(unit.label.startswith("第") for unit in units(texts[row["id"]])) for row in rows}
    articles = sum(row["n_articles"] for row in rows)
    assert sum(min(heads[row["id"]], row["n_articles"]) for row in rows) / articles >= 0.99


def _title_and_day(text: str) -> tuple[str, str | None]:
    found = propose(text)
    days = [one.value for one in (found.amended, found.issued, found.written) if one]
    return found.title.value if found.title else "", max(days, default=None)
