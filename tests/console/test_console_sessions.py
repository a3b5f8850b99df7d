"""Sessions: where they begin and end, what their cookies are like, what guards their forms."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from starlette.testclient import TestClient

from bot.channels.telegram_bot.store.staff import StaffLinks
from bot.clock import FixedClock
from bot.console.chores import console_chores
from bot.console.session import csrf_of
from bot.console.store.credentials import Credentials
from bot.console.store.sessions import StaffSessions
from bot.console.tables import staff_sessions
from bot.housekeeping import Housekeeping
from db.engine import reading
from intake.cases import SYSTEM, Role
from tests.support.bureau import Bureau
from tests.support.consoles import EVERYBODY, PASSWORD, Console, Person


def cookie_of(person: Person) -> str:
    return str(person.client.cookies["kc_staff"])


def test_the_cookie_on_this_machine_has_no_prefix_and_goes_to_the_console_only(console: Console) -> None:
    said = console.visitor().sign_in("clerk").headers.get_list("set-cookie")
    session = next(line for line in said if line.startswith("kc_staff="))
    assert re.fullmatch(r"kc_staff=[\w-]{43}; HttpOnly; Path=/console; SameSite=Strict", session)


def test_the_cookie_over_tls_has_the_host_prefix(bureau: Bureau) -> None:
    secure = Console(bureau, {"https": True})
    person = secure.visitor("https://console.example.cn")
    said = person.sign_in("clerk").headers.get_list("set-cookie")
    session = next(line for line in said if line.startswith("__Host-kc_staff="))
    assert re.fullmatch(r"__Host-kc_staff=[\w-]{43}; HttpOnly; Path=/; SameSite=Strict; Secure", session)
    assert person.get("/me").status_code == 200


def test_plain_http_on_another_host_is_refused_with_what_to_do(console: Console) -> None:
    person = console.visitor("http://console.example.cn")
    for path in ("", "/sign-in", "/me", "/staff"):
        page = person.get(path)
        assert page.status_code == 403
        assert "https://" in page.text
        assert "http://127.0.0.1:8000/console" in page.text
        assert 'type="password"' not in page.text
    assert person.post("/sign-in", {"account": "clerk", "password": PASSWORD}).status_code == 403
    style = re.search(r'href="(/console/static/[^"]+console\.css)"', page.text)
    assert style
    assert person.client.get(style[1]).status_code == 200


@pytest.mark.parametrize("host", ["http://127.0.0.1:9", "http://localhost:8000", "http://[::1]:8000"])
def test_plain_http_on_this_machine_s_own_addresses_is_fine(console: Console, host: str) -> None:
    person = console.visitor(host)
    assert person.sign_in("clerk").status_code == 303


def test_a_proxy_that_says_plain_http_is_believed(bureau: Bureau) -> None:
    person = Console(bureau, {"https": True}).visitor("http://console.example.cn")
    assert person.get("/sign-in", headers={"x-forwarded-proto": "http"}).status_code == 403
    assert person.get("/sign-in", headers={"x-forwarded-proto": "https"}).status_code == 200


def test_the_session_a_browser_came_with_ends_when_somebody_signs_in(console: Console) -> None:
    planted = cookie_of(console.staff("clerk"))
    victim = console.visitor()
    victim.get("/sign-in")
    victim.client.cookies.set("kc_staff", planted, domain="127.0.0.1", path="/console")
    form = csrf_of(str(victim.client.cookies["kc_staff_form"]))
    entered = victim.post("/sign-in", {"account": "special", "password": PASSWORD, "csrf": form})
    assert entered.status_code == 303
    sessions = StaffSessions(console.bureau.engine)
    assert sessions.find(planted) is None
    assert len(sessions.of("special", console.bureau.clock.now())) == 1


def test_who_is_signed_in_needs_no_form_to_sign_in(console: Console) -> None:
    assert console.staff("clerk").get("/sign-in").headers["location"] == "/console"


def test_a_session_ends_after_half_an_hour_of_nothing(console: Console) -> None:
    person = console.staff("clerk")
    for _ in range(5):
        console.pass_minutes(29)
        assert person.get("/me").status_code == 200
    console.pass_minutes(30)
    over = person.get("/me")
    assert (over.status_code, "登录已过期" in over.text) == (401, True)


def test_a_session_ends_after_twelve_hours_whatever_one_does(console: Console) -> None:
    person = console.staff("clerk")
    for _ in range(12 * 60 // 20 - 1):
        console.pass_minutes(20)
        assert person.get("/me").status_code == 200
    console.pass_minutes(20)
    assert person.get("/me").status_code == 401


def test_a_new_password_does_not_make_a_session_live_longer(console: Console) -> None:
    person = console.staff("clerk")
    for _ in range(23):
        console.pass_minutes(20)
        assert person.get("/me").status_code == 200
    new = "山上 云雀 十一 铜锁 打盹"
    assert person.post("/me/password", {"present": PASSWORD, "wanted": new, "again": new}).status_code == 303
    for _ in range(12):
        console.pass_minutes(20)
        assert person.get("/me").status_code == 200
    console.pass_minutes(20)
    assert person.get("/me").status_code == 401


def test_signing_out_ends_the_session_on_the_server(console: Console) -> None:
    person = console.staff("clerk")
    token = cookie_of(person)
    assert person.post("/sign-out").headers["location"] == "/console/sign-in?done=signed_out"
    thief = console.visitor()
    thief.client.cookies.set("kc_staff", token, domain="127.0.0.1", path="/console")
    assert thief.get("/me").status_code == 401


def test_disabling_an_account_ends_its_sessions_at_the_next_request(console: Console) -> None:
    clerk, boss = console.staff("clerk"), console.staff("boss")
    boss.confirm()
    assert boss.post("/staff/clerk/disable").status_code == 303
    assert clerk.get("/me").status_code == 401
    assert boss.post("/staff/clerk/enable").status_code == 303
    assert clerk.get("/me").status_code == 401  # the old session is gone for good


def test_ending_an_account_ends_its_sessions(console: Console) -> None:
    clerk = console.staff("clerk")
    console.bureau.needs.register.retire("clerk", SYSTEM, console.bureau.clock.now())
    assert clerk.get("/me").status_code == 401


def test_a_new_password_ends_every_other_session(console: Console) -> None:
    one, other = console.staff("clerk"), console.staff("clerk")
    new = "山上 云雀 十一 铜锁 打盹"
    before = cookie_of(one)
    assert one.post("/me/password", {"present": PASSWORD, "wanted": new, "again": new}).status_code == 303
    assert cookie_of(one) != before
    assert (one.get("/me").status_code, other.get("/me").status_code) == (200, 401)


def test_one_can_sign_out_everywhere_else(console: Console) -> None:
    one, other = console.staff("clerk"), console.staff("clerk")
    assert one.get("/me").text.count("testclient") == 2
    assert one.post("/me/sessions/end").status_code == 303
    assert (one.get("/me").status_code, other.get("/me").status_code) == (200, 401)


def test_a_change_of_roles_turns_the_token_and_counts_at_once(console: Console) -> None:
    clerk = console.staff("clerk")
    before, form = cookie_of(clerk), clerk.token()
    person = EVERYBODY["clerk"]
    promoted = type(person)(person.id, person.name, person.roles | {Role.AUDITOR}, person.areas)
    console.bureau.needs.register.put_staff(promoted, SYSTEM, console.bureau.clock.now())
    assert clerk.get("/history").status_code == 200
    assert cookie_of(clerk) != before
    assert clerk.post("/me/sessions/end", {"csrf": form}).status_code == 403  # a form of before
    thief = console.visitor()
    thief.client.cookies.set("kc_staff", before, domain="127.0.0.1", path="/console")
    assert thief.get("/me").status_code == 401
    console.bureau.needs.register.put_staff(person, SYSTEM, console.bureau.clock.now())
    assert clerk.get("/history").status_code == 403


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "x" * 5000])
def test_a_form_without_its_token_is_not_taken(console: Console, token: str) -> None:
    person = console.staff("clerk")
    console.staff("clerk")
    refused = person.post("/me/sessions/end", {"csrf": token})
    assert (refused.status_code, "没有提交" in refused.text) == (403, True)
    assert len(StaffSessions(console.bureau.engine).of("clerk", console.bureau.clock.now())) == 2


def test_a_form_with_somebody_else_s_token_is_not_taken(console: Console) -> None:
    clerk, lead = console.staff("clerk"), console.staff("lead")
    assert clerk.post("/me/sessions/end", {"csrf": lead.token()}).status_code == 403


def test_a_script_of_ours_may_send_the_token_in_a_header(console: Console) -> None:
    person = console.staff("clerk")
    token = person.token()
    sent = person.client.post(
        "/console/me/sessions/end", headers={"x-csrf-token": token, "sec-fetch-site": "same-origin"}
    )
    assert sent.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}],
)
def test_what_another_site_s_page_sets_off_is_refused(console: Console, headers: dict[str, str]) -> None:
    person = console.staff("clerk")
    fields = {"csrf": person.token()}
    assert person.client.post("/console/me/sessions/end", data=fields, headers=headers).status_code == 403


def test_the_database_holds_no_token(engine: Engine, clock: FixedClock) -> None:
    sessions = StaffSessions(engine)
    token = sessions.open("clerk", {Role.CLERK}, "10.0.0.1", clock.now())
    with reading(engine) as connection:
        row = connection.execute(select(staff_sessions)).one()
    assert token not in str(tuple(row))
    assert csrf_of(token) not in str(tuple(row))


def test_a_session_is_turned_once_by_whoever_comes_first(engine: Engine, clock: FixedClock) -> None:
    sessions = StaffSessions(engine)
    token = sessions.open("clerk", {Role.CLERK}, "10.0.0.1", clock.now())
    first = sessions.turn(token, {Role.LEAD}, clock.now())
    assert first is not None
    assert sessions.turn(token, {Role.LEAD}, clock.now()) is None
    found = sessions.find(first)
    assert found is not None
    assert found.roles == "lead"


def test_what_a_page_asks_for_by_itself_keeps_nobody_signed_in(console: Console) -> None:
    from bot.console.desk import signing_in_of

    token = cookie_of(console.staff("clerk"))
    signing_in = signing_in_of(console.parts)
    for _ in range(3):
        console.pass_minutes(9)
        assert signing_in.resolve(token, background=True) is not None
    console.pass_minutes(4)
    assert signing_in.resolve(token, background=True) is None


def test_sessions_that_are_over_are_swept(console: Console) -> None:
    console.staff("clerk")
    console.bureau.clock.advance(timedelta(minutes=31))
    console.staff("lead")
    done = Housekeeping(console_chores(console.parts)).run_once(console.bureau.clock.now())
    assert done["staff sessions"] == 1


def test_every_page_is_kept_nowhere_and_framed_by_nobody(console: Console) -> None:
    page = console.staff("clerk").get("/me")
    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in page.text
    assert " style=" not in page.text


def test_the_console_is_not_in_the_description_of_the_api(console: Console) -> None:
    client = TestClient(console.app, base_url="http://127.0.0.1")
    assert "/console" not in client.get("/openapi.json").text


def test_credentials_of_a_name_are_those_of_one_account(engine: Engine, clock: FixedClock) -> None:
    credentials = Credentials(engine)
    credentials.put_password("a", "hash-1", clock.now(), must_change=True)
    credentials.put_password("a", "hash-2", clock.now(), must_change=False)
    kept = credentials.of("a")
    assert kept is not None
    assert (kept.password_hash, kept.must_change, list(credentials.all())) == ("hash-2", False, ["a"])
    assert credentials.use_step("a", 10)
    assert not credentials.use_step("a", 10)
    assert not credentials.use_step("a", 9)
    assert credentials.use_step("a", 11)


def test_a_telegram_account_is_linked_with_a_code_shown_once(bureau: Bureau) -> None:
    links = StaffLinks(bureau.engine)
    person = Console(bureau, {"telegram": links}).visitor()
    person.sign_in("clerk")
    page = person.post("/me/telegram").text
    code = re.search(r"/link (\w+)</code>", page)
    assert code
    assert code[1] not in person.get("/me").text
    assert links.redeem(code[1], 7001, bureau.clock.now()) == "clerk"
    assert "已关联" in person.get("/me").text
    assert person.post("/me/telegram/end").status_code == 303
    assert links.user_of("clerk") is None
    assert "未关联" in person.get("/me").text


def test_without_a_bot_there_is_nothing_to_link(console: Console) -> None:
    person = console.visitor()
    person.sign_in("clerk")
    assert "Telegram" not in person.get("/me").text
    assert person.post("/me/telegram").status_code == 404
    assert person.post("/me/telegram/end").status_code == 404
