"""Whatever is sent to a route of the console, it answers: no value of a path, a query or a form is a fault of ours."""

from __future__ import annotations

import re
from itertools import cycle

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.console.routes import PARTS
from bot.console.rules import PREFIX, Rule
from intake.cases import Case
from tests.support.bureau import LAOSHAN
from tests.support.consoles import EVERYBODY, Console, Person
from tests.support.forms import forms_of

RULES = [rule for part in PARTS for rule, _handler in part.declared if not rule.public]
ENDING = ("/sign-out", "/sessions/end", "/me/password", "/disable", "/retire")
"""What ends a session is fuzzed where the session is not needed any more: not here."""
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
QUERIES = (
    "view", "kind", "state", "area", "team", "q", "sort", "ended", "page", "do", "template", "done", "lang", "what",
    "actor", "account", "group", "role", "retired", "district", "zone", "industry", "from", "until", "period", "days",
    "f.problem", "f.deadline.least", "f.budget_amount.most", "f.keywords",
)  # fmt: skip
ODD = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "²", "٣", "9" * 30, "1e9", "NaN", "2026-13-45", "9999-12-31", "0001-01-01", "24:00", "\x00",
         "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"), "%", "%%", "' OR 1=1 --", "{{7*7}}",
         "kind.technology", "kind.", "all", LAOSHAN, "clerk", "technology", "a" * 500, "字" * 300, "..", "//x", "yes"]
    ),
    st.text(max_size=20),
)  # fmt: skip


@pytest.fixture
def case(console: Console) -> Case:
    bureau = console.bureau
    return bureau.act("lead", bureau.act("clerk", bureau.submit(), "accept"), "start")


@pytest.fixture
def people(console: Console) -> dict[str, Person]:
    found = {account: console.staff(account) for account in EVERYBODY}
    for person in found.values():
        person.confirm()
    return found


@pytest.fixture
def there(case: Case) -> dict[str, str]:
    return {"reference": case.reference, "account": "special", "team": LAOSHAN, "kind": "brief", "do": "add"}


@pytest.fixture
def fields(people: dict[str, Person], there: dict[str, str]) -> dict[str, set[str]]:
    """What the forms of all pages send, by where they send it; nothing stands in them."""
    found: dict[str, set[str]] = {}
    for rule in RULES:
        page = people[may(rule)].get(address(rule, there)) if rule.method == "GET" else None
        for form in forms_of(page.text) if page and "html" in page.headers.get("content-type", "") else ():
            action = re.sub(r"[?#].*", "", form.action) or rule.path
            found.setdefault(action, set()).update(form.values, form.texts, (name for name, _ in form.buttons))
    return found


def address(rule: Rule, there: dict[str, str]) -> str:
    return PARAMETER.sub(lambda name: there.get(name[1], "1"), rule.path).removeprefix(PREFIX)


def may(rule: Rule) -> str:
    """An account that the rule admits."""
    return next(account for account, person in EVERYBODY.items() if not person.roles.isdisjoint(rule.roles))


def sent_to(rule: Rule, fields: dict[str, set[str]]) -> set[str]:
    pattern = PARAMETER.sub("[^/]+", rule.path)
    names = {name for action, known in fields.items() if re.fullmatch(pattern, action) for name in known}
    return (names | {"id", "rev", "text", "stamp"}) - {"csrf"}


def asked(person: Person, token: str, rule: Rule, path: str, given_: dict[str, str]) -> int:
    if rule.writes:
        return person.post(path, {"csrf": token, **given_}).status_code
    return person.get(path, params=given_).status_code


@settings(
    max_examples=3, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(drawn=st.lists(ODD, min_size=30, max_size=60))
def test_no_route_fails_whatever_it_is_sent(
    people: dict[str, Person], there: dict[str, str], fields: dict[str, set[str]], drawn: list[str]
) -> None:
    values = cycle(drawn)
    tokens = {account: person.token() for account, person in people.items()}
    failed = []
    for rule in RULES:
        if rule.path.endswith(ENDING):
            continue
        names = sent_to(rule, fields) if rule.writes else QUERIES
        filled = dict(zip(sorted(names), values, strict=False))
        status = asked(people[may(rule)], tokens[may(rule)], rule, address(rule, there), filled)
        if status >= 500:
            failed.append((rule.method, rule.path, filled))
    assert failed == []


def test_a_sign_that_only_looks_like_a_number_is_refused_like_any_word(people: dict[str, Person], case: Case) -> None:
    """`"²".isdigit()` holds, and `int("²")` fails."""
    lead, there = people["lead"], f"/cases/{case.reference}"
    assert lead.get(f"{there}?template=²").status_code == 200
    assert lead.post(f"{there}/act/note", {"text": "一句话", "rev": "²"}).status_code in (303, 422)
    assert lead.post(f"{there}/act/called", {"task": "²", "result": "通了"}).status_code == 422
    assert lead.post(f"{there}/docking/log", {"candidate": "²", "how": "phone", "result": "x"}).status_code == 404
    assert lead.post("/templates/drop", {"id": "²"}).status_code == 404
