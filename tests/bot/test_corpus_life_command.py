"""`corpus add | review | publish | coverage` at the command line, files read by the real child process."""

# ruff: noqa: F811  # fixtures are asked for by their names

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bot.test_commands import Run, _logging_put_back, corpus, indexed, run  # noqa: F401  # fixtures

NOTICE = """关于印发青岛市深海装备扶持办法的通知

青海规〔2026〕9号

第一条 支持对象为在青岛市注册的科技企业，支持科技创新、技术研发和科技成果转化，培育高新技术企业。

第二条 对首次认定的深海装备科技企业，一次性奖励66万元，支持其技术创新和知识产权工作。

第三条 本办法自2026年4月1日起施行，有效期3年。《青岛市高新技术企业培育若干措施》同时废止。

青岛市海洋发展局
2026年2月20日
"""


@pytest.fixture
def staffed(indexed: Run, capfd: pytest.CaptureFixture[str]) -> Run:
    assert indexed("staff", "add", "boss", "--name", "管理", "--role", "admin") == 0
    assert indexed("staff", "add", "ed", "--name", "编辑", "--role", "editor", "--as", "boss") == 0
    assert indexed("staff", "add", "clerk", "--name", "受理", "--role", "clerk", "--as", "boss") == 0
    capfd.readouterr()
    return indexed


def test_from_a_folder_of_files_to_an_answer(
    staffed: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CORPUS_DIR", str(corpus))
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "notice.txt").write_text(NOTICE, "utf-8")
    (folder / "broken.pdf").write_bytes(b"no pdf at all")
    (folder / "picture.png").write_bytes(b"left alone")
    assert staffed("corpus", "add", folder, "--as", "ed") == 1
    said = capfd.readouterr().out
    assert "没有读成：broken.pdf" in said
    assert "【2026年4月1日起施行】" in said
    assert "推算——有效年限，自施行日起算" in said
    assert "共 2 个文件，1 个没有读成" in said
    assert staffed("corpus", "review") == 0
    number = next(line.split("　")[0] for line in capfd.readouterr().out.splitlines() if "notice.txt" in line)
    assert staffed("corpus", "add", folder / "notice.txt", "--as", "ed") == 0
    assert "没有变化：notice.txt 以前收录过" in capfd.readouterr().out
    assert staffed("corpus", "review", number, "--submit", "--as", "ed") == 1
    assert "还没有确认：" in capfd.readouterr().err
    assert staffed("corpus", "review", number, "--confirm", "all", "--submit", "--as", "ed") == 0
    assert staffed("corpus", "publish", "--plan") == 0
    assert "改为被替代　qd-hitech-2025" in capfd.readouterr().out
    assert staffed("corpus", "publish", "--as", "boss") == 0
    said = capfd.readouterr().out
    assert "没有检验金标问题" in said
    assert "已发布第 2 版" in said
    assert staffed("ask", "深海装备科技企业首次认定奖励多少", "--as-of", "2026-05-01") == 0
    assert "66万元" in capfd.readouterr().out
    assert staffed("corpus", "review", number, "--json") == 0
    facts = json.loads(capfd.readouterr().out)
    assert (facts["stage"], facts["card"]["fields"]["expires"]) == ("live", "2029-03-31")


def test_who_may_not_is_told_so_and_nothing_is_taken_in(
    staffed: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notice.txt"
    path.write_text(NOTICE, "utf-8")
    for account in (("--as", "clerk"), ("--as", "nobody"), ()):
        assert staffed("corpus", "add", path, *account) == 1
    said = capfd.readouterr().err
    assert "不是政策编辑或管理员" in said
    assert "没有账号 nobody" in said
    assert "--as 账号" in said
    assert staffed("corpus", "review") == 0
    assert "没有待处理的稿" in capfd.readouterr().out


def test_digests_are_ranked_by_the_questions_they_answered(staffed: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert staffed("corpus", "coverage", "--limit", "3") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith("摘要 7 份")
    assert len(lines) == 4


def test_a_district_editor_proposes_for_the_district_only(
    staffed: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CORPUS_DIR", str(corpus))
    local = ("--as", "local")
    assert staffed("staff", "add", "local", "--name", "区编", "--role", "editor", "--area", "崂山", "--as", "boss") == 0
    own = (
        NOTICE.replace("青岛市深海", "崂山区深海")
        .replace("青岛市海洋发展局", "青岛市崂山区人民政府")
        .replace("青海规", "崂政发")
    )
    (tmp_path / "own.txt").write_text(own.replace("《青岛市高新技术企业培育若干措施》同时废止。", ""), "utf-8")
    (tmp_path / "city.txt").write_text(NOTICE, "utf-8")
    capfd.readouterr()
    assert staffed("corpus", "add", tmp_path / "own.txt", *local) == 0
    assert staffed("corpus", "add", tmp_path / "city.txt", *local) == 1
    assert "第 2 号稿留在待处理里。这份稿适用于青岛市，不在账号 local 的范围（崂山区）内" in capfd.readouterr().out
    assert staffed("corpus", "review", "2", "--confirm", "all", *local) == 1
    assert staffed("corpus", "review", "1", "--set", "jurisdiction=青岛市", *local) == 1
    assert staffed("corpus", "review", "1", "--clear", "jurisdiction", *local) == 1
    assert staffed("corpus", "review", "1", "--confirm", "all", "--submit", *local) == 0
    assert staffed("corpus", "publish", *local) == 1
    assert staffed("corpus", "rollback", *local) == 1
    said = [line.split("，")[0] for line in capfd.readouterr().err.splitlines() if line]
    away, whole = "这样改以后", "发布、撤回、来源和定时更新由市级政策编辑或管理员办理。账号 local 管 崂山区"
    assert said == ["这份稿适用于青岛市", away, away, whole, whole]
    assert staffed("corpus", "publish", "--as", "boss") == 0
