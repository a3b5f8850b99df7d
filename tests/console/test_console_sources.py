"""The page of the sources: how each stands, a round beside the server, nothing named outside one folder."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.console.chores import console_chores
from bot.corpus_sources import Sources
from bot.housekeeping import Housekeeping
from intake.store.register_history import Changes
from rag.parsing import Reason
from tests.bot.test_corpus_life import NOTICE, Parser
from tests.bot.test_source_rounds import Held
from tests.support.bureau import Bureau
from tests.support.consoles import Console, Person


def text(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def parser() -> Parser:
    return Parser()


@pytest.fixture
def console(bureau: Bureau, held: Held, parser: Parser) -> Console:
    return Console(bureau, {"spawn": held, "parse": parser})


@pytest.fixture
def editor(console: Console) -> Person:
    return console.staff("edit")


@pytest.fixture
def root(console: Console) -> Path:
    root = console.parts.settings.sources_root
    (root / "notices").mkdir(parents=True)
    return root


def added(editor: Person, **fields: str) -> Any:
    return editor.post("/corpus/sources", {"path": "notices", "url": "", **fields})


def test_a_source_is_added_looked_at_beside_the_server_and_removed(
    console: Console, editor: Person, root: Path, held: Held, parser: Parser
) -> None:
    (root / "notices" / "notice.txt").write_text(NOTICE, "utf-8")
    assert added(editor).headers["location"] == "/console/corpus/sources?done=source_added"
    assert "还没有看过" in text(editor.get("/corpus/sources"))
    assert editor.post("/corpus/sources/look").status_code == 303
    assert "冯编正在查看（10:00 开始）" in text(editor.get("/corpus/sources"))
    assert "data-running" in console.staff("audit").get("/corpus/sources/progress").text
    assert editor.post("/corpus/sources/look").status_code == 409
    held.do()
    page = text(editor.get("/corpus/sources"))
    draft = "第 1 号稿《关于印发青岛市深海装备扶持办法的通知》"
    for words in ("冯编的查看已完成", "正常 1", "新收录，请核对（1）", draft, "2026-03-02 10:00"):
        assert words in page
    assert "data-running" not in editor.get("/corpus/sources/progress").text
    parser.refuses = Reason.DAMAGED
    (root / "notices" / "bad.txt").write_text("坏", "utf-8")
    editor.post("/corpus/sources/look")
    held.do()
    page = text(editor.get("/corpus/sources"))
    assert "有情况的文件 1 个 bad.txt 读不成" in page
    assert editor.post("/corpus/sources/1/remove").headers["location"] == "/console/corpus/sources?done=source_removed"
    assert editor.post("/corpus/sources/1/remove").status_code == 404
    assert "还没有来源" in text(editor.get("/corpus/sources"))
    done = [(line.actor, (line.after or {})["done"]) for line in Changes(console.bureau.engine).page(what="corpus")[0]]
    assert done == [("edit", "source_removed"), ("edit", "source_added")]
    assert "加入来源" in text(console.staff("boss").get("/history"))


def test_progress_that_stood_still_is_not_sent_again(editor: Person, root: Path) -> None:
    editor.post("/corpus/sources/look")
    first = editor.get("/corpus/sources/progress")
    again = editor.get("/corpus/sources/progress", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)


@pytest.mark.parametrize(
    ("path", "url", "words"),
    [
        ("/etc/passwd", "", "不能从工作台加入"),
        ("/etc/no-such-file", "", "不能从工作台加入"),
        ("../assistant.db", "", "不能从工作台加入"),
        ("notices/../../originals", "", "不能从工作台加入"),
        ("link", "", "不能从工作台加入"),
        ("none", "", "没有找到“none”"),
        ("notices", "https://www.qingdao.gov.cn", "文件夹不能带网址"),
        ("page.html", "javascript:alert(1)", "网址要以"),
        ("", "", "请填写文件夹或文件的路径"),
        ("<b>x</b>", "", "没有找到“&lt;b&gt;x&lt;/b&gt;”"),
    ],
)
def test_what_cannot_be_a_source_is_said_and_not_kept(
    console: Console, editor: Person, root: Path, path: str, url: str, words: str
) -> None:
    (root / "page.html").write_text("x")
    (root / "link").symlink_to("/etc")
    answer = added(editor, path=path, url=url)
    assert answer.status_code == 422
    assert words in re.sub(r"\s+", " ", answer.text)
    assert Sources(console.bureau.engine).all() == []


def test_a_source_is_there_once(editor: Person, root: Path) -> None:
    added(editor)
    assert "这已经是第 1 号来源" in text(added(editor))


def test_a_district_editor_sees_the_sources_and_changes_nothing(console: Console, editor: Person, root: Path) -> None:
    added(editor)
    local = console.staff("local")
    page = text(local.get("/corpus/sources"))
    assert str(root / "notices") in page
    assert "现在看一遍" not in page
    for path in ("/corpus/sources", "/corpus/sources/look", "/corpus/sources/1/remove"):
        answer = local.post(path, {"path": "notices"})
        assert answer.status_code == 403
        assert "市级政策编辑或管理员办理" in text(answer)
    assert len(Sources(console.bureau.engine).all()) == 1


def test_the_schedule_is_shown_and_its_round_is_a_chore_of_the_server(bureau: Bureau, held: Held) -> None:
    settings = bureau.settings.model_copy(update={"corpus_refresh": "daily 03:00"})
    bureau.settings = settings
    console = Console(bureau, {"spawn": held})
    page = text(console.staff("edit").get("/corpus/sources"))
    assert "daily 03:00" in page
    assert "2026-03-03 03:00" in page
    house = Housekeeping(chore for chore in console_chores(console.parts) if chore.name == "sources")
    assert house.run_once(bureau.clock.now()) == {"sources": 0}
    bureau.clock.advance(timedelta(hours=17))
    assert house.run_once(bureau.clock.now()) == {"sources": 1}
    held.do()
    assert "定时的查看已完成" in text(console.staff("edit").get("/corpus/sources"))
    assert house.run_once(bureau.clock.now()) == {"sources": 0}
