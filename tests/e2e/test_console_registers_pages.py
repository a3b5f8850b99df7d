"""Signing in and the registers in a real browser: plain HTTP on this machine, the keyboard, two sizes, two schemes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from bot.clock import FixedClock
from bot.console.desk import signing_in_of
from db.engine import make_engine
from db.migrating import upgrade
from tests.support.browsing import DESKTOP, PHONE, Site, Visit, serve, stop, watch
from tests.support.bureau import LAOSHAN, bureau_of
from tests.support.consoles import PASSWORD, Console

pytestmark = pytest.mark.browser

PAGES = (
    "/console/me", "/console/me/password", "/console/staff", "/console/staff/new", "/console/staff/clerk",
    "/console/teams", "/console/teams/new", f"/console/teams/{LAOSHAN}", "/console/calendar", "/console/history",
    "/console/routing?kind=technology&district=370212", "/console/sign-ins", "/console/staff/nobody",
)  # fmt: skip


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder: Path = tmp_path_factory.mktemp("console")
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
    """A browser without a cookie; afterwards nothing left this machine, no script failed, no rule was broken."""
    context = browser.new_context(viewport=DESKTOP, locale="zh-CN")
    made = watch(context, site.address)
    yield made
    assert made.page.evaluate("window.violations ?? []") == []
    assert (made.outside, made.faults, made.dialogs) == ([], [], [])
    context.close()


def sign_in(visit: Visit, account: str, password: str = PASSWORD, at: str = "/console/me") -> Page:
    page = visit.open(at)
    page.get_by_label("账号").fill(account)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录", exact=True).click()
    return page


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(rule["id"], rule["nodes"][0]["html"][:160]) for rule in found]


def test_one_signs_in_over_plain_http_on_this_machine_and_is_where_one_wanted_to_be(visit: Visit) -> None:
    page = sign_in(visit, "boss", at=f"/console/teams/{LAOSHAN}")
    expect(page).to_have_url(re.compile(f"/console/teams/{LAOSHAN}$"))
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(visit.address + "/console")}
    kept = cookies["kc_staff"]
    assert (kept["path"], kept["httpOnly"], kept["secure"], kept["sameSite"]) == ("/console", True, False, "Strict")
    assert page.evaluate("document.cookie") == ""
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("崂山区科创服务团队")


def test_a_wrong_password_is_said_where_the_eyes_and_the_focus_are(visit: Visit) -> None:
    page = sign_in(visit, "boss", "not it at all")
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不对")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("账号")).to_have_value("boss")
    assert violations(page) == []


def test_everything_at_the_door_is_done_with_the_keyboard(visit: Visit) -> None:
    page = visit.open("/console")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到主要内容")).to_be_focused()
    page.get_by_label("账号").focus()
    page.keyboard.type("clerk")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(PASSWORD)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="显示")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("密码", exact=True)).to_have_attribute("type", "text")
    page.get_by_label("密码", exact=True).press("Enter")
    expect(page.get_by_role("navigation", name="工作台")).to_be_visible()


def test_a_code_is_set_up_from_the_picture_and_asked_for(visit: Visit, console: Console, browser: Browser) -> None:
    page = sign_in(visit, "edit")
    page.get_by_role("link", name="启用动态码").click()
    expect(page.locator(".qr svg")).to_be_visible()
    assert violations(page) == []
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("6 位动态码").fill(pyotp.TOTP(secret).at(console.bureau.clock.now()))
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_role("status")).to_contain_text("动态码已启用")
    console.pass_minutes(1)
    again = watch(browser.new_context(locale="zh-CN"), visit.address)
    other = sign_in(again, "edit")
    expect(other.get_by_role("heading", level=1)).to_have_text("输入动态码")
    assert violations(other) == []
    other.get_by_label("6 位动态码").fill(pyotp.TOTP(secret).at(console.bureau.clock.now()))
    other.get_by_role("button", name="登录").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("我的账号")
    other.context.close()


def test_an_administrator_adds_somebody_who_signs_in_and_chooses_a_password(
    visit: Visit, console: Console, browser: Browser
) -> None:
    page = sign_in(visit, "boss", at="/console/staff/new")
    console.pass_minutes(6)
    page.get_by_label("账号").fill("wangli")
    page.get_by_label("姓名").fill("王丽")
    page.get_by_label("受理员").check()
    page.get_by_label("崂山区").check()
    page.get_by_role("button", name="建立账号").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("请再输入一次密码")
    assert violations(page) == []
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="确认并继续").click()
    expect(page.get_by_role("status")).to_contain_text("账号已建立")
    page.get_by_role("button", name="重设密码").click()
    once = page.locator(".once").inner_text()
    assert violations(page) == []
    new = watch(browser.new_context(locale="zh-CN"), visit.address)
    first = sign_in(new, "wangli", once)
    expect(first.get_by_role("heading", level=1)).to_have_text("修改密码")
    first.get_by_label("刚才的一次性密码").fill(once)
    first.get_by_label("新密码", exact=True).fill(PASSWORD)
    first.get_by_label("再输入一次新密码").fill(PASSWORD)
    first.get_by_role("button", name="保存新密码").click()
    expect(first.get_by_role("status")).to_contain_text("密码已修改")
    page.goto(visit.address + "/console/staff/wangli")
    page.get_by_role("button", name="停用登录").click()
    expect(page.get_by_role("status")).to_contain_text("已停用登录")
    first.reload()
    expect(first.get_by_role("heading", level=1)).to_have_text("登录工作台")
    first.context.close()


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["1280", "390"])
def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_the_screen(
    visit: Visit, console: Console, scheme: str, size: dict[str, int]
) -> None:
    page = sign_in(visit, "boss")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size(size)  # type: ignore[arg-type]
    found = {}
    for path in PAGES:
        visit.open(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if broken := violations(page) + ([("too wide", str(over))] if over > 0 else []):
            found[path] = broken
    assert found == {}


def test_a_page_shows_what_was_typed_and_runs_none_of_it(visit: Visit, console: Console) -> None:
    """In every field of the registers; scripts would raise a dialog, which the visit notes."""
    payload = "\"'><img src=x onerror=alert(1)>"
    page = sign_in(visit, "boss", at="/console/staff/special")
    page.get_by_label("姓名").fill(payload)
    page.get_by_role("button", name="保存").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(payload)
    page.goto(visit.address + "/console/calendar")
    page.locator("#f-day").fill("2026-03-07")
    page.get_by_label("说明").fill(payload)
    page.get_by_role("button", name="加上").click()
    expect(page.locator(".day-row")).to_contain_text(payload)
    page.goto(visit.address + f"/console/teams/{LAOSHAN}")
    page.get_by_label("名称").fill(payload)
    page.get_by_role("button", name="保存").first.click()
    for path in ("/console/staff", "/console/teams", "/console/routing?kind=talent", "/console/history"):
        visit.open(path)
        expect(page.get_by_text(payload).first).to_be_attached()
    assert signing_in_of(console.parts).register.team(LAOSHAN).name == payload
