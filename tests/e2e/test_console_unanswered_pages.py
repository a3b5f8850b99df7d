"""An answer is written and kept from the board in a real browser; its pages at two sizes, in two schemes, under axe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.clock import FixedClock
from bot.conversation import Conversation
from bot.dialogs.ask import AskDialog
from bot.messages import Message, Reply
from bot.releases import SqlReleaseStore, SqlVectorCache
from db.engine import make_engine
from db.migrating import upgrade
from rag.adapters.segment_files import SegmentFiles
from rag.indexing import Indexes, publish
from tests.support.browsing import DESKTOP, PHONE, axe, serve, stop, watch
from tests.support.bureau import bureau_of
from tests.support.consoles import PASSWORD, Console
from tests.support.policies import policies

pytestmark = pytest.mark.browser

SCHEME = "科技型企业飞鹰计划奖励多少"
SAID = "青岛没有“飞鹰计划”。首次通过高新技术企业认定的，一次性奖励10万元。"
PAGES = (
    "/unanswered",
    "/kept",
    "/kept/1",
    "/kept/new?instead=1",
    f"/why?q={SCHEME}",
    "/why?q=首次认定高新技术企业奖励多少钱",
)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    engine = make_engine(f"sqlite:///{tmp_path / 'assistant.db'}")
    upgrade(engine)
    places = Indexes(SqlReleaseStore(engine), SegmentFiles(tmp_path / "segments"), SqlVectorCache(engine))
    bureau = bureau_of(engine, FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC)), tmp_path)
    publish(policies(), places, bureau.clock.now())
    yield Console(bureau, {"places": places})
    engine.dispose()


def ask(console: Console, key: str, text: str = SCHEME, who: str = "li") -> Reply:
    dialog = AskDialog(console.parts.pipeline, "12345", 300)
    conversation = Conversation(dialog, console.parts.history, console.parts.accounts)
    account = console.bureau.somebody(who).id
    return conversation.handle(Message(key, account, "main", console.bureau.clock.now(), text=text))


def test_an_editor_answers_a_question_from_the_board_and_the_next_asker_gets_it(
    browser: Browser, console: Console
) -> None:
    for number in range(2):
        ask(console, f"m{number}")
    ask(console, "m3", "上海的高企奖励多少")
    site = serve(console.app, console)
    visit = watch(browser.new_context(viewport=DESKTOP, locale="zh-CN"), site.address)
    page = visit.page
    sign_in(page, site.address)
    page.get_by_role("link", name=f"回答并留用 {SCHEME}").click()
    page.get_by_label("回答", exact=True).fill(SAID)
    page.get_by_label("查找其他条款").fill("首次认定高新技术企业奖励")
    page.get_by_role("button", name="查找", exact=True).click()
    expect(page.get_by_label("回答", exact=True)).to_have_value(SAID)
    page.get_by_label("《青岛市高新技术企业培育若干措施》摘要第1条", exact=False).first.check()
    page.get_by_role("button", name="核定并使用").click()
    expect(page.get_by_role("status").first).to_contain_text("已核定，从现在起使用")
    assert SAID in ask(console, "m4", f"请问{SCHEME}呢？", "zhao").text
    assert broken_pages(page, site.address) == {}
    page.goto(f"{site.address}/console/unanswered?show=dealt")
    expect(page.get_by_role("row", name=SCHEME)).to_be_visible()
    assert page.evaluate("window.violations ?? []") == []
    assert (visit.outside, visit.faults, visit.dialogs) == ([], [], [])
    stop(site)


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/console/unanswered")
    page.get_by_label("账号").fill("edit")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def broken_pages(page: Page, address: str) -> dict[str, object]:
    """What axe finds on each page, and pages wider than the screen: wide and light, narrow and dark."""
    found: dict[str, object] = {}
    for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # playwright's own type of a size
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for path in PAGES:
            page.goto(f"{address}/console{path}")
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if broken := axe(page) + ([("too wide", str(over))] if over > 0 else []):
                found[f"{path} {scheme}"] = broken
    return found
