"""The console in a real browser: a day of each person's, over the house and its web chat; nothing leaves here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.clock import SystemClock
from db.engine import reading
from intake.case_numbers import numbers_in
from intake.cases import Case, CaseState
from tests.support.acceptance import BRIEF
from tests.support.browsing import DESKTOP, PHONE, Visit, axe, stop, watch
from tests.support.bureau import LAOSHAN
from tests.support.needs import USCC
from tests.support.open_house import OpenHouse, open_house

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    folder: Path = tmp_path_factory.mktemp("open-house")
    opened = open_house(folder, SystemClock())
    yield opened
    stop(opened.site)
    opened.house.engine.dispose()


def at(house: OpenHouse, browser: Browser, who: str) -> Visit:
    return house.at_console(browser, who, viewport=DESKTOP)


def state(house: OpenHouse, case: Case) -> CaseState:
    found = house.house.needs().cases.get(case.reference)
    assert found is not None
    return found.state


def clean(visit: Visit) -> None:
    """Nothing was fetched from elsewhere, no script failed, no rule of the page's policy was broken."""
    assert visit.outside == []
    assert visit.faults == []
    assert visit.dialogs == []
    assert visit.page.evaluate("window.violations") == []
    visit.page.context.close()


def do(page: Page, action: str) -> None:
    """Open the form of a move that is behind 「更多」."""
    page.locator(".moves summary").click()
    page.locator(f".moves a[href*='do={action}#']").click()


def test_a_clerk_claims_asks_and_routes_and_the_enterprise_answers_in_the_web_chat(
    house: OpenHouse, browser: Browser
) -> None:
    clerk, person = at(house, browser, "clerk"), watch(browser.new_context(viewport=PHONE), house.site.address)
    chat = person.open("/")
    key = person.ask("你好") and chat.context.cookies()
    assert key
    account = _account_of(house)
    case = house.submit(account, title="深海机器人耐压壳体焊接工艺")
    page = clerk.open("/console/queue?view=new")
    page.get_by_text("深海机器人耐压壳体焊接工艺").click()
    page.get_by_role("button", name="受理").click()
    expect(page.get_by_text("已受理，由您经办")).to_be_visible()
    do(page, "ask")
    page.get_by_label("技术关键与主要指标").check()
    page.get_by_label("想问的话").fill("请补充工作水深。")
    page.get_by_role("button", name="请企业补充").click()
    expect(page.get_by_text("已请企业补充").first).to_be_visible()
    chat.reload()
    expect(chat.get_by_text("请补充工作水深").first).to_be_visible()
    person.ask("我的需求")
    chat.get_by_role("button", name="深海机器人").last.click()
    chat.locator(".answer").last.get_by_role("button", name="补充材料").click()
    expect(chat.get_by_text("希望达到哪些指标？").last).to_be_visible()
    expect(chat.locator(".answer").last.get_by_role("button", name="暂无量化指标")).to_be_visible()
    person.ask("工作水深 6000 米，焊缝一级探伤")
    person.ask("发送")
    expect(page.locator("#moved")).to_be_visible(timeout=20_000)
    page.locator("#moved a").click()
    expect(page.get_by_text("工作水深 6000 米").first).to_be_visible()
    page.get_by_label("团队").select_option(index=1)
    page.get_by_role("button", name="转办").click()
    assert state(house, case) is CaseState.ROUTED
    clean(clerk)
    clean(person)


def _account_of(house: OpenHouse) -> str:
    """The key of the web account that was opened last."""
    from sqlalchemy import select

    from bot.accounts import accounts

    with reading(house.house.engine) as connection:
        newest = select(accounts.c.key).where(accounts.c.channel == "web").order_by(accounts.c.created_at.desc())
        return str(connection.scalar(newest))


def test_a_lead_extends(house: OpenHouse, browser: Browser) -> None:
    case = house.act("lead", house.act("clerk", house.submit("ext"), "accept"), "start")
    lead = at(house, browser, "lead")
    page = lead.open(f"/console/cases/{case.reference}?do=extend")
    page.get_by_label("延至").fill("2099-12-31")
    page.get_by_label("说明").fill("企业要求等中试完成")
    page.get_by_role("button", name="延期").click()
    expect(page.get_by_text("已延期并告知企业")).to_be_visible()
    clean(lead)


def test_a_coordinator_settles_a_case_that_was_sent_back_twice(house: OpenHouse, browser: Browser) -> None:
    needs = house.house.needs()
    case = house.submit("bounced", title="两个团队都说不归自己的需求")
    other = next(team.id for team in needs.register.teams() if team.active and team.id not in (LAOSHAN, "city"))
    from intake.cases import SYSTEM

    needs.register.join(other, "lead", SYSTEM, house.house.clock.now(), lead=True, liaison=False)
    for team in (other, LAOSHAN):
        house.act("city", case, "route", team=team)
        house.act("lead", case, "bounce", reason="wrong_task", text="不属本团队职能")
    city = at(house, browser, "city")
    page = city.open(f"/console/cases/{case.reference}")
    expect(page.get_by_role("heading", name="审定承办")).to_be_visible()
    page.get_by_label("团队").select_option(LAOSHAN)
    page.get_by_label("说明").fill("按注册地由崂山区办理")
    page.get_by_role("button", name="审定承办").click()
    expect(page.get_by_text("已审定承办团队")).to_be_visible()
    assert state(house, case) is CaseState.ROUTED
    clean(city)


def test_two_clerks_claim_at_once_and_the_second_is_told_who_was_first(house: OpenHouse, browser: Browser) -> None:
    case = house.submit("race", title="两个人同时看见的需求")
    first, second = at(house, browser, "clerk"), at(house, browser, "second")
    pages = [visit.open(f"/console/cases/{case.reference}") for visit in (first, second)]
    expect(pages[1].locator("#here")).to_contain_text("孙岚 正在处理", timeout=20_000)
    pages[0].get_by_role("button", name="受理").click()
    expect(pages[0].get_by_text("已受理，由您经办")).to_be_visible()
    pages[1].get_by_role("button", name="受理").click()
    expect(pages[1].get_by_role("alert")).to_contain_text("孙岚")
    clean(first)
    clean(second)


def test_a_need_submitted_in_the_chat_appears_in_the_open_queue_by_itself(house: OpenHouse, browser: Browser) -> None:
    clerk = at(house, browser, "clerk")
    page = clerk.open("/console/queue?view=new")
    page.locator("#q").fill("写到一半")
    person = watch(browser.new_context(viewport=PHONE), house.site.address)
    chat = person.open("/")
    for said in ("简要登记", *BRIEF.values()):
        person.ask(said)
    for pressed in ("对接时披露", "我承诺", "提交"):
        replies = chat.locator(".answer:not(.waiting)")
        before = replies.count()
        replies.last.get_by_role("button", name=pressed).first.click()
        expect(replies).to_have_count(before + 1)
    (number,) = numbers_in(chat.locator(".answer").last.inner_text())
    expect(page.locator(f"tr[data-ref='{number}']")).to_be_visible(timeout=20_000)
    expect(page.locator("#q")).to_have_value("写到一半")
    clean(clerk)
    clean(person)


def test_the_queue_is_worked_by_keyboard(house: OpenHouse, browser: Browser) -> None:
    case = house.submit("keys", title="用键盘认领的需求")
    clerk = at(house, browser, "clerk")
    page = clerk.open("/console/queue?view=new&q=用键盘认领")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator("tr.at a")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{case.reference}")
    page.go_back()
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator("#outcomes")).to_contain_text(case.reference)
    assert state(house, case) is CaseState.ACCEPTED
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    clean(clerk)


def test_while_a_person_has_taken_over_the_assistant_is_silent_and_says_so_once(
    house: OpenHouse, browser: Browser
) -> None:
    person = watch(browser.new_context(viewport=PHONE), house.site.address)
    chat = person.open("/")
    person.ask("你好")
    case = house.submit(_account_of(house), title="要和人说话的需求")
    clerk = at(house, browser, "clerk")
    page = clerk.open(f"/console/cases/{case.reference}?do=message")
    page.get_by_label("留言内容").fill("您好，我是孙岚，来跟进这件需求。")
    page.get_by_label("同时接手对话").check()
    page.get_by_role("button", name="给企业留言").click()
    expect(page.get_by_text("留言已发给企业")).to_be_visible()
    chat.reload()
    expect(chat.get_by_text("来跟进这件需求").first).to_be_visible()
    said = person.ask("博士住房补贴有多少？").inner_text()
    assert "工作人员正在为您处理，会在这里回复" in said
    again = person.ask("还在吗").inner_text()
    assert "会在这里回复" not in again
    page = clerk.open(f"/console/cases/{case.reference}")
    expect(page.get_by_text("博士住房补贴有多少？").first).to_be_visible()
    do(page, "hand_back")
    page.get_by_role("button", name="交还助手").click()
    assert "已转给工作人员" not in person.ask("博士住房补贴有多少？").inner_text()
    clean(clerk)
    clean(person)


def test_an_answer_about_policies_rests_on_a_clause_found_by_search(house: OpenHouse, browser: Browser) -> None:
    case = house.act("lead", house.act("clerk", house.submit("cites", "policy_help"), "accept"), "start")
    lead = at(house, browser, "lead")
    page = lead.open(f"/console/cases/{case.reference}?do=answer")
    page.get_by_label("结果").select_option("policy_answered")
    page.get_by_label("答复内容").fill("可以按首年实际支出申请。")
    page.locator("#cite-q").fill("创业补贴")
    page.get_by_role("button", name="查政策").click()
    page.get_by_role("button", name="插入依据").first.click()
    expect(page.get_by_label("政策依据")).to_have_value(re.compile("《.+》"))
    page.get_by_role("button", name="答复企业").click()
    expect(page.get_by_text("已答复企业，等它确认")).to_be_visible()
    events = house.house.needs().cases.events(case.id)
    assert events[-1].detail["citations"]
    clean(lead)


def test_a_need_is_taken_down_for_somebody_on_the_telephone(house: OpenHouse, browser: Browser) -> None:
    clerk = at(house, browser, "clerk")
    page = clerk.open("/console/new/brief")
    _fill_in(page)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("已代为录入")).to_be_visible()
    number = page.locator(".once").inner_text()
    case = house.house.needs().cases.get(number)
    assert case is not None
    assert case.channel == "phone"
    assert house.house.needs().people.consented(case.person)
    clean(clerk)


def _fill_in(page: Page) -> None:
    """Every required field of the short form, whatever it is."""
    for box in page.locator(".cf[data-step] input[type=checkbox]:visible").all():
        if "way_out" not in (box.get_attribute("name") or ""):
            box.check()
    given = {"contact_phone": "13800138000", "uscc": USCC, "contact_name": "张晓明"}
    for field in page.locator(".cf[data-step] :is(textarea, input[type=text], input[type=tel]):visible").all():
        field.fill(given.get(field.get_attribute("name") or "", "想了解首台套保险补贴怎么申请，请回电话说明"))
    for group in page.locator(".cf[data-step]:has(input[type=radio]):visible").all():
        group.locator("input[type=radio]").first.check()
    for pick in page.locator(".cf[data-step] select:visible").all():
        pick.select_option(index=1)


@pytest.mark.parametrize(("screen", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"])
def test_the_main_pages_pass_axe_and_fit_the_screen(
    house: OpenHouse, browser: Browser, screen: dict[str, int], scheme: str
) -> None:
    case = house.act("clerk", house.submit("axe"), "accept")
    case = house.act("lead", case, "start")
    visit = house.at_console(browser, "lead", viewport=screen, color_scheme=scheme)
    for path in ("/console/queue?view=all", "/console/queue?view=kind.technology&f.problem=膜",
                 f"/console/cases/{case.reference}", f"/console/cases/{case.reference}?do=merge",
                 "/console/new", "/console/new/technology", "/console/templates",
                 f"/console/cases/{case.reference}/print"):  # fmt: skip
        page = visit.open(path)
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    clean(visit)
