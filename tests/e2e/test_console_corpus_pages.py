"""The corpus in a real browser: an index is pressed, runs and ends without a reload; two sizes, two schemes, axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.clock import FixedClock
from bot.releases import SqlReleaseStore, SqlVectorCache
from db.engine import make_engine
from db.migrating import upgrade
from rag.adapters.segment_files import SegmentFiles
from rag.indexing import Indexes
from tests.support.browsing import DESKTOP, PHONE, axe, serve, stop, watch
from tests.support.bureau import bureau_of
from tests.support.consoles import PASSWORD, Console
from tests.support.policies import changed, hitech, policies, write_corpus

pytestmark = pytest.mark.browser

PAGES = (
    "/console/corpus", "/console/corpus/coverage", "/console/corpus/releases", "/console/corpus/sources",
    "/console/unanswered",
)  # fmt: skip


@pytest.fixture
def waiting() -> list[Callable[[], None]]:
    return []


@pytest.fixture
def console(tmp_path: Path, waiting: list[Callable[[], None]]) -> Iterator[Console]:
    engine = make_engine(f"sqlite:///{tmp_path / 'assistant.db'}")
    upgrade(engine)
    places = Indexes(SqlReleaseStore(engine), SegmentFiles(tmp_path / "segments"), SqlVectorCache(engine))
    bureau = bureau_of(engine, FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC)), tmp_path)
    yield Console(bureau, {"places": places, "spawn": waiting.append})
    engine.dispose()


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/console/corpus/releases")
    page.get_by_label("账号").fill("edit")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def test_an_editor_brings_the_corpus_up_to_date_sees_the_gaps_and_goes_back(
    browser: Browser, console: Console, waiting: list[Callable[[], None]]
) -> None:
    folder = write_corpus(console.parts.corpus.folder, policies())
    site = serve(console.app, console)
    context = browser.new_context(viewport=DESKTOP, locale="zh-CN")
    visit = watch(context, site.address)
    page = visit.page
    sign_in(page, site.address)
    for _ in range(2):
        page.get_by_role("button", name="立即更新索引").click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        assert axe(page) == []
        waiting.pop()()
        expect(page.get_by_text("的更新已完成")).to_be_visible()
        write_corpus(folder, [changed(hitech(), "10万元", "20万元")])
    a_round_of_the_sources(page, site.address, console, waiting)
    assert broken_pages(page, site.address, console) == {}
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # playwright's own type of a size
    page.goto(f"{site.address}/console/corpus/releases")
    page.get_by_role("link", name="第 1 版").click()
    console.pass_minutes(6)
    page.get_by_label("原因").fill("新版金额写错了")
    page.get_by_role("button", name="回滚到第 1 版").click()
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="确认并继续").click()
    expect(page.get_by_role("status").first).to_contain_text("已回滚")
    expect(page.get_by_role("row", name=re.compile("第 3 版"))).to_contain_text("正在使用")
    assert page.evaluate("window.violations ?? []") == []
    assert (visit.outside, visit.faults, visit.dialogs) == ([], [], [])
    context.close()
    stop(site)


def a_round_of_the_sources(page: Page, address: str, console: Console, waiting: list[Callable[[], None]]) -> None:
    """A source is added, looked at beside the page, and found with what is amiss in it."""
    root = console.parts.settings.sources_root / "notices"
    root.mkdir(parents=True)
    (root / "empty.txt").write_bytes(b"")
    page.goto(f"{address}/console/corpus/sources")
    page.get_by_label("文件夹或文件").fill("notices")
    page.get_by_role("button", name="加入", exact=True).click()
    page.get_by_role("button", name="现在看一遍").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert axe(page) == []
    waiting.pop()()
    expect(page.get_by_text("冯编的查看已完成")).to_be_visible()
    page.get_by_text("有情况的文件 1 个").click()
    expect(page.get_by_text("文件是空的（0 字节）").first).to_be_visible()


def broken_pages(page: Page, address: str, console: Console) -> dict[str, object]:
    """What axe finds on each page, and pages wider than the screen, light and dark, wide and narrow."""
    oldest = console.parts.corpus.releases()[-1].id
    found: dict[str, object] = {}
    for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # playwright's own type of a size
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for path in (*PAGES, f"/console/corpus/releases/{oldest}"):
            page.goto(address + path)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if broken := axe(page) + ([("too wide", str(over))] if over > 0 else []):
                found[f"{path} {scheme}"] = broken
    return found
