"""Needs in a real browser over the real parts: a form, its receipt, the look-up elsewhere, news, what staff ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.bootstrap import House
from bot.channels.web_chat.limits import Limits
from bot.clock import FixedClock
from bot.commands.serve import WebAssistant, WebSessions
from bot.commands.serve_needs import NeedsDesk, WebNotices
from bot.needs import Needs
from bot.web import create_app
from intake.cases import SYSTEM, Actor, Case, Role
from intake.staff import Staff
from tests.support.browsing import AXE, DESKTOP, PHONE, Site, Visit, axe, serve, stop, watch
from tests.support.houses import a_house

pytestmark = pytest.mark.browser

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
MANY = Limits(
    session_per_minute=10_000,
    address_per_minute=10_000,
    saves_per_minute=10_000,
    address_saves_per_minute=10_000,
    lookups_per_minute=10_000,
)
NUMBER = re.compile(r"KC26-[A-Z0-9]{5}-[A-Z0-9]")


@dataclass
class Running:
    """The real house on a port, and the desk of its clerk."""

    house: House
    site: Site

    @property
    def needs(self) -> Needs:
        return self.house.needs()

    def cases(self) -> list[Case]:
        return self.needs.cases.find()

    def act(self, case: Case, action: str, **values: Any) -> Case:
        clerk: Actor = self.needs.register.actor("clerk", "cli", self.house.clock.now())
        return self.needs.handling.act(clerk, case.reference, action, **values)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    house = a_house(tmp_path_factory.mktemp("house"), FixedClock(NOW))
    needs = house.needs()
    assert needs.inbox is not None
    roles = frozenset({Role.CLERK, Role.SPECIALIST, Role.LEAD})
    needs.register.put_staff(Staff("clerk", "孙岚", roles, frozenset({"370212"})), SYSTEM, NOW)
    needs.register.join("370212", "clerk", SYSTEM, NOW, lead=True, liaison=False)
    app = create_app(
        WebAssistant(house.conversation()),
        house.library(),
        WebSessions(house.accounts()),
        needs=NeedsDesk(needs, house.accounts()),
        notices=WebNotices(needs.inbox, house.clock),
        limits=MANY,
        now=house.clock.now,
        contact="12345 政务服务热线",
    )
    site = serve(app)
    yield Running(house, site)
    stop(site)
    house.engine.dispose()


def opened(browser: Browser, running: Running, **options: Any) -> tuple[BrowserContext, Visit]:
    context = browser.new_context(locale="zh-CN", **{"viewport": DESKTOP, **options})
    return context, watch(context, running.site.address)


def closed(context: BrowserContext, visit: Visit) -> None:
    """Nothing has left the machine, broken a rule or thrown."""
    assert visit.page.evaluate("window.violations ?? []") == []
    assert (visit.outside, visit.faults, visit.dialogs) == ([], [], [])
    context.close()


def fill_in(page: Page, title: str, phone: str = "13800138000") -> None:
    """The whole technology form but for what may be left out."""
    page.get_by_label("主要问题").fill(
        "反渗透膜在高盐废水中运行三个月后通量衰减超过 40%，清洗后只能恢复到八成，产线每月停机两次，更换成本很高。"
    )
    page.locator("input[name=tech_need_type][value=core_tech]").check()
    page.get_by_label("技术关键与主要指标").fill("通量 ≥ 25 LMH，脱盐率 ≥ 99.5%")
    page.locator("input[name=coop_modes][value=joint]").check()
    page.locator("input[name=budget_band][value='100_300']").check()
    page.get_by_label("需求名称").fill(title)
    page.get_by_label("一句话说明").fill("寻找能在高盐废水中长期稳定运行的反渗透膜材料和清洗方案")
    page.locator("#i-deadline").fill("年底前")
    page.locator("#i-privacy_consent").check()
    page.locator("#i-org_name").fill("青岛海蓝膜科技有限公司")
    page.locator("#i-uscc").fill("91370200264574251E")
    page.locator("input[name=org_type][value=enterprise]").check()
    page.get_by_label("所在区（市）").select_option("370212")
    page.locator("input[name=industry]").nth(1).check()
    page.get_by_label("联系人姓名").fill("张晓明")
    page.get_by_label("联系电话").fill(phone)


def commit(page: Page) -> None:
    page.locator("input[name=confidentiality][value=on_match]").check()
    page.locator("input[name=publish_consent][value=no]").check()
    page.get_by_label("承诺不含国家秘密").check()
    page.get_by_label("承诺信息真实").check()


def submitted(page: Page, title: str) -> str:
    """A need that went all the way; its number."""
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + "/needs/form/technology")
    fill_in(page, title)
    page.get_by_role("button", name="检查并提交").click()
    commit(page)
    page.get_by_role("button", name="确认提交").click()
    expect(page.locator("h1")).to_have_text("已提交")
    return page.locator("#reference").inner_text()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_need_goes_from_the_form_to_the_receipt_and_is_found_from_a_fresh_browser(
    browser: Browser, running: Running, viewport: Any
) -> None:
    context, visit = opened(browser, running, viewport=viewport)
    page = visit.open("/needs")
    before = len(running.cases())
    page.get_by_role("link", name="技术需求").click()
    expect(page.locator("#f-zone")).to_be_hidden()
    fill_in(page, f"高盐废水反渗透膜抗污染技术{viewport['width']}", phone="1380013800")
    page.get_by_role("button", name="检查并提交").click()
    alert = page.locator("#errors")
    expect(alert).to_be_focused()
    expect(alert).to_contain_text("号码好像少了几位")
    alert.get_by_role("link").click()
    expect(page.get_by_label("联系电话")).to_be_focused()
    expect(page.get_by_label("联系电话")).to_have_value("1380013800")
    expect(page.get_by_label("需求名称")).to_have_value(f"高盐废水反渗透膜抗污染技术{viewport['width']}")
    page.get_by_label("联系电话").fill("13800138000")
    page.locator("input[type=file]").set_input_files({"name": "方案.pdf", "mimeType": "application/pdf", "buffer": PDF})
    expect(page.locator(".file-name")).to_have_text("方案.pdf")
    page.get_by_role("button", name="检查并提交").click()
    expect(page.locator("h1")).to_have_text("核对并提交")
    expect(page.locator(".answers")).to_contain_text("138****8000")
    commit(page)
    page.get_by_role("button", name="确认提交").dblclick()
    expect(page.locator("h1")).to_have_text("已提交")
    assert len(running.cases()) == before + 1
    number, code = page.locator("#reference").inner_text(), page.locator("#query-code").inner_text()
    assert NUMBER.fullmatch(number)
    expect(page.locator(".qr-code path").first).to_be_attached()
    expect(page.locator(".receipt")).to_contain_text("崂山区")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("link", name="我的需求").click()
    expect(page.locator(".need-row").first).to_contain_text(number)
    closed(context, visit)

    context, visit = opened(browser, running, viewport=viewport)
    page = visit.open(f"/needs/track?ref={number}")
    page.get_by_label("查询码").fill("AAAAAA")
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_role("alert")).to_contain_text("没有查到")
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查询").click()
    expect(page.locator(".timeline")).to_contain_text("提交需求")
    expect(page.locator("main")).not_to_contain_text("张晓明")
    expect(page.locator("main")).not_to_contain_text("138")
    page.locator("summary", has_text="补充情况").click()
    page.get_by_label("想补充什么？").fill("每天两百吨水")
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".timeline")).to_contain_text("补充情况")
    closed(context, visit)


def test_everything_works_without_javascript(browser: Browser, running: Running) -> None:
    context, visit = opened(browser, running, viewport=PHONE, java_script_enabled=False)
    page = visit.page
    page.goto(running.site.address + "/needs/form/technology")
    expect(page.locator("#f-tech_need_type_other")).to_contain_text("「需求类别」选「其他」时填写")
    fill_in(page, "无脚本也能提交的技术需求", phone="1380013")
    page.locator("input[type=file]").set_input_files({"name": "方案.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_role("button", name="检查并提交").click()
    expect(page.locator("#errors")).to_contain_text("联系电话")
    expect(page.locator(".file-name")).to_have_text("方案.pdf")
    page.get_by_label("联系电话").fill("13800138000")
    page.get_by_role("button", name="检查并提交").click()
    commit(page)
    page.get_by_role("button", name="确认提交").click()
    expect(page.locator("h1")).to_have_text("已提交")
    page.get_by_role("link", name="查看需求").click()
    page.locator("summary", has_text="催办").click()
    page.get_by_role("button", name="催办").click()
    expect(page.locator(".saved")).to_contain_text("已催办")
    context.close()


def test_what_is_written_is_saved_by_itself_and_goes_on_in_the_chat(browser: Browser, running: Running) -> None:
    context, visit = opened(browser, running)
    page = visit.open("/needs/form/finance")
    page.get_by_label("金额（万元）").fill("两三百万")
    page.locator("input[name=finance_type][value=bank_loan]").check()
    expect(page.locator("[data-save-state]")).to_contain_text("已自动保存", timeout=15_000)
    page.get_by_label("金额（万元）").fill("300万")
    expect(page.locator("[data-save-state]")).to_have_text("有修改，尚未保存")
    expect(page.locator("[data-save-state]")).to_contain_text("已自动保存", timeout=15_000)
    page.get_by_label("金额（万元）").fill("350万")
    page.get_by_role("link", name="政策库").click()
    for _ in range(20):  # what is sent while leaving may reach the server after the next page was asked for
        visit.open("/needs/form/finance")
        if page.get_by_label("金额（万元）").input_value() == "350万":
            break
    expect(page.get_by_label("金额（万元）")).to_have_value("350万")
    page.get_by_role("button", name="换到对话里填").click()
    expect(page.locator(".answer").last).to_contain_text("资金用在哪里")
    page.get_by_role("link", name="换成表格填").click()
    expect(page.locator("h1")).to_have_text("资金需求")
    closed(context, visit)


def test_questions_follow_from_answers(browser: Browser, running: Running) -> None:
    context, visit = opened(browser, running)
    page = visit.open("/needs/form/technology")
    expect(page.locator("#f-tech_need_type_other")).to_be_hidden()
    page.locator("input[name=tech_need_type][value=other]").check()
    expect(page.locator("#f-tech_need_type_other")).to_be_visible()
    page.get_by_label("所在区（市）").select_option("370281")
    expect(page.locator("#f-zone")).to_be_visible()
    offered = page.locator("#i-zone option:not([hidden])").all_inner_texts()
    assert any("上合" in zone for zone in offered)
    assert not any("蓝谷" in zone for zone in offered)
    page.get_by_label("所在区（市）").select_option("370212")
    expect(page.locator("#f-zone")).to_be_hidden()
    page.locator("input[name=org_type][value=service_agency]").check()
    expect(page.locator("#f-on_behalf_name")).to_be_hidden()
    page.locator("input[name=on_behalf_of][value=yes]").check()
    expect(page.locator("#f-on_behalf_name")).to_be_visible()
    page.locator("input[name=org_type][value=enterprise]").check()
    expect(page.locator("#f-on_behalf_name")).to_be_hidden()
    closed(context, visit)


def test_another_round_of_questions_unfolds(browser: Browser, running: Running) -> None:
    context, visit = opened(browser, running)
    page = visit.open("/needs/form/talent")
    expect(page.locator("#f-positions_2_job_title")).to_be_hidden()
    page.locator("input[name=positions_1_more][value=yes]").check()
    expect(page.locator("#f-positions_2_job_title")).to_be_visible()
    closed(context, visit)


def test_a_change_in_two_pages_is_never_lost(browser: Browser, running: Running) -> None:
    context, visit = opened(browser, running)
    page = visit.open("/needs/form/market")
    page.locator("#i-product").fill("海水淡化膜组件成套设备")
    page.locator(".actions").get_by_role("button", name="保存").click()
    expect(page.locator("#saved")).to_be_visible()
    other = context.new_page()
    other.goto(page.url)
    other.locator("#i-product").fill("另一页里改过的产品")
    other.locator(".actions").get_by_role("button", name="保存").click()
    expect(other.locator("#saved")).to_be_visible()
    page.locator("#i-product").fill("这一页里改过的产品")
    page.locator(".actions").get_by_role("button", name="保存").click()
    expect(page.locator("#conflict")).to_contain_text("刚在别处改过")
    expect(page.locator("#i-product")).to_have_value("这一页里改过的产品")
    expect(page.locator("#f-product")).to_contain_text("已保存的是：另一页里改过的产品")
    closed(context, visit)


def test_what_staff_ask_comes_as_news_and_is_answered_on_the_page(browser: Browser, running: Running) -> None:
    context, visit = opened(browser, running, viewport=PHONE)
    page = visit.open("/needs")
    number = submitted(page, "请工作人员来问的技术需求")
    (case,) = (case for case in running.cases() if case.reference == number)
    running.act(running.act(case, "accept"), "ask", steps=("tried",), text="请补充已经试过的办法。")
    with page.expect_response("**/api/notices/seen"):
        page = visit.open("/")
    news = page.locator(".news")
    expect(news).to_have_count(2)
    expect(news.last).to_contain_text(number)
    page.reload()
    expect(page.locator(".news")).to_have_count(0)
    visit.open(f"/needs/case/{number}")
    expect(page.locator(".asked")).to_contain_text("请补充已经试过的办法。")
    page.get_by_label("已有基础/已尝试方案").fill("试过两种清洗剂，第一次有效，之后效果越来越差。")
    page.locator("#reply-file").set_input_files({"name": "报告.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_role("button", name="提交补充").click()
    expect(page.locator(".saved")).to_contain_text("已收到您的补充")
    expect(page.locator(".asked")).to_have_count(0)
    expect(page.locator(".files")).to_contain_text("报告.pdf")
    with page.expect_download() as download:
        page.get_by_role("link", name="报告.pdf").click()
    assert Path(download.value.path()).read_bytes() == PDF
    closed(context, visit)


def test_a_form_in_the_chat_shows_where_it_stands_and_takes_a_file(browser: Browser, running: Running) -> None:
    context, visit = opened(browser, running, viewport=PHONE)
    page = visit.open("/")
    page.get_by_role("button", name="简要登记").click()
    expect(page.locator(".answer:not(.waiting)").last).to_contain_text("请用您自己的话说说需要什么帮助")
    visit.ask("我们厂的反渗透膜老是堵，想请专家来看看")
    expect(page.locator(".step-count").last).to_contain_text("/")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="添加附件").click()
    replies = page.locator(".answer:not(.waiting)")
    before = replies.count()
    chooser.value.set_files({"name": "照片.exe", "mimeType": "image/png", "buffer": b"MZ\0\0"})
    expect(page.get_by_role("alert")).to_contain_text("这种文件不能接收")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="添加附件").click()
    chooser.value.set_files({"name": "说明.txt", "mimeType": "text/plain", "buffer": "说明".encode()})
    expect(replies).to_have_count(before + 1)
    expect(page.locator(".bubble").last).to_contain_text("说明.txt")
    closed(context, visit)


def test_markup_is_shown_as_typed(browser: Browser, running: Running) -> None:
    context, visit = opened(browser, running)
    page = visit.open("/needs")
    payload = '<img src=x onerror=alert(1)>"><svg onload=alert(2)>'
    number = submitted(page, payload[:40])
    for path in (f"/needs/receipt/{number}", f"/needs/case/{number}", "/needs/mine"):
        visit.open(path)
        expect(page.locator("main")).to_contain_text(payload[:40])
    closed(context, visit)


def test_one_can_have_everything_erased(browser: Browser, running: Running) -> None:
    context, visit = opened(browser, running)
    page = visit.open("/needs")
    number = submitted(page, "马上就要删除的技术需求")
    code = page.locator("#query-code").inner_text()
    visit.open("/needs/privacy")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载我的数据").click()
    assert "马上就要删除的技术需求" in Path(download.value.path()).read_text("utf-8")
    page.get_by_label("输入「删除」确认").fill("删除")
    page.get_by_role("button", name="删除我的数据").click()
    expect(page.locator(".saved")).to_contain_text("已删除")
    visit.open(f"/needs/track?ref={number}")
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_role("alert")).to_contain_text("没有查到")
    closed(context, visit)


PRESSED = "button:visible, select:visible, textarea:visible, .pick:visible, .tick:visible, summary:visible"
LINKS = "main :not(h3) > a:visible"
"""Not those in a heading: they stand for the whole row."""


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"])
def test_axe_finds_nothing_and_nothing_is_too_wide_or_too_small(
    browser: Browser, running: Running, scheme: Any, viewport: Any
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm install --prefix build/axe axe-core@4 --no-save")
    options = {"viewport": viewport, "color_scheme": scheme, "reduced_motion": "reduce", "bypass_csp": True}
    context, visit = opened(browser, running, **options)
    found: list[Any] = []

    def look() -> None:
        page = visit.page
        found.extend((page.url, *fault) for fault in axe(page))
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
        for target in page.locator(f"{PRESSED}, {LINKS}").all():
            box = target.bounding_box()
            if box and box["height"] < 43.5 and box["width"] > 2:
                found.append((page.url, target.evaluate("target => target.outerHTML")[:160], box["height"]))

    page = visit.open("/needs/form/technology?check=1")
    look()
    for more in page.locator("summary").all():
        more.click()
    look()
    page.get_by_role("button", name="检查并提交").click()
    look()
    number = submitted(page, f"给检查用的技术需求{scheme}{viewport['width']}")
    look()
    (case,) = (case for case in running.cases() if case.reference == number)
    running.act(running.act(case, "accept"), "ask", steps=("tried", "trl_current"), text="请补充。")
    for path in ("/", f"/needs/case/{number}", "/needs", "/needs/mine", "/needs/track", "/needs/privacy"):
        visit.open(path)
        look()
    visit.open("/needs/form/brief")
    page.get_by_label("内容").fill("想找专家看看污水处理的问题")
    page.get_by_role("button", name="检查并提交").click()
    visit.open("/needs/mine")
    look()
    assert found == [], "\n".join(map(str, found))
    context.close()
