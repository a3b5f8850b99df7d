"""`corpus unanswered` and `ask --why`: the board and the steps of an answer, without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.bootstrap import House
from bot.clock import SystemClock
from intake.cases import SYSTEM, Role
from intake.staff import Staff
from tests.support.houses import a_house
from tests.support.talking import Talker

SCHEME = "科技型企业飞鹰计划奖励多少"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def house(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name, value in (("DATA_DIR", str(data_dir)), ("EMBED_MODEL", "none"), ("VECTOR_STORE", "none")):
        monkeypatch.setenv(name, value)
    house = a_house(data_dir, SystemClock(), embed_model="none")
    house.needs().register.put_staff(Staff("edit", "冯编", frozenset({Role.EDITOR})), SYSTEM, house.clock.now())
    house.needs().register.put_staff(Staff("sun", "孙岚", frozenset({Role.CLERK})), SYSTEM, house.clock.now())
    Talker(house, "1").say(SCHEME)
    Talker(house, "2").say("请问科技型企业的飞鹰计划能奖励多少？")
    Talker(house, "1").skip_ids(1)
    yield house
    house.engine.dispose()


@pytest.fixture
def run(house: House, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def row(run: Run, *more: str) -> dict[str, Any]:
    code, out, _ = run("corpus", "unanswered", "--json", *more)
    assert code == 0
    return dict(json.loads(out.splitlines()[0])) if out.strip() else {}


def test_the_board_is_told_in_lines_and_for_programs(run: Run) -> None:
    told = row(run)
    assert (told["count"], told["askers"], told["causes"], told["open"]) == (2, 2, [["names", 2]], True)
    assert told["trend"] == "new"
    code, out, _ = run("corpus", "unanswered")
    assert code == 0
    assert out.startswith(f"{told['key']}  请问科技型企业的飞鹰计划能奖励多少？\n    共问 2 次，2 位。")
    assert "所问的名称没有收录" in out
    assert "共 2 次没有答上来。" in out
    assert row(run, "--cause", "off_topic") == {}


def test_a_row_is_dealt_with_by_those_who_keep_the_corpus(run: Run, house: House) -> None:
    key = row(run)["key"]
    assert run("corpus", "unanswered", "--mark", key)[0] == 1
    assert run("corpus", "unanswered", "--mark", key, "--as", "sun")[0] == 1
    assert run("corpus", "unanswered", "--mark", key, "--as", "nobody")[0] == 1
    assert run("corpus", "unanswered", "--mark", "0" * 12, "--as", "edit")[0] == 1
    code, out, _ = run("corpus", "unanswered", "--mark", key, "--ignore", "与政策无关", "--as", "edit")
    assert (code, out) == (0, "已标记为不处理。\n")
    assert row(run) == {}
    assert row(run, "--all")["mark"] == "ignored"


def test_what_makes_no_sense_is_refused_in_words(run: Run) -> None:
    for arguments in (["--days", "0"], ["--cause", "galaxy"]):
        code, out, err = run("corpus", "unanswered", *arguments)
        assert (code, out) == (1, "")
        assert "应为" in err


def test_why_tells_the_steps_and_what_decided(run: Run) -> None:
    code, out, _ = run("ask", "--why", SCHEME, "--as-of", "2026-03-02")
    assert code == 0
    assert out.startswith("结果：没有找到\n    所问的计划或工程，政策库里没有这个名称。")
    assert "未通过  所问的计划有这个名称" in out
    assert "按哪天的效力 2026-03-02" in out
    answered = run("ask", "--why", "首次认定高新技术企业奖励多少钱", "--as-of", "2026-03-02")[1]
    assert "1. 《青岛市高新技术企业培育若干措施》摘要第1条（现行有效；已引用）" in answered
    assert "█" in answered
