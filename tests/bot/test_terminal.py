"""The terminal door: lines in, answers out, numbers for buttons, commands in both languages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from sqlalchemy import Engine

from bot.bootstrap import House
from bot.channels.terminal import Terminal
from bot.clock import FixedClock
from tests.support.houses import a_house


@pytest.fixture
def house(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> Iterator[House]:
    made = a_house(data_dir, clock)
    yield made
    made.engine.dispose()


def talk(house: House, *lines: str, width: int = 100, lang: str = "zh") -> str:
    """What a person sees who types these lines and then ends the input."""
    typed, shown = iter(lines), io.StringIO()

    def read(_prompt: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    console = Console(file=shown, width=width, highlight=False, force_terminal=False)
    Terminal(house.conversation(), house.accounts(), console, read, house.clock.now, lang).run()  # type: ignore[arg-type]  # a language
    return shown.getvalue()


def test_it_greets_and_takes_leave(house: House) -> None:
    shown = talk(house)
    assert "/帮助" in shown.splitlines()[0]
    assert shown.rstrip().endswith("再见。")


def test_a_question_is_answered_with_its_source(house: House) -> None:
    shown = talk(house, "首次认定高新技术企业奖励多少钱")
    assert "《青岛市高新技术企业培育若干措施》青科规〔2025〕7号" in shown
    assert "一次性奖励10万元" in shown
    assert "来源：https://www.qingdao.gov.cn/qd-hitech-2025" in shown


def test_a_follow_up_leans_on_the_question_before(house: House) -> None:
    assert "每月800元" in talk(house, "博士住房补贴一个月多少", "硕士呢").split("硕士", 1)[1]


def test_a_number_presses_a_button(house: House) -> None:
    shown = talk(house, "有什么补贴", "2", "1")
    assert "[2] 人才发展" in shown
    assert "[1] 博士、硕士住房补贴一个月多少？" in shown
    assert "每月1200元" in shown


@pytest.mark.parametrize("number", ["9", "0", "１", "-1", "²"])
def test_a_number_without_a_button_is_a_message(house: House, number: str) -> None:
    shown = talk(house, "有什么补贴", number)
    assert "可以点下面的例子" not in shown


def test_buttons_are_gone_after_the_next_answer(house: House) -> None:
    assert "可以点下面的例子" not in talk(house, "有什么补贴", "你好", "2")


@pytest.mark.parametrize("command", ["/帮助", "/help", "/HELP", "/whatever"])
def test_help_is_given(house: House, command: str) -> None:
    assert "直接输入问题即可" in talk(house, command)


@pytest.mark.parametrize("command", ["/退出", "/quit", "/exit", "/q"])
def test_quitting_ends_at_once(house: House, command: str) -> None:
    shown = talk(house, command, "首次认定高新技术企业奖励多少钱")
    assert "10万元" not in shown
    assert shown.rstrip().endswith("再见。")


def test_the_district_is_set_used_and_cleared(house: House) -> None:
    shown = talk(house, "/区 崂山", "住房补贴每月多少", "/district clear")
    assert "已记住您在崂山区" in shown
    assert "区级住房补贴每月300元" in shown
    assert "已清除所在区（市）" in shown


def test_the_district_stays_for_the_next_time(house: House) -> None:
    talk(house, "/区 崂山")
    assert "区级住房补贴每月300元" in talk(house, "住房补贴每月多少")


def test_a_district_that_is_none_is_told_with_those_that_are(house: House) -> None:
    shown = talk(house, "/区 浦东新区").replace("\n", "").replace(" ", "")
    assert "没有认出" in shown
    assert "崂山区" in shown
    assert "青岛西海岸新区" in shown


def test_history_is_shown_and_cleared(house: House) -> None:
    shown = talk(house, "/历史", "首次认定高新技术企业奖励多少钱", "/历史", "/清空", "/历史")
    assert shown.count("还没有问过问题") == 2
    assert "03-02 10:00" in shown  # Shanghai's time
    assert "已清除 1 条记录" in shown


def test_empty_lines_are_passed_over(house: House) -> None:
    assert "没有看到文字" not in talk(house, "", "   ", "\t")


def test_interrupting_ends_politely(house: House) -> None:
    def interrupt(_prompt: str) -> str:
        raise KeyboardInterrupt

    shown = io.StringIO()
    Terminal(house.conversation(), house.accounts(), Console(file=shown), interrupt, house.clock.now).run()
    assert shown.getvalue().rstrip().endswith("再见。")


@pytest.mark.parametrize("width", [40, 60, 200])
def test_no_line_is_wider_than_the_window(house: House, width: int) -> None:
    shown = talk(house, "博士住房补贴一个月多少", "/区 浦东", "/帮助", width=width)
    assert max(cell_len(line) for line in shown.splitlines()) <= width


def test_what_looks_like_markup_is_shown_as_it_is(house: House) -> None:
    shown = talk(house, "《[red]飞天[/red]计划》奖励多少", "/历史")
    assert "[red]飞天[/red]计划" in shown


def test_english_is_spoken_where_it_is_set(house: House) -> None:
    shown = talk(house, "How much is the reward for high-tech enterprise certification?", "/help", lang="en")
    assert "一次性奖励10万元" in shown
    assert "remember your district" in shown
    assert shown.rstrip().endswith("Goodbye.")
