"""The terminal door: lines in, answers out, numbers for buttons, commands in both languages."""

from __future__ import annotations

import getpass
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
    needs = house.needs()
    Terminal(
        house.conversation(), house.accounts(), console, read, house.clock.now,
        lang,  # type: ignore[arg-type]  # a language
        needs.inbox, needs.files,
    ).run()  # fmt: skip
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


# Needs


STORY = "在崂山做海水淡化膜，通量衰减40%，想找高校合作研发解决膜污染问题，预算大概两三百万，希望明年6月底前完成。"


def submitted(house: House, *more: str, lang: str = "zh") -> str:
    """A whole journey at the terminal, from the menu to the receipt."""
    return talk(
        house, "提交需求", "1", "1", STORY, "都对", "4", "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%", "同意",
        "青岛某某新材料有限公司", "91370200264574251E", "企业", "张晓明", "13905328765",
        "仅经办人可见", "承诺", "提交", *more, lang=lang,
    )  # fmt: skip


def flat(shown: str) -> str:
    return "".join(line.strip() for line in shown.splitlines())


def test_a_need_is_submitted_from_the_menu_to_the_receipt(house: House) -> None:
    shown = flat(submitted(house, "我的需求", "1"))
    assert "[1] 找技术" in shown
    assert "【技术需求】第 2/9 项" in shown
    assert "提交成功，受理编号 KC26-" in shown
    assert "状态：已提交，等待受理" in shown


def test_where_a_number_is_the_answer_buttons_take_a_slash(house: House) -> None:
    shown = talk(house, "找人才", "1", "水下机器人算法工程师", "解决复杂水流中的定位漂移问题", "2", "/2", "3")
    assert "[/1] 上一步" in shown
    assert "「人数」：2" in shown
    assert "[4] 博士后" in shown


def test_a_line_of_the_summary_is_changed_by_its_number(house: House) -> None:
    shown = flat(submitted(house, "我的草稿"))
    assert "[/1]" in shown
    again = flat(
        talk(
            house, "找技术", "1", STORY, "都对", "4", "通量 ≥ 25 LMH", "1", "3", "能耗 ≤ 3 kWh/t"
        )
    )  # fmt: skip
    assert "3. 技术关键与主要指标：能耗 ≤ 3 kWh/t" in again


def test_a_file_of_this_machine_is_attached(house: House, tmp_path: Path) -> None:
    drawing = tmp_path / "图 纸.pdf"
    drawing.write_bytes(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    shown = flat(talk(house, "找人才", f"/附件 {drawing}", f"/file '{drawing}'"))
    assert shown.count("已收到附件「图 纸.pdf」（1/5 个）") == 2


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "请写上文件的位置"),
        ("/nowhere/x.pdf", "没有找到文件"),
        ("{folder}", "没有找到文件"),
        ("{exe}", "这种文件不能接收"),
    ],
)
def test_a_file_that_cannot_be_sent_is_told(house: House, tmp_path: Path, path: str, said: str) -> None:
    program = tmp_path / "x.pdf"
    program.write_bytes(b"MZ" + bytes(range(256)) * 4)
    path = path.format(folder=tmp_path, exe=program)
    assert said in flat(talk(house, "找人才", f"/附件 {path}"))
    assert house.needs().drafts.all(house.accounts().of("terminal", getpass.getuser()).person)[0].answers == {}


def test_an_export_is_put_into_the_folder_one_is_in(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = flat(submitted(house, "导出我的信息", "导出我的信息"))
    assert "文件已保存到" in shown
    files = sorted(path.name for path in tmp_path.glob("*.json"))
    assert files == ["我的信息-20260302-2.json", "我的信息-20260302.json"]
    assert "张晓明" in (tmp_path / files[1]).read_text("utf-8")


@pytest.mark.parametrize("command", ["/cancel", "/restart", "/my", "/drafts", "/human", "/need"])
def test_commands_of_the_conversation_are_passed_on(house: House, command: str) -> None:
    shown = talk(house, command)
    assert "直接输入问题即可" not in shown


def test_help_is_the_forms_while_one_is_filled_in_and_the_terminals_otherwise(house: House) -> None:
    assert "/附件 路径" in talk(house, "/help")
    shown = talk(house, "找人才", "1", "/help")
    assert "现在填的是「岗位名称」" in shown


def test_a_form_goes_on_the_next_time_the_terminal_is_opened(house: House) -> None:
    talk(house, "找人才", "1", "水下机器人算法工程师")
    assert "继续填写（第 2/" in talk(house, "继续填写")


def test_no_line_of_a_form_is_wider_than_the_window(house: House) -> None:
    shown = talk(house, "提交需求", "1", "1", STORY, "帮助", width=44)
    assert max(cell_len(line) for line in shown.splitlines()) <= 44
