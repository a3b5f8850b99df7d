"""A clerk's way with sheets in a real browser: a template, a file with a fault, the corrected one, the numbers, the
list as a sheet. Two sizes, two schemes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from bot.clock import FixedClock
from db.engine import make_engine
from db.migrating import upgrade
from tests.support.browsing import DESKTOP, PHONE, Site, Visit, serve, stop, watch
from tests.support.bureau import bureau_of
from tests.support.case_sheets import GOOD, filled, rows_of
from tests.support.consoles import PASSWORD, Console

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder: Path = tmp_path_factory.mktemp("sheets")
    engine = make_engine(f"sqlite:///{folder / 'assistant.db'}")
    upgrade(engine)
    yield Console(bureau_of(engine, FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC)), folder))
    engine.dispose()


@pytest.fixture(scope="module")
def site(console: Console) -> Iterator[Site]:
    running = serve(console.app, console)
    yield running
    stop(running)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    context = browser.new_context(viewport=DESKTOP, locale="zh-CN", accept_downloads=True)
    made = watch(context, site.address)
    yield made
    assert made.page.evaluate("window.violations ?? []") == []
    assert (made.outside, made.faults, made.dialogs) == ([], [], [])
    context.close()


def looked_over(page: Page) -> None:
    """Nothing that axe finds and nothing that runs out of the page, at both sizes and in both schemes."""
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # the two literals
            found = Axe().run(page).response["violations"]
            assert [(rule["id"], rule["nodes"][0]["html"][:160]) for rule in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")


def hand_in(page: Page, content: bytes) -> None:
    page.get_by_label("代报单位全称").fill("青岛市新材料行业协会")
    page.get_by_label("填好的表（.xlsx）").set_input_files(
        {"name": "会员需求.xlsx", "mimeType": "application/octet-stream", "buffer": content}
    )
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="检查").click()


def test_a_clerk_files_an_association_s_sheet_and_takes_the_list_away(visit: Visit, tmp_path: Path) -> None:
    page = visit.open("/console/sheets")
    page.get_by_label("账号").fill("clerk")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="表格")).to_be_visible()
    looked_over(page)
    with page.expect_download() as given:
        page.get_by_role("link", name="下载「技术需求」模板").click()
    given.value.save_as(tmp_path / "template.xlsx")
    template = (tmp_path / "template.xlsx").read_bytes()

    hand_in(page, filled(template, GOOD, {**GOOD, "需求名称": "海水淡化高压泵国产化", "联系电话": "139"}))
    expect(page.get_by_role("alert")).to_contain_text("有 1 处要改")
    expect(page.get_by_role("row", name="第 3 行")).to_contain_text("联系电话")
    looked_over(page)
    page.get_by_role("link", name="换一个文件").click()
    hand_in(page, filled(template, GOOD, {**GOOD, "需求名称": "海水淡化高压泵国产化"}))
    looked_over(page)
    page.get_by_role("button", name="登记 2 件").click()
    expect(page.get_by_role("heading", level=1, name="登记结果")).to_be_visible()
    expect(page.get_by_role("row", name="海水淡化高压泵国产化")).to_contain_text("KC26-")
    looked_over(page)

    page.goto(f"{visit.address}/console/queue?view=all")
    page.get_by_role("link", name="导出", exact=True).click()
    expect(page.get_by_text("共 2 件")).to_be_visible()
    looked_over(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name="导出 2 件").click()
    taken.value.save_as(tmp_path / "list.xlsx")
    rows = rows_of((tmp_path / "list.xlsx").read_bytes(), "技术需求")
    assert {row["需求名称"] for row in rows} == {GOOD["需求名称"], "海水淡化高压泵国产化"}
