"""The web chat in a real browser: a person asks, reads, opens a clause, comes back; nothing leaves this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from bot.channels.web_chat.limits import Limits
from tests.bot.fakes_web import CITY, Door
from tests.support.browsing import AXE, DESKTOP, PHONE, Site, Visit, axe, serve, stop, watch

pytestmark = pytest.mark.browser

PAGES = [
    "/",
    "/policies",
    "/policies/qd-startup-2025?quote=标准为1万元",
    "/policies/ls-startup-2024",
    "/changes/qd-startup-2025",
    "/docs",
    "/nope",
]


def _serve(door: Door) -> Site:
    return serve(door.app, door)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    limits = Limits(session_per_minute=10_000, address_per_minute=10_000)
    running = _serve(Door(limits=limits, contact="12345 政务服务热线、各区（市）政务服务大厅"))
    yield running
    stop(running)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def visit(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Visit]:
    """A first visit on either screen; afterwards nothing has left the machine, broken a rule or thrown."""
    context = browser.new_context(viewport=request.param, locale="zh-CN")
    made = watch(context, site.address)
    yield made
    assert made.page.evaluate("window.violations ?? []") == []
    assert (made.outside, made.faults, made.dialogs) == ([], [], [])
    context.close()


def test_a_question_is_answered_with_cards(visit: Visit) -> None:
    visit.open()
    reply = visit.ask("创业补贴怎么领")
    expect(reply.locator(".card")).to_have_count(2)
    expect(reply).to_contain_text(CITY)
    expect(reply.locator(".badge").first).to_have_text("现行有效 · 截至 2026-11-22")
    expect(visit.page.locator("#welcome")).to_be_hidden()
    expect(visit.page.get_by_label("您的问题")).to_have_value("")


def test_stages_are_shown_while_one_waits(visit: Visit, site: Site) -> None:
    site.door.assistant.gate = threading.Event()
    try:
        visit.open()
        visit.page.get_by_label("您的问题").fill("您好")
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("[data-stages]").last).to_have_text("已收到问题")
        site.door.assistant.gate.set()
        expect(visit.page.locator(".answer:not(.waiting)")).to_have_count(1)
    finally:
        site.door.assistant.gate.set()
        site.door.assistant.gate = None


def test_an_example_is_asked_with_one_press(visit: Visit) -> None:
    page = visit.open()
    page.get_by_role("button", name="初创小微企业能领创业补贴吗？").click()
    expect(page.locator(".bubble")).to_have_text("初创小微企业能领创业补贴吗？")
    expect(page.locator(".answer:not(.waiting) .card")).to_have_count(2)


def test_shift_enter_breaks_the_line_and_an_input_method_keeps_its_enter(visit: Visit) -> None:
    page = visit.open()
    box = page.get_by_label("您的问题")
    box.fill("第一行")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("第二行")
    expect(box).to_have_value("第一行\n第二行")
    box.evaluate(
        "box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    box.evaluate("box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))")
    expect(page.locator(".bubble")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".bubble")).to_have_text("第一行\n第二行")


def test_a_clause_opens_beside_the_chat_and_escape_leads_back(visit: Visit) -> None:
    page = visit.open()
    reply = visit.ask("创业补贴怎么领")
    link = reply.locator(".open-clause").first
    link.focus()
    page.keyboard.press("Enter")
    drawer = page.locator("#drawer")
    expect(drawer.locator("mark")).to_have_text(CITY)
    expect(drawer.locator("mark")).to_be_in_viewport()
    expect(page.locator("#drawer-page")).to_have_attribute("href", link.evaluate("link => link.href"))
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(link).to_be_focused()


def test_the_link_of_a_clause_is_an_address_that_scrolls_to_it(visit: Visit) -> None:
    page = visit.open()
    href = visit.ask("创业补贴怎么领").locator(".open-clause").first.get_attribute("href")
    visit.open(str(href))
    expect(page.locator("mark")).to_be_in_viewport()


def test_history_is_there_after_a_reload_and_a_new_conversation_clears_it(visit: Visit) -> None:
    page = visit.open()
    visit.ask("创业补贴怎么领")
    page.reload()
    expect(page.locator(".answer")).to_contain_text(CITY)
    page.get_by_role("button", name="新对话").click()
    page.get_by_role("button", name="取消").click()
    expect(page.locator(".answer")).to_have_count(1)
    page.get_by_role("button", name="新对话").click()
    page.get_by_role("button", name="清除并开始").click()
    expect(page.locator(".answer")).to_have_count(0)
    page.reload()
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.locator(".answer")).to_have_count(0)


def test_a_district_is_kept(visit: Visit) -> None:
    page = visit.open()
    page.get_by_label("所在区市").select_option("崂山区")
    expect(page.locator("#toast")).to_have_text("已设为崂山区")
    page.reload()
    expect(page.get_by_label("所在区市")).to_have_value("崂山区")


def test_a_choice_is_pressed_and_shown_by_its_words(visit: Visit, site: Site) -> None:
    page = visit.open()
    visit.ask("在哪个区")
    page.get_by_role("button", name="青岛西海岸新区").click()
    expect(page.locator(".bubble").last).to_have_text("青岛西海岸新区")
    expect(page.locator(".answer:not(.waiting)")).to_have_count(2)
    expect(page.locator(".choices")).to_have_count(0)
    assert site.door.assistant.messages[-1].choice == "district:wca"


def test_a_lost_connection_keeps_the_question_and_the_retry_answers_it(visit: Visit) -> None:
    page = visit.open()
    page.context.set_offline(True)
    page.get_by_label("您的问题").fill("创业补贴怎么领")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("网络已断开")
    visit.faults.clear()  # the browser itself reports the failed request
    page.context.set_offline(False)
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".answer")).to_contain_text(CITY)
    expect(page.locator(".bubble")).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_fault_of_ours_shows_its_reference_and_offers_a_retry(visit: Visit) -> None:
    page = visit.open()
    page.get_by_label("您的问题").fill("坏了")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("参考编号")
    expect(page.get_by_role("button", name="重试")).to_be_visible()


def test_a_question_that_is_too_long_comes_back_into_the_box(visit: Visit) -> None:
    page = visit.open()
    page.get_by_label("您的问题").fill("长" * 301)
    expect(page.locator("#count")).to_have_text("301 / 300 字")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("300 字以内")
    expect(page.get_by_label("您的问题")).to_have_value("长" * 301)
    expect(page.get_by_role("button", name="重试")).to_have_count(0)


def test_a_draft_outlives_a_reload(visit: Visit) -> None:
    page = visit.open()
    page.get_by_label("您的问题").fill("写到一半")
    page.reload()
    expect(page.get_by_label("您的问题")).to_have_value("写到一半")


def test_too_many_questions_are_told_when_to_try_again(browser: Browser) -> None:
    running = _serve(Door(limits=Limits(session_per_minute=1)))
    context = browser.new_context(viewport=PHONE)
    visit = watch(context, running.address)
    visit.open()
    visit.ask("您好")
    visit.page.get_by_label("您的问题").fill("第二个问题")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("alert")).to_contain_text("秒后再试")
    expect(visit.page.get_by_role("button", name="重试")).to_be_visible()
    context.close()
    stop(running)


def test_markup_is_shown_as_typed(visit: Visit) -> None:
    page = visit.open()
    payload = '<img src=x onerror=alert(1)><script>alert(2)</script>"><svg onload=alert(3)>'
    visit.ask(f"ECHO {payload}")
    expect(page.locator(".bubble")).to_have_text(f"ECHO {payload}")
    expect(page.locator(".answer")).to_contain_text(payload)
    page.locator(".open-clause").first.click()
    expect(page.locator("#drawer-body")).to_contain_text("条款没有打开")
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator(".bubble")).to_have_text(f"ECHO {payload}")


def test_everything_works_without_javascript(browser: Browser, site: Site) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(site.address)
    page.get_by_label("您的问题").fill("创业补贴怎么领")
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".answer")).to_contain_text(CITY)
    page.locator(".open-clause").first.click()
    expect(page.locator("mark")).to_have_text(CITY)
    expect(page.locator("mark")).to_be_in_viewport()
    page.goto(site.address)
    page.get_by_label("所在区市").select_option("崂山区")
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_label("所在区市")).to_have_value("崂山区")
    page.get_by_role("link", name="政策库", exact=True).click()
    page.get_by_label("领域").select_option("science")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator(".policy-row")).to_have_count(2)
    context.close()


def test_no_page_is_wider_than_its_screen(visit: Visit) -> None:
    for path in [*PAGES, "/?lang=en"]:
        page = visit.open(path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    visit.open("/?lang=zh")
    visit.ask("创业补贴怎么领" + "A" * 90)
    assert visit.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


TARGETS = "button, select, textarea, input:not([type=hidden]), .nav-link, .brand, .clause-links a, .state-link, .foot a"


def test_what_is_pressed_is_large_enough_for_a_finger(visit: Visit) -> None:
    visit.open()
    visit.ask("在哪个区")
    visit.ask("创业补贴怎么领")
    small = []
    for path in (None, "/", "/policies", "/policies/qd-startup-2025"):
        page = visit.open(path) if path else visit.page
        for target in page.locator(TARGETS).all():
            box = target.bounding_box()
            if target.is_visible() and box and box["height"] < 43.5:
                small.append((path, target.inner_text()[:20], box["height"]))
    assert small == [], "\n".join(map(str, small))


def test_the_keyboard_reaches_the_content_first_and_then_every_control(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到主要内容")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert "text" in reached
    assert "chip" in reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(browser: Browser, site: Site, scheme: Any, viewport: Any) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm install --prefix build/axe axe-core@4 --no-save")
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, locale="zh-CN", reduced_motion="reduce", bypass_csp=True
    )
    visit = watch(context, site.address)
    found = []
    visit.open()
    for question in ("创业补贴怎么领", "火星有补助吗", "2022年的还能领吗", "坏不坏，在哪个区"):
        visit.ask(question)
    found += axe(visit.page)
    visit.page.locator(".open-clause").last.click()
    expect(visit.page.locator("#drawer mark, #drawer .target").first).to_be_visible()
    found += axe(visit.page)
    for path in PAGES:
        found += axe(visit.open(path))
    assert found == [], "\n".join(map(str, found))
    context.close()
