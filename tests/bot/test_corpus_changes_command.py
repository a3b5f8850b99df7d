"""`corpus diff | changes | releases | rollback` at the command line."""

# ruff: noqa: F811  # fixtures are asked for by their names

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.test_commands import Run, _logging_put_back, corpus, indexed, run  # noqa: F401  # fixtures

OLD = "# 某办法\n\n第一条 甲乙丙。\n\n第二条 奖励20万元。\n\n第三条 材料三月底前提交。\n"
NEW = "# 某办法\n\n第一条 甲乙丙。\n\n第二条 资金纳入预算管理。\n\n第三条 奖励30万元。\n"


def test_two_files_are_told_apart_article_by_article(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old.md", tmp_path / "new.md"
    old.write_text(OLD, "utf-8")
    new.write_text(NEW, "utf-8")
    assert run("corpus", "diff", old, new) == 1
    said = capfd.readouterr().out
    assert "新增：第二条" in said
    assert "修改：第二条 → 第三条" in said
    assert "奖励[-2-]{+3+}0万元" in said
    assert "删去：第三条" in said
    assert run("corpus", "diff", old, old) == 0


def test_two_releases_are_told_apart_and_the_older_one_can_serve_again(
    indexed: Run, corpus: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = next(path for path in corpus.rglob("*.md") if "qd-hitech" in path.name)
    file.write_text(file.read_text("utf-8").replace("奖励10万元", "奖励15万元"), "utf-8")
    assert indexed("corpus", "index", "--corpus", corpus) == 0
    capfd.readouterr()
    assert indexed("corpus", "changes") == 0
    said = capfd.readouterr().out
    assert "第 1 版 → 第 2 版：新增 0 份，修改 1 份，撤下 0 份" in said
    assert "奖励1[-0-]{+5+}万元" in said
    assert indexed("corpus", "diff", "qd-hitech-2025@1", "qd-hitech-2025") == 1
    assert indexed("corpus", "rollback") == 0
    assert "已回到第 1 版的内容，现为第 3 版" in capfd.readouterr().out
    assert indexed("corpus", "releases") == 0
    assert capfd.readouterr().out.count("现行") == 1


def test_what_is_not_there_is_said_in_one_line(indexed: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert indexed("corpus", "diff", "nothing-here", "qd-hitech-2025") == 1
    assert "没有这份政策：nothing-here" in capfd.readouterr().err
    assert indexed("corpus", "rollback") == 1
    assert "没有更早的版次" in capfd.readouterr().err
    assert indexed("corpus", "changes", "--from", "99") == 1
    assert "没有保留版次 99" in capfd.readouterr().err
