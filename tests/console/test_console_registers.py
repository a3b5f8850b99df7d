"""The registers in the console: staff, teams, routing, histories; what an administrator may do, and may not."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from bot.clock import SHANGHAI
from bot.console.desk import signing_in_of
from bot.console.register_forms import stamp_of
from intake.cases import Role
from intake.staff import Staff
from intake.store.register_history import Changes
from tests.support.bureau import LAOSHAN
from tests.support.consoles import PASSWORD, Console, Person


@pytest.fixture
def boss(console: Console) -> Person:
    """The administrator, who has just entered the password."""
    return console.staff("boss")


def person_of(console: Console, account: str) -> Staff:
    return console.bureau.needs.register.person(account)


def details(console: Console, account: str, **changes: Any) -> dict[str, Any]:
    """The form of an account as it is drawn, some of it changed."""
    person = person_of(console, account)
    drawn = {"name": person.name, "phone": person.phone or "", "roles": sorted(person.roles)}
    return {**drawn, "areas": sorted(person.areas), "stamp": stamp_of(person), **changes}


def test_an_account_is_added_gets_a_one_time_password_and_signs_in(console: Console, boss: Person) -> None:
    fields = {"account": "wangli", "name": "王丽", "phone": "0532-85911234", "roles": ["clerk"], "areas": [LAOSHAN]}
    added = boss.post("/staff/new", fields)
    assert added.headers["location"] == "/console/staff/wangli?done=staff_added"
    assert person_of(console, "wangli").areas == {LAOSHAN}
    page = boss.post("/staff/wangli/password")
    once = re.search(r'class="once">([^<]+)<', page.text)
    assert once
    assert page.headers["cache-control"] == "no-store"
    assert once[1] not in boss.get("/staff/wangli").text
    assert console.visitor().sign_in("wangli", once[1]).status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("account", "Wang", "账号用小写字母开头"),
        ("account", "new", "账号用小写字母开头"),
        ("account", "system", "账号用小写字母开头"),
        ("account", "clerk", "已经有了"),
        ("account", "a/../b", "账号用小写字母开头"),
        ("name", "", "1 到 40 个字"),
        ("name", "长" * 41, "1 到 40 个字"),
        ("phone", "call me", "请填写电话号码"),
        ("roles", [], "至少选一项"),
    ],
)
def test_what_is_wrong_with_a_new_account_is_said_beside_it(
    console: Console, boss: Person, field: str, value: Any, said: str
) -> None:
    fields: dict[str, Any] = {"account": "wangli", "name": "王丽<b>", "phone": "", "roles": ["clerk"], "areas": []}
    before = len(console.bureau.needs.register.staff())
    refused = boss.post("/staff/new", {**fields, field: value})
    assert refused.status_code == 422
    assert said in refused.text
    assert "王丽&lt;b&gt;" in refused.text or field == "name"
    assert len(console.bureau.needs.register.staff()) == before


@pytest.mark.parametrize("role", ["system", "enterprise", "root"])
def test_roles_that_no_account_has_cannot_be_posted(console: Console, boss: Person, role: str) -> None:
    assert boss.post("/staff/clerk", details(console, "clerk", roles=[role])).status_code == 422
    assert person_of(console, "clerk").roles == {Role.CLERK}


def test_a_change_made_meanwhile_is_not_overwritten(console: Console, boss: Person) -> None:
    mine, theirs = details(console, "clerk", name="孙小岚"), details(console, "clerk", phone="12345")
    assert boss.post("/staff/clerk", theirs).status_code == 303
    refused = boss.post("/staff/clerk", mine)
    assert (refused.status_code, "别人改了同一条" in refused.text) == (409, True)
    assert person_of(console, "clerk").name == "孙岚"


def test_an_absence_has_both_its_days_in_it(console: Console, boss: Person) -> None:
    stamp = stamp_of(person_of(console, "clerk"))
    fields = {"away_from": "2026-03-02", "away_until": "2026-03-03", "deputy": "special", "stamp": stamp}
    assert boss.post("/staff/clerk/away", fields).status_code == 303
    person = person_of(console, "clerk")
    assert person.away(datetime(2026, 3, 3, 23, 59, tzinfo=SHANGHAI))
    assert not person.away(datetime(2026, 3, 4, 0, 0, tzinfo=SHANGHAI))
    page = boss.get("/staff/clerk").text
    assert 'value="2026-03-02"' in page
    assert 'value="2026-03-03"' in page
    back = {"away_from": "", "away_until": "", "deputy": "", "stamp": stamp_of(person)}
    assert boss.post("/staff/clerk/away", back).status_code == 303
    assert not person_of(console, "clerk").away(console.bureau.clock.now())


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"away_from": "2026-03-09", "away_until": "2026-03-02"}, 422),
        ({"away_from": "tomorrow"}, 422),
        ({"deputy": "clerk"}, 422),
        ({"deputy": "nobody"}, 422),
    ],
)
def test_an_absence_that_cannot_be_is_refused(
    console: Console, boss: Person, fields: dict[str, str], status: int
) -> None:
    filled = {"stamp": stamp_of(person_of(console, "clerk")), **fields}
    assert boss.post("/staff/clerk/away", filled).status_code == status
    assert person_of(console, "clerk").away_from is None


def test_places_in_teams_decide_what_is_seen(console: Console, boss: Person) -> None:
    register = console.bureau.needs.register
    assert boss.post("/staff/edit/team", {"team": LAOSHAN, "liaison": "1"}).status_code == 303
    assert {member.staff.id for member in register.members(LAOSHAN) if member.liaison} == {"edit"}
    assert boss.post(f"/teams/{LAOSHAN}/member", {"account": "edit", "lead": "1"}).status_code == 303
    assert {member.staff.id for member in register.members(LAOSHAN) if member.lead} == {"edit", "lead"}
    assert boss.post(f"/teams/{LAOSHAN}/member", {"account": "edit", "leave": "1"}).status_code == 303
    assert "edit" not in {member.staff.id for member in register.members(LAOSHAN)}
    assert boss.post("/staff/edit/team", {"team": "nowhere"}).status_code == 422
    assert boss.post(f"/teams/{LAOSHAN}/member", {"account": "nobody"}).status_code == 422


def test_the_last_administrator_stays_one(console: Console, boss: Person) -> None:
    refused = boss.post("/staff/boss", details(console, "boss", roles=["clerk"]))
    assert (refused.status_code, "最后一个能登录的管理员" in refused.text) == (422, True)
    assert boss.post("/staff/clerk", details(console, "clerk", roles=["clerk", "admin"])).status_code == 303
    assert boss.post("/staff/boss", details(console, "boss", roles=["clerk"])).status_code == 303
    assert boss.get("/staff").status_code == 403


def test_an_administrator_without_a_password_does_not_count_as_one(console: Console, boss: Person) -> None:
    fields = {"account": "second", "name": "二管", "roles": ["admin"]}
    assert boss.post("/staff/new", fields).status_code == 303
    assert boss.post("/staff/boss", details(console, "boss", roles=["clerk"])).status_code == 422


@pytest.mark.parametrize("action", ["disable", "retire", "password", "code"])
def test_nobody_bars_themselves(console: Console, boss: Person, action: str) -> None:
    assert boss.post("/staff/clerk", details(console, "clerk", roles=["clerk", "admin"])).status_code == 303
    assert boss.post(f"/staff/boss/{action}").status_code == 422
    assert boss.get("/me").status_code == 200


def test_an_account_that_was_ended_comes_back_without_its_password(console: Console, boss: Person) -> None:
    assert boss.post("/staff/clerk/retire").status_code == 303
    assert person_of(console, "clerk").active is False
    assert boss.post("/staff/clerk/password").status_code == 422
    assert boss.post("/staff/clerk/return").status_code == 303
    assert person_of(console, "clerk").active is True
    assert console.visitor().sign_in("clerk").status_code == 403
    assert console.bureau.needs.register.members(LAOSHAN)[-1].staff.id != "clerk"
    assert "孙岚" not in boss.get("/staff?q=崂山区科创服务团队").text


def test_who_changed_what_stands_in_the_history_in_words(console: Console, boss: Person) -> None:
    boss.post("/staff/clerk", details(console, "clerk", roles=["clerk", "auditor"], phone="0532-85911234"))
    boss.post("/staff/clerk/disable")
    page = console.staff("audit").get("/history?actor=boss").text
    for said in ("吴管", "受理员", "审计员", "…1234", "停用登录"):
        assert said in page
    assert "85911234" not in page
    assert "暂无" not in page


def test_a_role_that_sees_no_case_sees_none_here_either(console: Console, boss: Person) -> None:
    case = console.bureau.submit(None, "technology", title="高盐废水零排放处理技术求助")
    for path in ("/staff", "/staff/clerk", "/teams", f"/teams/{LAOSHAN}", "/history", "/sign-ins", "/routing", "/me"):
        page = boss.get(path).text
        assert case.reference not in page
        assert "高盐废水" not in page


def team_form(console: Console, **changes: Any) -> dict[str, Any]:
    team = console.bureau.needs.register.team(LAOSHAN)
    drawn = {"name": team.name, "phone": "", "area": team.area, "rank": "0", "stamp": stamp_of(team)}
    return {**drawn, **changes}


def test_a_team_is_changed_with_what_it_takes(console: Console, boss: Person) -> None:
    changed = team_form(console, kinds=["technology", "talent"], industries=["ocean"], phone="12345", rank="-2")
    known = {code for code, _ in [(o.code, o.label) for o in console.bureau.needs.reference.options("industries")]}
    changed["industries"] = [sorted(known)[0]]
    assert boss.post(f"/teams/{LAOSHAN}", changed).status_code == 303
    team = console.bureau.needs.register.team(LAOSHAN)
    assert (team.kinds, team.phone, team.rank) == ({"technology", "talent"}, "12345", -2)
    assert boss.post(f"/teams/{LAOSHAN}", team_form(console, rank="many")).status_code == 422
    assert boss.post(f"/teams/{LAOSHAN}", team_form(console, area="")).status_code == 422
    assert boss.post(f"/teams/{LAOSHAN}", team_form(console, area="shenzhen")).status_code == 422


@pytest.mark.parametrize(("area", "tier"), [("city", "city"), ("370281", "district"), ("sco_demo", "zone")])
def test_a_team_sits_where_its_area_is(console: Console, boss: Person, area: str, tier: str) -> None:
    fields = {"team": "new-team", "name": "新团队", "area": area, "rank": "0"}
    assert boss.post("/teams/new", fields).headers["location"] == "/console/teams/new-team?done=team_added"
    assert console.bureau.needs.register.team("new-team").tier == tier


def test_the_last_city_team_stays(console: Console, boss: Person) -> None:
    refused = boss.post("/teams/city/retire")
    assert (refused.status_code, "市级团队" in refused.text) == (422, True)
    assert boss.post(f"/teams/{LAOSHAN}/retire").status_code == 303
    assert console.bureau.needs.register.team(LAOSHAN).active is False
    assert boss.post(f"/teams/{LAOSHAN}/return").status_code == 303


@pytest.mark.parametrize(
    ("asked", "team", "why"),
    [
        ("kind=technology&district=370212", "崂山区科创服务团队", "企业所在区（市）的团队"),
        ("kind=technology&district=370212&zone=sco_demo", "上合示范区科创服务团队", "功能区有自己的团队"),
        ("kind=technology", "青岛市科创服务团队", "没有填区（市）"),
        ("kind=talent&district=370212", "崂山人才组", "专办这类需求"),
    ],
)
def test_the_routing_table_can_be_tried(console: Console, boss: Person, asked: str, team: str, why: str) -> None:
    boss.post("/teams/new", {"team": "t1", "name": "崂山人才组", "area": LAOSHAN, "rank": "0", "kinds": ["talent"]})
    said = re.search(r'class="said" role="status">(.*?)</p>', boss.get(f"/routing?{asked}").text, re.S)
    assert said
    assert team in said[1]
    assert why in said[1]


def test_what_nobody_asks_for_on_the_lists_is_ignored(console: Console, boss: Person) -> None:
    page = boss.get("/routing?kind=<script>&district='or 1=1").text
    assert "<script>" not in page
    for path in ("/history?page=abc", "/history?page=99999999999", "/sign-ins?group=x&page=0", "/staff?role=x"):
        assert boss.get(path).status_code == 200


def test_the_journal_of_sign_ins_is_shown_a_page_at_a_time(console: Console, boss: Person) -> None:
    signing_in = signing_in_of(console.parts)
    for _ in range(120):
        signing_in.log.note("clerk", "10.0.0.1", "wrong", console.bureau.clock.now())  # type: ignore[arg-type]
    first, last = boss.get("/sign-ins?account=clerk"), boss.get("/sign-ins?account=clerk&page=3")
    assert (first.text.count("10.0.0.1"), last.text.count("10.0.0.1")) == (50, 20)
    assert "第 1 / 3 页" in first.text
    assert "page=2" in first.text
    assert boss.get("/sign-ins?group=in").text.count("10.0.0.1") == 0


def test_only_administrators_find_forms_on_the_pages(console: Console) -> None:
    audit, clerk = console.staff("audit"), console.staff("clerk")
    for person, path in ((audit, "/staff/clerk"), (clerk, f"/teams/{LAOSHAN}"), (clerk, "/calendar")):
        page = person.get(path)
        assert page.status_code == 200
        assert re.findall(r'action="([^"]+)"', page.text) == ["/console/sign-out"]


def test_grave_changes_are_carried_out_once_the_password_is_given(console: Console, boss: Person) -> None:
    """What was filled in survives the question."""
    console.pass_minutes(6)
    asked = boss.post("/staff/clerk", details(console, "clerk", name="孙小岚", roles=["clerk", "lead"]))
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text)
    assert ("roles", "clerk") in fields
    assert ("roles", "lead") in fields
    values: dict[str, Any] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    assert person_of(console, "clerk").name == "孙岚"
    done = boss.post("/staff/clerk", {**values, "password_again": PASSWORD})
    assert done.status_code == 303
    assert (person_of(console, "clerk").name, person_of(console, "clerk").roles) == (
        "孙小岚",
        {Role.CLERK, Role.LEAD},
    )
    assert boss.post("/staff/clerk/disable").status_code == 303  # and is not asked for again at once


def test_changes_of_one_row_are_found_by_what_and_key(console: Console, boss: Person) -> None:
    boss.post("/staff/clerk", details(console, "clerk", phone="12345"))
    changes = Changes(console.bureau.engine)
    assert [change.fields for change in changes.of("staff", "clerk", limit=1)] == [[("phone", None, "…2345")]]
    assert "staff" in changes.kinds()
