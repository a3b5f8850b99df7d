"""`corpus sources` and `corpus refresh` at the command line, files read by the real child, beside a server or alone."""

# ruff: noqa: F811  # fixtures are asked for by their names

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.ownership import own
from tests.bot.test_commands import Run, _logging_put_back, corpus, indexed, run  # noqa: F401  # fixtures
from tests.bot.test_corpus_life_command import NOTICE, staffed  # noqa: F401  # a fixture

PAGE = """<html><head><meta charset="utf-8"><title>通知</title></head><body><div class="nav"><a href="/">首页</a></div>
<div id="content"><h1>关于印发青岛市深海装备扶持办法的通知</h1><p>青海规〔2026〕9号</p>
<p>第一条 支持对象为在青岛市注册的科技企业，支持科技创新、技术研发和科技成果转化，培育高新技术企业。</p>
<p>第二条 对首次认定的深海装备科技企业，一次性奖励66万元，支持其技术创新和知识产权工作。</p>
<p>第三条 本办法自2026年4月1日起施行，有效期3年。</p><p>青岛市海洋发展局</p><p>2026年2月20日</p></div>
<div class="footer">今天是2026年3月2日 星期一 浏览次数：{count}</div></body></html>"""
ENTRY = '<li><a href="/{n}">关于公布2026年度青岛市科技型企业培育第{n}批项目立项名单的通知</a> 2026-01-{n:02}</li>'
LIST = "<html><body><ul>" + "".join(ENTRY.format(n=n) for n in range(1, 28)) + "</ul></body></html>"


@pytest.fixture
def sourced(staffed: Run, corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("CORPUS_DIR", str(corpus))
    (tmp_path / "desk").mkdir()
    assert staffed("corpus", "sources", "add", tmp_path / "desk", "--as", "ed") == 0
    return staffed


def test_sources_are_added_listed_and_removed(
    sourced: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE, "utf-8")
    url = "https://www.qingdao.gov.cn/a.html"
    assert sourced("corpus", "sources", "add", page, "--url", url, "--as", "ed") == 0
    for wrong in (("add", page), ("add", tmp_path / "none"), ("add", page, "--url", "ftp://x"), ("remove", "77")):
        assert sourced("corpus", "sources", *wrong, "--as", "ed") == 1
    assert sourced("corpus", "sources", "add", page, "--as", "clerk") == 1
    said = capfd.readouterr().err
    for words in ("已经是第 2 号来源", "没有找到", "网址要以", "没有第 77 号来源", "不是政策编辑或管理员"):
        assert words in said
    monkeypatch.setenv("CORPUS_REFRESH", "daily 03:00")
    assert sourced("corpus", "sources") == 0
    said = capfd.readouterr().out
    assert f"2　文件　还没有看过　{page}（{url}）　还没有看到过" in said
    assert "定时：daily 03:00，下次 " in said
    assert sourced("corpus", "sources", "remove", "2", "--as", "boss") == 0
    assert sourced("corpus", "sources") == 0
    assert str(page) not in capfd.readouterr().out.splitlines()[1]


def test_a_refresh_takes_in_what_is_new_says_what_is_amiss_and_publishes_nothing(
    sourced: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    desk = tmp_path / "desk"
    (desk / "page.html").write_text(PAGE.replace("{count}", "17"), "utf-8")
    (desk / "list.html").write_text(LIST, "utf-8")
    (desk / "empty.txt").write_bytes(b"")
    assert sourced("corpus", "refresh", "--as", "ed") == 1
    said = capfd.readouterr().out
    assert "新收录，请核对（1）" in said
    assert "page.html → 第 " in said
    assert "list.html：这是一个列表页" in said
    assert "没有读成（2）" in said
    assert "等待处理：待核对 1 份，待发布 0 份。" in said
    (desk / "page.html").write_text(PAGE.replace("{count}", "18").replace("3月2日 星期一", "3月9日 星期二"), "utf-8")
    (desk / "list.html").unlink()
    (desk / "empty.txt").unlink()
    assert sourced("corpus", "refresh", "--json", "--as", "ed") == 1
    facts = json.loads(capfd.readouterr().out)
    assert sorted((one["kind"], Path(one["file"]).name) for one in facts["files"]) == [
        ("missing", "empty.txt"), ("missing", "list.html"),
    ]  # fmt: skip
    assert (facts["unchanged"], facts["to_confirm"], facts["publishing"]) == (1, 1, "off")
    assert sourced("corpus", "refresh") == 1
    assert "--as 账号" in capfd.readouterr().err


def test_everything_but_publishing_works_beside_a_server(
    sourced: Run, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CORPUS_REFRESH_PUBLISHES", "true")
    (tmp_path / "desk" / "notice.txt").write_text(NOTICE, "utf-8")
    (tmp_path / "other.txt").write_text(NOTICE.replace("9号", "19号").replace("深海", "浅海"), "utf-8")
    address = "http://127.0.0.1:8123"
    with own(data_dir, "serve", address):
        assert sourced("corpus", "refresh", "--as", "ed") == 0
        assert sourced("corpus", "add", tmp_path / "other.txt", "--as", "ed") == 0
        assert sourced("corpus", "review", "1", "--confirm", "all", "--submit", "--as", "ed") == 0
        assert sourced("corpus", "refresh", "--as", "ed") == 0
        assert "服务正在运行，待发布的请在工作台发布" in capfd.readouterr().out
        assert sourced("corpus", "publish", "--as", "boss") == 1
        assert f"（{address}/console/corpus）" in capfd.readouterr().err
    assert sourced("corpus", "refresh", "--as", "ed") == 0
    assert "已发布第 2 版。" in capfd.readouterr().out


def test_those_who_keep_the_corpus_find_it_among_their_notices(
    sourced: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "desk" / "notice.txt").write_text(NOTICE, "utf-8")
    assert sourced("corpus", "refresh", "--as", "ed") == 0
    capfd.readouterr()
    for account in ("boss", "ed"):
        assert sourced("case", "inbox", "--as", account) == 0
        assert "政策来源有新情况" in capfd.readouterr().out
    assert sourced("case", "inbox", "--as", "clerk") == 0
    assert "政策来源" not in capfd.readouterr().out
