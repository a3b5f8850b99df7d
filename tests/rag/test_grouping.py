"""Misses that mean the same are one group, led by the first, whatever they are asked beside."""

from __future__ import annotations

from datetime import date

import numpy as np

from rag.grouping import grouped
from rag.ports import Vector

TODAY = date(2026, 11, 22)


def words(questions: list[str]) -> list[list[str]]:
    return [[questions[number] for number in group] for group in grouped(questions, TODAY)]


def test_wordings_of_one_question_are_one_group_and_near_misses_are_not() -> None:
    asked = [
        "员工宿舍有补贴吗",
        "氢能公交车有运营补贴吗？",
        "请问员工宿舍有没有补贴",
        "员工宿舍，有补贴吗？？",
        "崂山区员工宿舍有补贴吗",
        "2023年员工宿舍有补贴吗",
        "氢能公交车运营有补贴么",
    ]
    assert words(asked) == [
        ["员工宿舍有补贴吗", "请问员工宿舍有没有补贴", "员工宿舍，有补贴吗？？"],
        ["氢能公交车有运营补贴吗？", "氢能公交车运营有补贴么"],
        ["崂山区员工宿舍有补贴吗"],
        ["2023年员工宿舍有补贴吗"],
    ]


def test_a_near_meaning_makes_up_for_some_of_the_words_and_is_asked_for_only_then() -> None:
    asked = ["企业给员工租的宿舍给补贴吗", "员工宿舍给补贴吗", "氢能公交车给补贴吗"]
    wanted: list[str] = []

    def near(text: str) -> Vector:
        wanted.append(text)
        return np.array([1.0, 0.0], dtype=np.float32)

    def far(text: str) -> Vector:
        return np.array([1.0, 0.0] if "租" in text else [0.0, 1.0], dtype=np.float32)

    assert grouped(asked, TODAY) == [[0], [1], [2]]
    assert grouped(asked, TODAY, near) == [[0, 1], [2]]
    assert set(wanted) == set(asked[:2])
    assert grouped(asked, TODAY, far) == [[0], [1], [2]]


def test_what_is_no_question_at_all_breaks_nothing() -> None:
    assert grouped([], TODAY) == []
    assert grouped(["？？", "", "!", "多少", "多少"], TODAY) == [[0, 1, 2], [3, 4]]
