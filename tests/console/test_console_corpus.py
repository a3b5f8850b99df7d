"""The corpus page: what is held and covered, what is live, index now (one at a time), roll back; unanswered ones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from bot import corpus_tables
from bot.console.corpus_lines import Filter, chosen, coverage, lines_of
from bot.refreshing import BusyError, CorpusWork, NoCorpusError
from bot.releases import SqlReleaseStore, SqlVectorCache
from db.engine import writing
from intake.store.register_history import Changes
from rag.adapters.segment_files import SegmentFiles
from rag.indexing import Indexes, publish, publish_again
from rag.models import PolicyState
from rag.ports import ReleaseStoreError
from rag.reader import Reader
from tests.support.bureau import Bureau
from tests.support.consoles import PASSWORD, Console, Person
from tests.support.policies import changed, gazelle, hitech, laoshan, plain, policies, write_corpus
from tests.support.shelves import BrokenEmbedder, CountingEmbedder, a_reader, folder_places, memory_places

DAY = date(2026, 3, 2)


class Held:
    """In place of a thread: what is to be done beside the asker waits until the test does it."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], None]) -> None:
        self._waiting.append(work)

    def do(self) -> None:
        self._waiting.pop(0)()


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def places(bureau: Bureau) -> Indexes:
    folder = Path(bureau.settings.data_dir) / "segments"
    return Indexes(SqlReleaseStore(bureau.engine), SegmentFiles(folder), SqlVectorCache(bureau.engine))


@pytest.fixture
def console(bureau: Bureau, places: Indexes, held: Held) -> Console:
    return Console(bureau, {"places": places, "spawn": held})


@pytest.fixture
def folder(console: Console) -> Path:
    return write_corpus(console.parts.corpus.folder, [*policies(), plain()])


@pytest.fixture
def editor(console: Console) -> Person:
    return console.staff("edit")


def index(person: Person, held: Held) -> None:
    assert person.post("/corpus/index").status_code == 303
    held.do()


def text(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def live(console: Console) -> str:
    release = console.parts.places.store.live()
    assert release is not None
    return release.id


def journal(console: Console) -> list[tuple[str, str]]:
    found, _ = Changes(console.bureau.engine).page(what="corpus")
    return [(line.actor, str((line.after or {})["done"])) for line in found]


# ------------------------------------------------------------------------------------------------- what is held, where


def test_the_list_says_what_each_policy_is_worth_today() -> None:
    lines = {line.id: line for line in lines_of(a_reader([*policies(), plain()]).shelf(), DAY)}
    assert lines["qd-startup-2022"].state is PolicyState.SUPERSEDED
    assert lines["qd-startup-2022"].retired
    assert (lines["qd-hitech-2025"].state, lines["qd-hitech-2025"].text) == (PolicyState.IN_FORCE, "digest")
    assert lines["qd-hitech-2025"].passages == 5
    unpolitical = next(line for line in lines.values() if line.text == "plain")
    assert (unpolitical.state, unpolitical.place, unpolitical.retired) == (None, "", False)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Filter(words="青科规 7号"), {"qd-hitech-2025"}),
        (Filter(words="高新 不存在"), set()),
        (Filter(place="崂山区"), {"ls-compute-2025"}),
        (Filter(category="startup"), {"qd-startup-2022", "qd-startup-2025"}),
        (Filter(category="startup", held="current"), {"qd-startup-2025"}),
        (Filter(state="已被替代"), {"qd-startup-2022"}),
        (Filter(checked="medium", held="current", category="startup"), {"qd-startup-2025"}),
    ],
    ids=lambda value: "" if isinstance(value, set) else repr(value),
)
def test_the_list_is_narrowed_by_words_place_domain_state_and_text(asked: Filter, found: set[str]) -> None:
    lines = lines_of(a_reader(policies()).shelf(), DAY)
    assert {line.id for line in chosen(lines, asked)} == found


def test_the_matrix_counts_what_may_be_quoted_and_shows_where_nothing_is() -> None:
    rows = {row[0].place: row for row in coverage(lines_of(a_reader(policies()).shelf(), DAY))}
    startup = next(cell for cell in rows["青岛市"] if cell.category == "startup")
    assert (startup.current, startup.retired, startup.heat) == (1, 1, "few")
    finance = next(cell for cell in rows["青岛市"] if cell.category == "finance")
    assert (finance.current, finance.retired, finance.heat) == (0, 1, "past")
    assert {cell.heat for cell in rows["市南区"]} == {"gap"}
    assert rows["青岛市"][-1].category is None
    assert rows["青岛市"][-1].current == sum(cell.current for cell in rows["青岛市"][:-1])


def test_a_cell_leads_to_the_list_of_what_it_counts(console: Console, editor: Person, folder: Path, held: Held) -> None:
    index(editor, held)
    matrix = editor.get("/corpus/coverage")
    link = re.search(r'href="/console(/corpus\?[^"]*category=startup&amp;held=current)"', matrix.text)
    assert link is not None
    behind = editor.get(link[1].replace("&amp;", "&"))
    assert "青岛市创业扶持补贴实施细则" in behind.text
    assert "显示 1 份，共 8 份" in text(behind)


def test_an_empty_corpus_and_strange_filters_break_no_page(editor: Person, folder: Path, held: Held) -> None:
    for path in ("/corpus", "/corpus/coverage", "/corpus/releases"):
        assert "还没有发布" in editor.get(path).text
    index(editor, held)
    page = editor.get("/corpus?state=galaxy&category=x&place=火星&text=1&checked=2&held=3&page=99999&q=%3Cb%3E")
    assert page.status_code == 200
    assert "没有符合条件的政策" in page.text
    assert "&lt;b&gt;" in page.text
    assert 'value="<b>' not in page.text


# --------------------------------------------------------------------------------------------------------- index now


def test_an_index_runs_beside_the_page_which_shows_it_after_every_reload(
    console: Console, editor: Person, folder: Path, held: Held
) -> None:
    assert editor.post("/corpus/index").headers["location"] == "/console/corpus/releases"
    for _ in range(2):
        assert "冯编正在更新（10:00 开始）" in text(editor.get("/corpus/releases"))
    assert "data-running" in console.staff("audit").get("/corpus/progress").text
    held.do()
    page = text(editor.get("/corpus/releases"))
    assert "已发布第 1 版：共 8 份，新增 8，修改 0，撤下 0" in page
    assert "2026-03-02 10:00 由冯编更新" in page
    assert "data-running" not in editor.get("/corpus/progress").text
    assert journal(console) == [("edit", "index_done"), ("edit", "index_begun")]


def test_progress_that_stood_still_is_not_sent_again(editor: Person, folder: Path, held: Held) -> None:
    editor.post("/corpus/index")
    first = editor.get("/corpus/progress")
    again = editor.get("/corpus/progress", headers={"if-none-match": first.headers["etag"]})
    held.do()
    after = editor.get("/corpus/progress", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, after.status_code) == (304, 200)


def test_who_presses_second_is_told_who_runs_it_and_nothing_is_done_twice(
    console: Console, editor: Person, folder: Path, held: Held
) -> None:
    editor.post("/corpus/index")
    boss = console.staff("boss")
    second = boss.post("/corpus/index")
    assert second.status_code == 409
    assert "冯编正在更新政策库（10:00 开始），请等它完成" in text(second)
    held.do()
    assert len(console.parts.corpus.releases()) == 1
    assert boss.post("/corpus/index").status_code == 303
    held.do()
    assert "没有变化：第 1 版，8 份" in text(boss.get("/corpus/releases"))
    assert [done for _, done in journal(console)] == ["index_same", "index_begun", "index_done", "index_begun"]


def test_of_many_who_press_at_once_exactly_one_begins(tmp_path: Path) -> None:
    places = memory_places()
    held, barrier = Held(), Barrier(8)
    work = CorpusWork(write_corpus(tmp_path / "policies", policies()), places, Reader(places), _now, held)

    def press(who: int) -> str:
        barrier.wait()
        try:
            return work.begin(f"p{who}").by
        except BusyError:
            return ""

    with ThreadPoolExecutor(8) as pool:
        began = [who for who in pool.map(press, range(8)) if who]
    assert len(began) == 1
    assert work.run is not None
    assert work.run.by == began[0]
    with pytest.raises(BusyError):
        work.refresh()
    held.do()
    assert work.refresh().documents == len(policies())


def test_a_refresh_that_fails_says_why_and_the_old_release_goes_on_serving(
    console: Console, editor: Person, folder: Path, held: Held
) -> None:
    index(editor, held)
    before = live(console)
    shutil.rmtree(folder)
    index(editor, held)
    page = text(editor.get("/corpus/releases"))
    assert "冯编的更新没有成功" in page
    assert f"没有找到政策文件夹 {folder}" in page
    assert "原来的版次继续使用" in page
    assert live(console) == before
    assert "青岛市高新技术企业培育若干措施" in editor.get("/corpus").text
    assert journal(console)[0] == ("edit", "index_failed")
    write_corpus(folder, policies())
    index(editor, held)
    assert "已发布第 2 版" in text(editor.get("/corpus/releases"))


def test_a_database_that_breaks_in_the_middle_is_told_and_leaves_the_old_release(
    console: Console, editor: Person, folder: Path, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(editor, held)
    before = live(console)
    write_corpus(folder, [changed(hitech(), "10万元", "20万元")])

    def broken(*_: object) -> None:
        raise ReleaseStoreError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(SqlReleaseStore, "publish", broken)
        index(editor, held)
    assert "数据库不能读写" in editor.get("/corpus/releases").text
    assert live(console) == before
    index(editor, held)
    assert live(console) != before


def test_faulty_files_are_named_with_what_to_do_and_the_rest_is_published(
    console: Console, editor: Person, folder: Path, held: Held
) -> None:
    (folder / "broken.md").write_text("---\nid: broken\nlevel: galaxy\n---\n正文\n", "utf-8")
    index(editor, held)
    page = editor.get("/corpus/releases")
    assert "broken.md" in page.text
    assert "处问题" in page.text
    assert "共 8 份" in text(page)


def test_an_embedder_that_breaks_keeps_nothing_back(tmp_path: Path, console: Console) -> None:
    places = memory_places(BrokenEmbedder())
    work = CorpusWork(write_corpus(tmp_path / "p", policies()), places, Reader(places), _now, lambda do: do())
    work.begin("edit")
    run = work.run
    assert run is not None
    assert run.refreshed is not None
    assert (run.failed, run.refreshed.trouble) == ("", "embedder")
    assert places.store.live() is not None


def test_an_update_that_was_cut_off_by_a_restart_is_told(console: Console, editor: Person, folder: Path) -> None:
    editor.post("/corpus/index")
    again = Console(console.bureau, {"places": console.parts.places})
    page = text(again.staff("boss").get("/corpus/releases"))
    assert "冯编在 2026-03-02 10:00 开始的更新没有做完" in page


# ----------------------------------------------------------------------------------------------------------- roll back


@pytest.fixture
def two(console: Console, editor: Person, folder: Path, held: Held) -> list[str]:
    """Two releases, the older first: the younger lacks one policy, has one new and one changed."""
    (folder / "sd-gazelle-2024.md").rename(folder / "kept.off")
    index(editor, held)
    console.pass_minutes(60)
    (folder / "kept.off").rename(folder / "sd-gazelle-2024.md")
    (folder / "ls-compute-2025.md").unlink()
    write_corpus(folder, [changed(hitech(), "10万元", "20万元")])
    index(console.staff("boss"), held)
    return [release.id for release in reversed(console.parts.corpus.releases())]


def test_the_releases_say_who_made_them_and_what_changed(console: Console, two: list[str]) -> None:
    page = text(console.staff("edit").get("/corpus/releases"))
    assert "第 2 版 正在使用 2026-03-02 11:00 由吴管更新" in page
    assert "第 1 版 2026-03-02 10:00 由冯编更新" in page
    assert f"新增 1 份： {gazelle().title}" in page
    assert f"修改 1 份： {hitech().title}" in page
    assert f"撤下 1 份： {laoshan().title}" in page


def test_going_back_asks_for_the_password_and_a_reason_and_goes_on_record(
    console: Console, two: list[str], places: Indexes
) -> None:
    old, new = two
    editor = console.staff("edit")
    console.pass_minutes(6)
    address = f"/corpus/releases/{old}"
    assert f"撤下 1 份： {gazelle().title}" in text(editor.get(address))
    values = {"reason": "新版漏了崂山的政策", "over": new}
    asked = editor.post(f"{address}/back", values)
    assert 'name="password_again"' in asked.text
    assert live(console) == new
    done = editor.post(f"{address}/back", {**values, "password_again": PASSWORD})
    assert done.headers["location"] == "/console/corpus/releases?done=corpus_back"
    assert live(console) == old
    page = text(editor.get("/corpus/releases"))
    assert "第 3 版 正在使用" in page
    assert "由冯编回滚到此版" in page
    record = text(console.staff("boss").get("/history?what=corpus"))
    assert "回滚" in record
    assert "新版漏了崂山的政策" in record
    assert "崂山区智能算力扶持办法" in editor.get("/corpus").text


def test_going_back_without_a_reason_does_nothing_and_keeps_what_was_typed(console: Console, two: list[str]) -> None:
    editor = console.staff("edit")
    editor.confirm()
    refused = editor.post(f"/corpus/releases/{two[0]}/back", {"reason": "错"})
    assert (refused.status_code, live(console)) == (422, two[1])
    assert "请写明原因" in refused.text
    assert 'value="错"' in refused.text


def test_one_does_not_go_back_over_a_release_one_has_not_seen(console: Console, two: list[str]) -> None:
    editor = console.staff("edit")
    editor.confirm()
    refused = editor.post(f"/corpus/releases/{two[0]}/back", {"reason": "新版有错误", "over": "f" * 16})
    assert (refused.status_code, live(console)) == (409, two[1])
    already = editor.post(f"/corpus/releases/{two[1]}/back", {"reason": "新版有错误"})
    assert already.status_code == 422
    assert editor.post("/corpus/releases/nothing/back", {"reason": "新版有错误"}).status_code == 404


def test_nobody_goes_back_while_an_index_runs(console: Console, two: list[str], folder: Path, held: Held) -> None:
    console.staff("boss").post("/corpus/index")
    editor = console.staff("edit")
    editor.confirm()
    refused = editor.post(f"/corpus/releases/{two[0]}/back", {"reason": "新版有错误"})
    assert (refused.status_code, live(console)) == (409, two[1])
    assert "吴管正在更新政策库" in text(refused)
    held.do()


def test_an_auditor_reads_and_changes_nothing(console: Console, two: list[str]) -> None:
    auditor = console.staff("audit")
    for path in ("/corpus", "/corpus/coverage", "/corpus/releases", f"/corpus/releases/{two[0]}", "/unanswered"):
        page = auditor.get(path)
        assert page.status_code == 200
        assert 'action="/console/corpus' not in page.text.replace('action="/console/corpus" role="search"', "")
    assert auditor.post("/corpus/index").status_code == 403


@pytest.mark.parametrize("segments", ["kept", "lost"])
def test_readers_pass_from_one_whole_release_to_the_other(tmp_path: Path, segments: str) -> None:
    """A question keeps its shelf to the end; the next one finds the release that was gone back to, built if need be."""
    places = folder_places(tmp_path / "segments", CountingEmbedder())
    first = publish(policies(), places, _now()).release
    reader = Reader(places)
    publish([changed(hitech(), "10万元", "20万元")], places, _now() + timedelta(hours=1))
    during = reader.shelf()
    if segments == "lost":
        for name in places.segments.ids() - set(during.opened.release.segments if during else ()):
            places.segments.drop(name)
    work = CorpusWork(tmp_path / "none", places, reader, _now)
    again = work.go_back(first.id)
    assert (again.id, again.number) == (first.id, 3)
    assert during is not None
    assert "20万元" in during.opened.passages_of("qd-hitech-2025")[0].text
    after = reader.shelf()
    assert after is not None
    assert len(after.opened.documents) == len(policies())
    assert after.opened.missing() == set()
    assert publish_again(again, places).number == 3


def test_a_release_whose_texts_are_gone_is_not_gone_back_to(console: Console, two: list[str], places: Indexes) -> None:
    with writing(console.bureau.engine) as connection:
        connection.execute(corpus_tables.documents.delete().where(corpus_tables.documents.c.document == laoshan().id))
    editor = console.staff("edit")
    editor.confirm()
    page = editor.post(f"/corpus/releases/{two[0]}/back", {"reason": "新版有错误"})
    assert (page.status_code, live(console)) == (422, two[1])
    assert "已不完整" in page.text


def test_a_folder_that_is_not_there_or_empty_has_a_reason_of_its_own(tmp_path: Path) -> None:
    places = memory_places()
    with pytest.raises(NoCorpusError) as missing:
        CorpusWork(tmp_path / "none", places, Reader(places), _now).refresh()
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoCorpusError) as empty:
        CorpusWork(tmp_path / "empty", places, Reader(places), _now).refresh()
    assert (missing.value.why, empty.value.why) == ("missing", "empty")


def _now() -> datetime:
    return datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def test_a_district_editor_neither_publishes_nor_goes_back(
    console: Console, editor: Person, folder: Path, held: Held
) -> None:
    index(editor, held)
    local, before = console.staff("local"), journal(console)
    assert "立即更新索引" not in text(local.get("/corpus/releases"))
    for path in ("/corpus/index", f"/corpus/releases/{live(console)}/back"):
        answer = local.post(path, {"reason": "试一试回滚"})
        assert answer.status_code == 403
        assert "您管崂山区，可以收录、核对和提交这里的政策。" in text(answer)
    assert journal(console) == before
