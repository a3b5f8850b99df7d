"""Signing in: what lets in, what does not, what is told, and what it costs whoever guesses."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Engine

from bot.clock import FixedClock
from bot.console.passwords import Passwords
from bot.console.signing_in import RefusedError, SigningIn
from bot.console.store.credentials import Credentials
from bot.console.store.sessions import StaffSessions
from bot.console.store.sign_ins import Outcome, SignInLog
from intake.cases import SYSTEM, Role
from intake.staff import Staff
from intake.store.register import Register
from tests.support.consoles import PASSWORD, QUICK, Console, Person, token_in

HERE = "10.1.2.3"


def test_the_right_password_lets_in_and_a_wrong_one_does_not(console: Console) -> None:
    person = console.visitor()
    wrong = person.sign_in("clerk", "not my password")
    assert (wrong.status_code, "账号或密码不对" in wrong.text) == (403, True)
    assert person.get("/me").status_code == 401
    right = person.sign_in("clerk")
    assert (right.status_code, right.headers["location"]) == (303, "/console/me")
    assert "孙岚" in person.get("/me").text


def test_whoever_is_not_signed_in_gets_the_form_and_goes_on_where_they_wanted(console: Console) -> None:
    person = console.visitor()
    asked = person.get("/teams?retired=1")
    assert asked.status_code == 401
    assert 'name="next" value="/console/teams?retired=1"' in asked.text
    entered = person.post("/sign-in", {"account": "clerk", "password": PASSWORD, "next": "/console/teams?retired=1"})
    assert entered.headers["location"] == "/console/teams?retired=1"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example/console", "/needs", "/console@evil.example", "/consolers",
     "\\\\evil.example", "/console/\\evil", "javascript:alert(1)", "/console\r\nset-cookie: a=b", "http://["],
)  # fmt: skip
def test_signing_in_leads_nowhere_but_into_the_console(console: Console, elsewhere: str) -> None:
    assert console.visitor().sign_in("clerk", onward=elsewhere).headers["location"] == "/console"


def test_an_unknown_name_costs_the_same_work_and_gets_the_same_words(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def verify(_self: PasswordHasher, stored: str, _password: str) -> bool:
        checked.append(stored)
        raise VerifyMismatchError

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    pages = [console.visitor().sign_in(name, "wrong") for name in ("clerk", "nobody")]
    assert len(checked) == 2
    parameters = {re.match(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+", stored)[0] for stored in checked}  # type: ignore[index]
    assert len(parameters) == 1  # Argon2id, with the same parameters for both
    known, unknown = (re.sub(r'value="[^"]*"', "", page.text) for page in pages)
    assert known == unknown


def test_a_hash_of_older_parameters_is_made_anew_at_the_next_sign_in(console: Console) -> None:
    credentials = Credentials(console.bureau.engine)
    old = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)).hash(PASSWORD)
    credentials.put_password("clerk", old, console.bureau.clock.now(), must_change=False)
    console.staff("clerk")
    kept = credentials.of("clerk")
    assert kept is not None
    assert kept.password_hash != old
    assert not QUICK.check_needs_rehash(kept.password_hash)
    console.staff("clerk")


@pytest.fixture
def signing_in(engine: Engine, clock: FixedClock) -> SigningIn:
    """On both databases, without the web around it."""
    register, passwords = Register(engine), Passwords(QUICK)
    for account in ("wang", "li"):
        register.put_staff(Staff(account, account, frozenset({Role.CLERK})), SYSTEM, clock.now())
        Credentials(engine).put_password(account, passwords.hash(PASSWORD), clock.now(), must_change=False)
    return SigningIn(
        register, Credentials(engine), StaffSessions(engine), SignInLog(engine), passwords, False, clock.now
    )


def refused(signing_in: SigningIn, *attempt: str) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        signing_in.enter(*attempt)
    return caught.value


def test_five_failures_in_five_minutes_lock_an_address(signing_in: SigningIn, clock: FixedClock) -> None:
    for _ in range(5):
        assert refused(signing_in, "wang", "wrong", HERE).key == "wrong"
        clock.advance(timedelta(seconds=30))
    locked = refused(signing_in, "li", PASSWORD, HERE)  # whoever it is, and with the right password
    assert locked.key == "locked_address"
    assert locked.until == clock.now() - timedelta(seconds=150) + timedelta(minutes=5)
    signing_in.enter("li", PASSWORD, "10.9.9.9")
    clock.moment = locked.until
    signing_in.enter("li", PASSWORD, HERE)


def test_ten_failures_in_fifteen_minutes_lock_an_account_from_anywhere(
    signing_in: SigningIn, clock: FixedClock
) -> None:
    for number in range(10):
        assert refused(signing_in, "wang", "wrong", f"10.0.0.{number}").key == "wrong"
    locked = refused(signing_in, "wang", PASSWORD, "10.9.9.9")
    assert (locked.key, locked.until) == ("locked_account", clock.now() + timedelta(minutes=15))
    clock.advance(timedelta(minutes=15))
    signing_in.enter("wang", PASSWORD, "10.9.9.9")


def test_a_name_that_is_no_account_is_locked_out_just_the_same(signing_in: SigningIn) -> None:
    for number in range(10):
        refused(signing_in, "nobody", "wrong", f"10.0.0.{number}")
    assert refused(signing_in, "nobody", "wrong", "10.9.9.9").key == "locked_account"


def test_an_attempt_while_locked_does_not_put_the_end_off(signing_in: SigningIn, clock: FixedClock) -> None:
    for _ in range(5):
        refused(signing_in, "wang", "wrong", HERE)
    until = refused(signing_in, "wang", "wrong", HERE).until
    clock.advance(timedelta(minutes=4))
    assert refused(signing_in, "wang", "wrong", HERE).until == until


def test_a_success_wipes_the_account_s_failures_but_not_the_address_s(signing_in: SigningIn) -> None:
    for number in range(9):
        refused(signing_in, "wang", "wrong", f"10.0.0.{number}")
    signing_in.enter("wang", PASSWORD, "10.0.1.1")
    assert refused(signing_in, "wang", "wrong", "10.0.1.2").key == "wrong"
    for _ in range(4):
        refused(signing_in, "wang", "wrong", HERE)
    signing_in.enter("li", PASSWORD, HERE)  # a guesser with an account of their own
    refused(signing_in, "wang", "wrong", HERE)
    assert refused(signing_in, "li", PASSWORD, HERE).key == "locked_address"


def test_attempts_at_once_get_no_more_tries_than_one_after_the_other(signing_in: SigningIn) -> None:
    keys: list[str] = []

    def guess() -> None:
        try:
            signing_in.enter("wang", "wrong", HERE)
        except RefusedError as error:
            keys.append(error.key)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(keys) == ["locked_address"] * 7 + ["wrong"] * 5


def test_the_page_says_when_to_try_again(console: Console) -> None:
    for _ in range(5):
        console.visitor().sign_in("clerk", "wrong")
    locked = console.visitor().sign_in("clerk")
    assert locked.status_code == 429
    assert "请在 10:05 之后再试" in locked.text  # the clock stands at 10:00 in Shanghai


def test_what_is_typed_for_a_name_is_not_kept_where_it_is_no_account(console: Console) -> None:
    console.visitor().sign_in("my secret password", "clerk")
    written = SignInLog(console.bureau.engine).entries()[0][0]
    assert written.staff.startswith("?")
    assert "secret" not in written.staff


def test_everything_about_signing_in_is_written_down(console: Console) -> None:
    person = console.visitor()
    person.sign_in("clerk", "wrong")
    person.sign_in("clerk")
    person.post("/sign-out")
    entries = SignInLog(console.bureau.engine).entries()[0]
    assert [entry.outcome for entry in reversed(entries)] == [Outcome.WRONG, Outcome.IN, Outcome.OUT]
    assert {entry.staff for entry in entries} == {"clerk"}


def test_a_one_time_password_leads_to_a_new_one_and_nowhere_else(console: Console) -> None:
    once = signing_in_of(console).reset_password("clerk", "terminal")
    person = console.staff("clerk", once)
    for path in ("", "/me", "/teams", "/queue"):
        assert person.get(path).headers.get("location") in {"/console/me/password", None}
        assert person.get(path).status_code in {303, 404}
    assert person.post("/me/sessions/end").status_code == 403
    weak = person.post("/me/password", {"present": once, "wanted": "qwerty123456", "again": "qwerty123456"})
    assert (weak.status_code, "太常见" in weak.text) == (422, True)
    kept = person.post("/me/password", {"present": once, "wanted": once, "again": once})
    assert (kept.status_code, "和原来的一样" in kept.text) == (422, True)
    changed = person.post("/me/password", {"present": once, "wanted": PASSWORD, "again": PASSWORD})
    assert changed.headers["location"] == "/console/me?done=password_changed"
    assert person.get("/me").status_code == 200
    assert console.visitor().sign_in("clerk", once).status_code == 403


def test_a_one_time_password_is_worth_nothing_after_three_days(console: Console) -> None:
    once = signing_in_of(console).reset_password("clerk", "terminal")
    console.pass_minutes(72 * 60 + 1)
    late = console.visitor().sign_in("clerk", once)
    assert (late.status_code, "已失效" in late.text) == (403, True)


def test_a_second_factor_is_asked_for_and_each_code_is_good_once(console: Console) -> None:
    secret = set_up_code(console, "clerk")
    console.pass_minutes(10)
    person = console.visitor()
    asked = person.sign_in("clerk")
    assert asked.headers["location"] == "/console/sign-in/code?next=%2Fconsole%2Fme"
    assert person.get("/me").headers["location"] == "/console/sign-in/code"
    assert person.get("/me/password").headers["location"] == "/console/sign-in/code"
    assert person.post("/me/password", {"present": PASSWORD, "wanted": "x" * 20, "again": "x" * 20}).status_code == 403
    code = pyotp.TOTP(secret).at(console.bureau.clock.now())
    half = person.client.cookies["kc_staff"]
    assert person.post("/sign-in/code", {"code": "000000"}).status_code == 403
    given = person.post("/sign-in/code", {"code": f"{code[:3]} {code[3:]}", "next": "/console/me"})
    assert (given.status_code, given.headers["location"]) == (303, "/console/me")
    assert person.client.cookies["kc_staff"] != half
    assert person.get("/me").status_code == 200
    again = console.visitor()
    again.sign_in("clerk")
    assert again.post("/sign-in/code", {"code": code}).status_code == 403


def test_whoever_gave_the_password_has_five_minutes_for_the_code(console: Console) -> None:
    secret = set_up_code(console, "clerk")
    person = console.visitor()
    person.sign_in("clerk")
    token = person.token()
    console.pass_minutes(5)
    code = pyotp.TOTP(secret).at(console.bureau.clock.now())
    assert person.post("/sign-in/code", {"code": code, "csrf": token}).status_code == 401


def test_guessing_codes_locks_out(console: Console) -> None:
    secret = set_up_code(console, "clerk")
    person = console.visitor()
    person.sign_in("clerk")
    seen = [person.post("/sign-in/code", {"code": "123456"}).status_code for _ in range(6)]
    assert seen == [403] * 5 + [429]
    code = pyotp.TOTP(secret).at(console.bureau.clock.now())
    assert person.post("/sign-in/code", {"code": code}).status_code == 429


def test_where_codes_are_required_nobody_works_without_one(bureau: Any) -> None:
    console = Console(bureau, {"totp_required": True})
    person = console.staff("clerk")
    assert person.get("/teams").headers["location"] == "/console/me/code"
    page = person.get("/me/code")
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert secret
    code = pyotp.TOTP(secret[1].replace(" ", "")).at(console.bureau.clock.now())
    assert person.post("/me/code", {"code": code}).headers["location"] == "/console/me?done=code_set"
    assert person.get("/teams").status_code == 200
    person.confirm()
    assert person.post("/me/code/remove").status_code == 403


def test_a_code_can_be_turned_off_by_who_has_the_password(console: Console) -> None:
    set_up_code(console, "clerk")
    console.pass_minutes(1)
    person = console.visitor()
    person.sign_in("clerk")
    kept = Credentials(console.bureau.engine).of("clerk")
    assert kept is not None
    assert kept.totp_secret
    code = pyotp.TOTP(kept.totp_secret).at(console.bureau.clock.now())
    assert person.post("/sign-in/code", {"code": code}).status_code == 303
    assert person.post("/me/code/remove").headers["location"] == "/console/sign-in?done=code_removed"
    assert person.get("/me").status_code == 401
    assert console.staff("clerk").get("/me").status_code == 200


def test_a_disabled_account_is_told_so_only_with_the_right_password(console: Console) -> None:
    signing_in_of(console).credentials.disable("clerk", console.bureau.clock.now())
    assert "账号或密码不对" in console.visitor().sign_in("clerk", "wrong").text
    assert "已停用" in console.visitor().sign_in("clerk").text


def test_an_account_without_a_password_cannot_sign_in(console: Console) -> None:
    console.bureau.needs.register.put_staff(
        Staff("new", "新人", frozenset({Role.CLERK})), SYSTEM, console.bureau.clock.now()
    )
    for password in ("", "new", PASSWORD):
        assert console.visitor().sign_in("new", password).status_code == 403


def test_a_long_password_is_refused_quickly_and_an_odd_one_breaks_nothing(console: Console) -> None:
    for password in ("x" * 50_000, "\x00\ufffd", "\u202e"):
        assert console.visitor().sign_in("clerk", password).status_code == 403


def test_the_form_s_own_token_guards_the_sign_in(console: Console) -> None:
    person = console.visitor()
    page = person.get("/sign-in")
    fields = {"account": "clerk", "password": PASSWORD}
    assert person.post("/sign-in", {**fields, "csrf": "0" * 64}).status_code == 403
    other = console.visitor()
    assert other.client.post("/console/sign-in", data={**fields, "csrf": token_in(page)}).status_code == 403


def set_up_code(console: Console, account: str) -> str:
    """Turn on the second factor as its owner would; the secret."""
    person: Person = console.staff(account)
    page = person.get("/me/code")
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert found, page.text
    secret = found[1].replace(" ", "")
    code = pyotp.TOTP(secret).at(console.bureau.clock.now())
    assert person.post("/me/code", {"code": code}).status_code == 303
    console.pass_minutes(2)
    return secret


def signing_in_of(console: Console) -> SigningIn:
    from bot.console.desk import signing_in_of as made

    return made(console.parts)
