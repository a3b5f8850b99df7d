"""A case's page: what is shown to whom, moves and refusals, contact, files, docking, replies, taking down a need."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.console.case_moves import FIELDS
from intake.cases import Case, CaseState
from intake.review import MOVES, allowed
from intake.store.drafts import Attachment
from tests.support.bureau import Bureau
from tests.support.consoles import Console, Person
from tests.support.needs import USCC

PHONE = "13800138000"
RESTRICTED = {"confidentiality": "restricted"}


def page_of(person: Person, case: Case, query: str = "") -> str:
    page = person.get(f"/cases/{case.reference}{query}")
    assert page.status_code == 200, page.text[:300]
    return page.text


def act(person: Person, case: Case, action: str, **values: Any) -> Any:
    return person.post(f"/cases/{case.reference}/act/{action}", {"rev": str(case.rev), **values})


def stored(bureau: Bureau, case: Case) -> Case:
    now = bureau.needs.cases.get(case.reference)
    assert now is not None
    return now


def actions(bureau: Bureau, case: Case) -> list[str]:
    return [event.action for event in bureau.needs.cases.events(case.id)]


def test_only_moves_that_are_possible_are_offered_and_one_comes_first(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    clerk = console.staff("clerk")
    page = page_of(clerk, case)
    assert page.count('class="button strong wide"') == 1
    assert f'action="/console/cases/{case.reference}/act/accept"' in page
    offered = set(re.findall(r"\?do=([a-z_]+)#do", page)) | {"accept"}
    may = {move.action for move in allowed(bureau.staff("clerk"), stored(bureau, case), bureau.clock.now())}
    assert offered - {"by_phone", "claim"} == (may & FIELDS.keys()) - ({"called"} & may)
    audit = page_of(console.staff("audit"), case)
    assert "/act/" not in audit


def test_every_move_of_staff_has_a_form(console: Console) -> None:
    elsewhere = {"submit", "dock", "confirm", "dissatisfied", "withdraw", "reply"}
    by_time = {"remind", "timeout", "expire", "follow"}
    assert {move.action for move in MOVES} - elsewhere - by_time <= FIELDS.keys()


def test_answers_stand_in_the_order_of_the_form_with_what_changed(console: Console, bureau: Bureau) -> None:
    case = bureau.act("clerk", bureau.submit(), "ask", steps=["key_indicators"])
    clerk = console.staff("clerk")
    assert "已请企业补充" in page_of(clerk, case)
    from tests.support.needs import given

    bureau.act(bureau.owner(case), case, "reply", answers={"key_indicators": given("脱盐率 ≥ 99.8%")})
    page = page_of(clerk, case)
    answers = page[page.index('id="answers"') : page.index('id="files"')]
    labels = re.findall(r'<dt lang="zh-CN">([^<]+)</dt>', answers)
    steps = bureau.needs.formbook.form("technology").steps
    order = [step.label for step in steps]
    assert labels == sorted(labels, key=order.index)
    assert re.search(r"脱盐率 ≥ 99.8% <span class=\"changed\">03-02 10:00 企业 改</span>", answers)


def test_what_is_internal_stands_apart_from_what_the_enterprise_sees(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    bureau.act("clerk", case, "note", text="此企业去年申报过同类项目")
    page = page_of(console.staff("clerk"), case)
    public = page[page.index('id="public"') : page.index('id="internal"')]
    assert "去年申报过" not in public
    assert "去年申报过" in page[page.index('id="internal"') :]


@pytest.mark.parametrize(("account", "status"), [("far", 404), ("boss", 403), ("edit", 403), ("audit", 200)])
def test_a_case_is_not_there_for_whom_it_is_not(console: Console, bureau: Bureau, account: str, status: int) -> None:
    case = bureau.submit()
    person = console.staff(account)
    for path in ("", "/print", f"/files/{'0' * 64}"):
        got = person.get(f"/cases/{case.reference}{path}").status_code
        assert got == (404 if status == 200 and path.startswith("/files") else status), path
    denied = 403 if account != "far" else 404
    assert act(person, case, "accept").status_code == denied
    assert act(person, case, "note", text="x").status_code == denied
    assert stored(bureau, case).state is CaseState.SUBMITTED


def test_a_refused_move_keeps_what_was_typed_and_says_why(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    clerk = console.staff("clerk")
    refused = act(clerk, case, "reject", reason="out_of_scope", text="太短", alternative="请拨打 12345")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert "太短" in refused.text
    assert "请拨打 12345" in refused.text
    assert stored(bureau, case).state is CaseState.SUBMITTED
    assert act(clerk, case, "extend", until="某天", text="x").status_code == 422
    assert act(clerk, case, "merge", into="KC26-AAAAA-A").status_code == 422


def test_whoever_comes_second_is_told_who_was_first(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    bureau.act("lead", case, "accept")
    late = act(console.staff("clerk"), case, "accept")
    assert late.status_code == 409
    assert "周静" in late.text


def test_a_telephone_is_masked_until_it_is_theirs_and_showing_it_needs_a_reason_on_record(
    console: Console, bureau: Bureau
) -> None:
    case = bureau.submit()
    clerk = console.staff("clerk")
    assert PHONE not in page_of(clerk, case)
    assert clerk.post(f"/cases/{case.reference}/contact", {"reason": "核实指标"}).status_code == 403
    bureau.act("clerk", case, "accept")
    assert PHONE not in page_of(clerk, case)
    assert clerk.post(f"/cases/{case.reference}/contact", {"reason": ""}).status_code == 422
    assert "unmask" not in actions(bureau, case)
    shown = clerk.post(f"/cases/{case.reference}/contact", {"reason": "核实指标"})
    assert PHONE in shown.text
    event = bureau.needs.cases.events(case.id)[-1]
    assert (event.action, event.actor, event.text, event.public) == ("unmask", "clerk", "核实指标", False)
    assert PHONE not in page_of(clerk, case)


def test_reading_a_restricted_case_goes_on_record_and_its_content_is_for_its_handlers(
    console: Console, bureau: Bureau
) -> None:
    case = bureau.submit(title="绝缘材料的专有配方优化", **RESTRICTED)
    city = page_of(console.staff("city"), case)
    assert "专有配方" not in city
    assert "青岛某某新材料" not in city
    assert "read" not in actions(bureau, case)
    assert "专有配方" in page_of(console.staff("lead"), case)
    assert bureau.needs.cases.events(case.id)[-1].action == "read"


def test_files_are_saved_and_never_shown_in_a_page(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    kept = bureau.needs.files.put([b"<script>alert(1)</script>"])
    name = '说明"><img src=x>.txt'
    file = Attachment(kept.digest, name, "text/html", kept.size)
    bureau.act(bureau.owner(case), case, "note", text="附件", files=[file])
    clerk = console.staff("clerk")
    assert "&lt;img src=x&gt;" in page_of(clerk, case)
    got = clerk.get(f"/cases/{case.reference}/files/{kept.digest}")
    assert got.content == b"<script>alert(1)</script>"
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    other = bureau.submit()
    assert clerk.get(f"/cases/{other.reference}/files/{kept.digest}").status_code == 404


def test_docking_is_worked_on_the_page(console: Console, bureau: Bureau) -> None:
    case = bureau.act("lead", bureau.act("clerk", bureau.submit(), "accept"), "start")
    lead, party = console.staff("lead"), bureau.needs.docking.parties.all()[0]
    there = f"/cases/{case.reference}/docking"
    assert lead.post(f"{there}/add", {"party": party.name}).status_code == 303
    (tried,) = bureau.needs.docking.candidates(stored(bureau, case))
    logged = {"candidate": str(tried.id), "how": "phone", "result": "对方愿意看材料"}
    assert lead.post(f"{there}/log", logged).status_code == 303
    status = {"candidate": str(tried.id), "status": "signed", "amount": "120", "tell_owner": "1"}
    assert lead.post(f"{there}/status", status).status_code == 303
    page = page_of(lead, case)
    assert "对方愿意看材料" in page
    assert "120.0 万元" in page
    assert stored(bureau, case).state is CaseState.DOCKING
    assert lead.post(f"{there}/add", {"party": "没有这家"}).status_code == 422
    other = bureau.submit()
    elsewhere = f"/cases/{other.reference}/docking/log"
    assert lead.post(elsewhere, logged).status_code == 404


def test_merged_and_split_cases_name_each_other(console: Console, bureau: Bureau) -> None:
    case, into = bureau.submit(), bureau.submit()
    clerk = console.staff("clerk")
    assert act(clerk, case, "merge", into=into.reference.lower(), text="同一件事").status_code == 303
    assert into.reference in page_of(clerk, case)
    assert case.reference in page_of(clerk, into)
    parts = {"title0": "高盐废水的在线清洗方案", "summary0": "需要一套可以在线清洗膜的方案"}
    assert act(clerk, stored(bureau, into), "split", **parts).status_code == 303
    part = next(c for c in bureau.needs.cases.find() if c.split_from == into.id)
    assert part.reference in page_of(clerk, into)
    assert into.reference in page_of(clerk, part)


def test_what_the_enterprise_asks_for_by_telephone_is_done_in_its_name(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    clerk = console.staff("clerk")
    done = act(clerk, case, "by_phone", said="withdraw", text="对方说已经解决")
    assert done.status_code == 303
    assert stored(bureau, case).state is CaseState.WITHDRAWN
    last = bureau.needs.cases.events(case.id)[-2:]
    assert [(event.action, event.actor_kind) for event in last] == [("told_offline", "staff"), ("withdraw", "person")]


def test_staff_write_to_the_enterprise_take_over_and_hand_back(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    clerk = console.staff("clerk")
    assert act(clerk, case, "message", text="请留意电话", take_over="1").status_code == 303
    assert stored(bureau, case).handler == "human"
    assert bureau.needs.inbox is not None
    told = bureau.needs.inbox.unread(case.account)
    assert "请留意电话" in told[-1].text
    assert "/act/take_over" not in page_of(clerk, case, "?do=take_over")
    assert act(clerk, stored(bureau, case), "hand_back").status_code == 303
    assert stored(bureau, case).handler == "bot"


def test_ready_made_replies_are_written_by_leads_and_inserted_by_all(console: Console, bureau: Bureau) -> None:
    clerk, lead = console.staff("clerk"), console.staff("lead")
    given = {"name": "请补指标", "kind": "technology", "body": "请补充可以检测的指标。"}
    assert clerk.post("/templates", given).status_code == 403
    assert lead.post("/templates", {**given, "body": ""}).status_code == 422
    assert lead.post("/templates", given).status_code == 303
    case, other = bureau.submit(), bureau.submit(None, "talent")
    page = page_of(clerk, case, "?do=ask")
    link = re.search(r"template=(\d+)", page)
    assert link
    assert "请补充可以检测的指标。</textarea>" in page_of(clerk, case, f"?do=ask&template={link[1]}")
    assert "请补指标" not in page_of(clerk, other, "?do=ask")
    assert lead.post("/templates/drop", {"id": link[1]}).status_code == 303
    assert "请补指标" not in clerk.get("/templates").text


def entry_of(person: Person, kind: str) -> str:
    found = re.search(r'name="entry" value="([0-9a-f]{32})"', person.get(f"/new/{kind}").text)
    assert found
    return found[1]


def brief(console: Console, **changes: str) -> dict[str, str]:
    """The short form as somebody at the telephone fills it in."""
    form = console.bureau.needs.formbook.form("brief")
    given = {"contact_phone": PHONE, "contact_name": "张晓明", "uscc": USCC, "district": "370212"}
    filled = {}
    for step in form.steps:
        if step.required == "O" or step.type == "file":
            continue
        codes = [option.code for option in step.options]
        words = "想了解首台套保险补贴怎么申请，请回电话"
        filled[step.id] = given.get(step.id) or ("yes" if step.must_be_yes else codes[0] if codes else words)
    return {**filled, **changes}


def test_a_need_taken_down_by_telephone_is_a_case_of_somebody_new_once(console: Console, bureau: Bureau) -> None:
    clerk = console.staff("clerk")
    filled = {**brief(console), "entry": entry_of(clerk, "brief"), "via": "phone"}
    incomplete = clerk.post("/new/brief", {**filled, "contact_phone": ""})
    assert incomplete.status_code == 422
    assert bureau.needs.cases.find() == []
    first, again = clerk.post("/new/brief", filled), clerk.post("/new/brief", filled)
    (case,) = bureau.needs.cases.find()
    assert first.status_code == again.status_code == 200, first.text
    assert case.reference in first.text
    assert case.reference in again.text
    assert case.channel == "phone"
    assert bureau.needs.people.consented(case.person)
    window = {**filled, "entry": entry_of(clerk, "brief"), "via": "window"}
    clerk.post("/new/brief", window)
    assert len({each.person for each in bureau.needs.cases.find()}) == 2


def test_without_consent_nothing_is_taken_down(console: Console, bureau: Bureau) -> None:
    clerk = console.staff("clerk")
    filled = {**brief(console), "entry": entry_of(clerk, "brief"), "via": "phone"}
    del filled["privacy_consent"]
    assert clerk.post("/new/brief", filled).status_code == 422
    assert bureau.needs.cases.find() == []
