"""Page anchors: found again by what lines say, silent where a line changed, right where a paragraph crosses a page."""

from __future__ import annotations

import random
import re

from rag.page_anchors import ANCHOR, MOST, anchors_of, pages_of, pages_said, stretches

TEXT = (
    "# 某办法\n\n第一条 甲乙丙。\n\n第二条 丁戊己庚辛壬癸，子丑寅卯。\n\n"
    "| 类别 | 金额 |\n| --- | --- |\n| A | 1万元 |\n| B | 2万元 |\n\n落款\n"
)
STARTS = ((0, 1), (TEXT.index("子丑"), 2), (TEXT.index("| B"), 3))


def page(text: str, words: str, anchors: tuple[str, ...] = anchors_of(TEXT, STARTS)) -> tuple[int, int] | None:
    at = text.index(words)
    return pages_of(text, stretches(text, anchors), at, at + len(words))


def test_every_word_is_on_its_page_and_a_paragraph_over_a_page_end_is_on_both() -> None:
    assert page(TEXT, "第一条 甲乙丙。") == page(TEXT, "丁戊己") == (1, 1)
    assert page(TEXT, "子丑寅卯。") == page(TEXT, "| A | 1万元 |") == (2, 2)
    assert page(TEXT, "癸，子") == (1, 2)
    assert page(TEXT, TEXT[2:-1]) == (1, 3)
    assert pages_said(anchors_of(TEXT, STARTS)) == (1, 2, 3)


def test_a_line_that_was_changed_or_added_has_no_page_and_the_others_keep_theirs() -> None:
    edited = TEXT.replace("甲乙丙", "甲乙丁").replace("| B |", "| 新 | 9万元 |\n| B |").replace("\n\n", "\n\n\n")
    assert page(edited, "甲乙丁") is None
    assert page(edited, "| 新 | 9万元 |") is None
    assert page(edited, "子丑寅卯") == (2, 2)
    assert page(edited, "| B | 2万元 |") == (3, 3)
    assert page(edited, "第一条 甲乙丁。\n\n\n第二条 丁戊") is None, "part of it is of no known page"
    assert page(edited, "| A | 1万元 |\n") == (2, 2)


def test_lines_that_changed_places_are_not_said_to_be_where_they_were() -> None:
    lines = [f"第{n}条 内容{n}" for n in range(30)]
    text = "\n\n".join(lines)
    anchors = anchors_of(text, ((0, 1), (text.index("第15条"), 2)))
    moved = "\n\n".join([*lines[20:], *lines[:20]])
    found = {n: page(moved, lines[n], anchors) for n in range(30)}
    assert all(found[n] in {None, (1 if n < 15 else 2,) * 2} for n in range(30))
    assert sum(one is not None for one in found.values()) == 20, "the longer run stays, the other is not sure"


def test_repeated_lines_are_matched_beside_their_neighbours() -> None:
    text = "\n".join(["甲", "同上", "同上", "乙", "同上", "丙"])
    anchors = anchors_of(text, ((0, 1), (text.index("乙"), 2)))
    changed = text.replace("甲", "甲改")
    found = stretches(changed, anchors)
    assert [(changed[s.start : s.end], s.page) for s in found] == [
        ("同上", 1), ("同上", 1), ("乙", 2), ("同上", 2), ("丙", 2),
    ]  # fmt: skip


def test_anchors_survive_any_edit_without_a_lie() -> None:
    dice = random.Random(7)  # noqa: S311 (edits to try)
    lines = [f"{dice.choice('甲乙丙丁')}{dice.randrange(12)}款" for _ in range(120)]
    starts, at = [], 0
    for number, line in enumerate(lines):
        starts += [(at, 1 + number // 10)] if number % 10 == 0 else []
        at += len(line) + 1
    anchors = anchors_of("\n".join(lines), starts)
    for _ in range(30):
        kept = [(n, line) for n, line in enumerate(lines) if dice.random() > 0.1]
        edited = [(n, line) if dice.random() > 0.1 else (None, f"改{dice.random()}") for n, line in kept]
        text = "\n".join(line for _, line in edited)
        for one in stretches(text, anchors):
            says = text[one.start : one.end]
            assert any(lines[n] == says for n in range(10 * one.page - 10, 10 * one.page)), "that page has no such line"


def test_a_text_without_pages_or_too_long_has_no_anchors_and_broken_ones_say_nothing() -> None:
    assert anchors_of(TEXT, ()) == ()
    assert anchors_of("字\n" * (MOST + 1), ((0, 1),)) == ()
    assert stretches(TEXT, ("x", "1 abc", "0 abcd")) == ()
    long = "\n".join(f"第{n}行" for n in range(MOST))
    written = anchors_of(long, ((0, 1),))
    assert all(ANCHOR.fullmatch(one) for one in written)
    assert sum(map(len, written)) < 50_000
    assert not re.search(r"\s", written[0][2:])
