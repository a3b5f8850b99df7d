"""Who may use which route: a matrix made of the routes themselves, so that a new one is in it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from bot.console.chores import console_chores
from bot.console.desk import signing_in_of
from bot.console.routes import PARTS
from bot.console.rules import PREFIX, Routes, Rule, UndeclaredRouteError, check_declared, console_routes_of, rule_of
from bot.console.visit import Visit
from bot.web import create_app
from intake.cases import Case, Role
from intake.review import sees
from intake.staff import STAFF_ROLES
from tests.bot.fakes_web import FakeAssistant, FakeLibrary, FakeSessions
from tests.support.bureau import LAOSHAN
from tests.support.consoles import EVERYBODY, PASSWORD, Console, Person

RULES = [rule for part in PARTS for rule, _handler in part.declared]
GUARDED = [rule for rule in RULES if not rule.anonymous]
REFUSED = {401, 403}
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


def ids(rules: list[Rule]) -> list[str]:
    return [f"{rule.method} {rule.path}" for rule in rules]


def test_every_route_says_who_may_use_it(console: Console) -> None:
    served = list(console_routes_of(console.app.routes))
    assert len(served) == len(RULES) + 1  # and the one that answers what is left
    assert all(rule_of(route) is not None for route in served)


async def bare(_request: Request) -> Response:
    return PlainTextResponse("hello")


def included(path: str) -> Any:
    app, router = FastAPI(), APIRouter()
    router.add_api_route(path.removeprefix("/console"), bare)
    app.include_router(router, prefix="/console")
    return app.router.routes[-1]


@pytest.mark.parametrize(
    "route",
    [
        Route("/console/secret", bare),
        Route("/console", bare),
        Mount("/console", routes=[Route("/z", bare)]),
        Mount("/console/files", app=PlainTextResponse("hello")),
        included("/console/secret"),
    ],
    ids=["route", "root", "mount", "mounted app", "included router"],
)
def test_a_route_that_does_not_say_so_cannot_be_served(console: Console, route: Any) -> None:
    with pytest.raises(UndeclaredRouteError):
        check_declared([*console.app.routes, route])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_route_that_slipped_in_cannot_be_reached(console: Console, method: str) -> None:
    async def endpoint(_request: Request) -> Response:
        return PlainTextResponse("hello")

    console.app.router.routes.append(Route("/console/secret", endpoint, methods=[method]))
    boss = console.staff("boss")
    reached = boss.client.request(method, f"{PREFIX}/secret", headers={"sec-fetch-site": "same-origin"})
    assert reached.status_code == 404


def test_an_app_with_an_undeclared_route_does_not_start(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.console_routes", lambda _parts: [Route("/console/secret", bare)])
    with pytest.raises(UndeclaredRouteError):
        create_app(FakeAssistant(), FakeLibrary(), FakeSessions(), console=console.parts)


def test_no_rule_is_declared_twice_and_none_admits_nobody() -> None:
    keys = [(rule.method, rule.path) for rule in RULES]
    assert len(keys) == len(set(keys))
    assert all(rule.roles and rule.roles <= STAFF_ROLES for rule in RULES)


def test_what_writes_asks_for_the_form_s_token() -> None:
    assert [rule.path for rule in RULES if rule.writes and not rule.csrf] == []


def test_only_signing_in_and_style_sheets_are_open_to_everybody() -> None:
    assert {rule.path for rule in RULES if rule.anonymous} == {
        "/console/sign-in",
        "/console/static/{version}/{name}",
    }


@pytest.fixture
def case(console: Console) -> Case:
    """A need of 崂山区, in its team's queue."""
    return console.bureau.submit()


@pytest.fixture
def address(case: Case) -> Callable[[Rule], str]:
    """The address of a rule, with a person, a team, a case … that are there."""
    there = {"account": "special", "team": LAOSHAN, "reference": case.reference, "version": "x", "name": "console.css"}

    def filled(rule: Rule) -> str:
        return PARAMETER.sub(lambda found: there.get(found[1], "1"), rule.path).removeprefix(PREFIX)

    return filled


def people(console: Console) -> Iterator[tuple[str, Person, frozenset[Role] | None]]:
    """Everybody who might ask, with the roles they have; None where they are not signed in, or not any more."""
    yield "anonymous", console.visitor(), None
    forged = console.visitor()
    forged.client.cookies.set("kc_staff", "x" * 43, domain="127.0.0.1", path="/console")
    yield "forged", forged, None
    for account, person in EVERYBODY.items():
        yield account, console.staff(account), person.roles


def gone(console: Console) -> Iterator[tuple[str, Person]]:
    """Whose session was good and is not any more."""
    now = console.bureau.clock.now
    disabled = console.staff("lead")
    signing_in_of(console.parts).credentials.disable("lead", now())
    yield "disabled", disabled
    ended = console.staff("special")
    console.bureau.needs.register.retire("special", console.bureau.staff("boss"), now())
    yield "ended", ended
    expired = console.staff("city")
    console.pass_minutes(31)
    yield "expired", expired
    idle = console.staff("audit")
    for chore in console_chores(console.parts):
        console.pass_minutes(20)
        chore.run(now())
    yield "swept", idle


def ask(person: Person, rule: Rule, path: str, **values: str) -> int:
    response = person.post(path, values) if rule.writes else person.get(path)
    return response.status_code


def test_nobody_gets_through_whose_role_the_rule_does_not_name(
    console: Console, address: Callable[[Rule], str]
) -> None:
    """0 unexpected 2xx: anonymous, forged, each role, for every route and method."""
    unexpected = []
    for name, person, roles in people(console):
        for rule in GUARDED:
            if roles is not None and not roles.isdisjoint(rule.roles):
                continue
            status = ask(person, rule, address(rule))
            if status not in REFUSED:
                unexpected.append((name, rule.method, rule.path, status))
    assert unexpected == []


def test_nobody_gets_through_whose_session_is_over(console: Console, address: Callable[[Rule], str]) -> None:
    unexpected = [
        (name, rule.method, rule.path, status)
        for name, person in gone(console)
        for rule in GUARDED
        if (status := ask(person, rule, address(rule), csrf="0" * 64)) != 401
    ]
    assert unexpected == []


@pytest.mark.parametrize("state", ["one-time password", "code to come"])
def test_nobody_gets_past_what_they_must_do_first(console: Console, address: Callable[[Rule], str], state: str) -> None:
    signing_in = signing_in_of(console.parts)
    password = PASSWORD
    if state == "one-time password":
        password = signing_in.reset_password("clerk", "terminal")
    else:
        signing_in.credentials.take_code("clerk", "A" * 32, 1)
    person = console.visitor()
    person.sign_in("clerk", password)
    for rule in GUARDED:
        if rule.before_code or (rule.unsettled and state == "one-time password"):
            continue
        status = ask(person, rule, address(rule))
        assert status in ({403} if rule.writes else {303, 403}), rule.path


def test_whom_the_rule_names_gets_through(console: Console, address: Callable[[Rule], str], case: Case) -> None:
    """And a case that is not theirs to see is not there for them."""
    wrong = []
    for name, person, roles in people(console):
        for rule in GUARDED:
            if roles is None or rule.writes or roles.isdisjoint(rule.roles):
                continue
            status = person.get(address(rule)).status_code
            hidden = "{reference}" in rule.path and not sees(console.bureau.staff(name), case)
            if status >= 500 or status in REFUSED or (hidden and status != 404):
                wrong.append((name, rule.path, status))
    assert wrong == []


@pytest.mark.parametrize("rule", [rule for rule in GUARDED if rule.writes], ids=lambda rule: rule.path)
def test_a_form_that_its_role_may_send_is_refused_without_its_token_and_taken_with_it(
    console: Console, address: Callable[[Rule], str], rule: Rule
) -> None:
    account = next(name for name, person in EVERYBODY.items() if not person.roles.isdisjoint(rule.roles))
    person = console.staff(account)
    for token in ("", "0" * 64):
        assert person.post(address(rule), {"csrf": token}).status_code == 403
    fetched = person.client.post(f"{PREFIX}{address(rule)}", headers={"sec-fetch-site": "cross-site"})
    assert fetched.status_code == 403
    taken = person.post(address(rule))
    assert taken.status_code not in {401, 405}
    assert taken.status_code < 500, taken.text[:400]


@pytest.mark.parametrize(
    "rule", [rule for rule in GUARDED if rule.reauth], ids=lambda rule: f"{rule.method} {rule.path}"
)
def test_grave_things_ask_for_the_password_again(console: Console, address: Callable[[Rule], str], rule: Rule) -> None:
    account = next(name for name, person in EVERYBODY.items() if not person.roles.isdisjoint(rule.roles))
    person = console.staff(account)
    console.pass_minutes(5)
    asked = person.post(address(rule), {"name": "<b>x"}) if rule.writes else person.get(address(rule))
    assert 'name="password_again"' in asked.text
    assert "<b>x" not in asked.text
    wrong = person.post(address(rule) if rule.writes else "/me/confirm", {"password_again": "wrong"})
    assert (wrong.status_code, 'name="password_again"' in wrong.text) == (403, True)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST", "GET"])
def test_a_method_nobody_declared_is_not_answered(
    console: Console, address: Callable[[Rule], str], method: str
) -> None:
    boss = console.staff("boss")
    declared = {(rule.method, rule.path) for rule in RULES}
    for path in {rule.path: rule for rule in RULES}.values():
        if (method, path.path) in declared:
            continue
        answered = boss.client.request(method, f"{PREFIX}{address(path)}", headers={"sec-fetch-site": "same-origin"})
        assert answered.status_code in {405, 404}, (method, path.path)


def test_a_handler_that_fails_tells_nothing(console: Console) -> None:
    from bot.console.desk import make_desk
    from bot.console.routes import served

    routes = Routes()

    @routes.rule("/broken")
    def broken(_visit: Visit) -> Response:
        raise RuntimeError("secret of the database")

    console.app.router.routes[:0] = served(routes, make_desk(console.parts))
    page = console.staff("clerk").get("/broken")
    assert page.status_code == 500
    assert "secret" not in page.text
