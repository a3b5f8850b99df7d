"""The needs pages as a browser without JavaScript gets them: form, receipt, look-up, one's own needs, one's data."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.needs_grants import GRANT_SECONDS
from bot.channels.web_chat.needs_ports import NeedRefusal, PageNotice, SimilarNeed, TimelineEvent
from bot.web import create_app
from intake.cases import CaseState
from intake.models import Saying
from intake.values import Answered
from tests.bot.fakes_web import NOW, REFERENCES, Door, FakeAssistant, FakeLibrary, FakeSessions
from tests.bot.test_web_needs_files import PDF, office
from tests.bot.test_web_pages import text_of

MANY = Limits(
    session_per_minute=9_999,
    address_per_minute=9_999,
    saves_per_minute=9_999,
    address_saves_per_minute=9_999,
    lookups_per_minute=9_999,
)
TECHNOLOGY: dict[str, str | list[str]] = {
    "problem": "反渗透膜在高盐废水中运行三个月后通量衰减超过 40%，清洗后只能恢复到八成。",
    "tech_need_type": "core_tech",
    "key_indicators": "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%",
    "coop_modes": ["joint", "commissioned"],
    "budget_band": "100_300",
    "title": "高盐废水反渗透膜抗污染技术",
    "summary": "寻找能在高盐废水中长期稳定运行的反渗透膜材料和清洗方案",
    "deadline": "2027-06-30",
    "privacy_consent": "yes",
    "org_name": "青岛海蓝膜科技有限公司",
    "uscc": "91370200264574251E",
    "org_type": "enterprise",
    "district": "370212",
    "industry": "new_energy_materials",
    "contact_name": "张工",
    "contact_phone": "13800138000",
}
CARD = {"confidentiality": "on_match", "publish_consent": "no", "no_state_secret": "yes", "truth_commit": "yes"}


class Clock:
    """A monotonic clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock_of_door() -> Clock:
    return Clock()


@pytest.fixture
def door(clock_of_door: Clock) -> Door:
    return Door(limits=MANY, monotonic=clock_of_door)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return unescape(found[1]) if found else ""


def account_of(door: Door, client: TestClient | None = None) -> str:
    token = (client or door.client).cookies["kc_session"]
    return door.sessions.accounts[token]


def send(
    door: Door, kind: str = "technology", do: str = "save", client: TestClient | None = None, **changes: Any
) -> Any:
    """Open the form, fill it in, press a button. `page` may hold a page that was opened before."""
    client = client or door.client
    page = changes.pop("page", None) or client.get(f"/needs/form/{kind}").text
    fields: Mapping[str, str | Sequence[str]] = {**(TECHNOLOGY if kind == "technology" else {}), **changes}
    data = {**fields, "_rev": hidden(page, "_rev"), "_steps": hidden(page, "_steps"), "_do": do}
    return client.post(f"/needs/form/{kind}", data=data)


def submit(door: Door, client: TestClient | None = None, **changes: str) -> Any:
    client = client or door.client
    page = client.get("/needs/check/technology").text
    data = {name: hidden(page, name) for name in ("_draft", "_rev", "_steps")}
    return client.post("/needs/submit", data={**data, **CARD, **changes})


def submitted(door: Door) -> str:
    """The reference of a need that went all the way."""
    assert send(door, do="check").headers["location"] == "/needs/check/technology"
    return str(submit(door).headers["location"].removeprefix("/needs/receipt/"))


def test_without_needs_there_is_no_page_and_no_link_to_one() -> None:
    client = TestClient(create_app(FakeAssistant(), FakeLibrary(), FakeSessions()), base_url="http://localhost")
    assert client.get("/needs").status_code == 404
    assert client.get("/api/notices").status_code == 404
    assert client.post("/api/files").status_code in (404, 405)
    assert "/needs" not in client.get("/").text


def test_the_menu_has_every_kind_under_its_chain_and_the_brief_one_first(door: Door) -> None:
    page = door.client.get("/needs").text
    for kind in door.needs.formbook.forms:
        assert f'href="/needs/form/{kind}"' in page
    assert page.index("/needs/form/brief") < page.index("/needs/form/technology")
    for chain in ("技术链", "人才链", "资金链", "产业链"):
        assert chain in page


@pytest.mark.parametrize("kind", ["technology", "talent", "finance", "brief", "policy_help"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_form_is_drawn_before_anything_is_kept(door: Door, kind: str, lang: str) -> None:
    page = door.client.get(f"/needs/form/{kind}?lang={lang}").text
    for step in door.needs.formbook.form(kind).steps:
        if step.part != "card" and step.type != "file":
            assert f'id="f-{step.id}"' in page
    assert door.needs.kept == {}
    assert "kc_session" not in door.client.cookies


def test_every_field_has_a_label_and_points_to_its_help_and_its_error(door: Door) -> None:
    page = send(door, do="check", contact_phone="1380013").text
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    for named in re.findall(r'aria-describedby="([^"]+)"', page):
        assert set(named.split()) <= ids
    for target in re.findall(r'<label[^>]* for="([^"]+)"', page):
        assert target in ids
    assert 'aria-describedby="e-contact_phone h-contact_phone' in page


def test_what_is_readable_is_kept_and_the_page_shows_it_again(door: Door) -> None:
    assert send(door).headers["location"] == "/needs/form/technology?saved=1#saved"
    (draft,) = door.needs.kept.values()
    assert draft.answers["coop_modes"].value == ("commissioned", "joint")
    assert draft.answers["contact_phone"].text == "13800138000"
    page = door.client.get("/needs/form/technology").text
    assert 'value="高盐废水反渗透膜抗污染技术"' in page
    assert re.search(r'value="joint" checked', page)
    assert re.search(r'<option value="370212" selected', page)


def test_agreeing_is_recorded_before_anything_personal_is_kept(door: Door) -> None:
    send(door, privacy_consent="")
    (draft,) = door.needs.kept.values()
    assert "contact_phone" not in draft.answers
    assert not door.needs.consents
    send(door)
    assert door.needs.consents == {account_of(door): True}


def test_what_cannot_be_read_stands_there_as_typed_with_its_error(door: Door) -> None:
    response = send(door, contact_phone="1380013", key_indicators="越高越好")
    assert response.status_code == 422
    shown = text_of(response.text)
    assert "有2处需要处理" in shown
    assert "号码好像少了几位" in shown
    assert 'value="1380013"' in response.text
    assert ">越高越好</textarea>" in response.text
    assert '<a href="#i-contact_phone">' in response.text
    (draft,) = door.needs.kept.values()
    assert "title" in draft.answers


def test_checking_says_what_is_still_missing(door: Door) -> None:
    response = send(door, do="check", title="", budget_band="")
    assert response.status_code == 422
    assert "请填写「需求名称」" in text_of(response.text)
    assert door.client.get("/needs/check/technology").headers["location"] == "/needs/form/technology?check=1"
    assert "请填写「需求名称」" in text_of(door.client.get("/needs/form/technology?check=1").text)


def test_a_draft_changed_elsewhere_is_not_overwritten(door: Door) -> None:
    send(door)
    old = door.client.get("/needs/form/technology").text
    send(door, title="在对话里改过的需求名称")
    response = send(door, page=old, summary="这是在旧页面里改过的一句话说明，准备保存")
    assert response.status_code == 409
    assert "已保存的是：在对话里改过的需求名称" in text_of(response.text)
    assert "这是在旧页面里改过的一句话说明，准备保存" in response.text
    (draft,) = door.needs.kept.values()
    assert draft.answers["title"].value == "在对话里改过的需求名称"
    again = send(door, page=response.text, summary="这是在旧页面里改过的一句话说明，准备保存")
    assert again.status_code == 303
    (draft,) = door.needs.kept.values()
    assert draft.answers["title"].value == TECHNOLOGY["title"]


def test_the_same_page_sent_twice_is_no_conflict(door: Door) -> None:
    page = door.client.get("/needs/form/technology").text
    assert send(door, page=page).status_code == 303
    assert send(door, page=page).status_code == 303


def test_a_script_saves_by_itself_and_is_told_the_next_revision(door: Door) -> None:
    page = door.client.get("/needs/form/technology").text
    data = {**TECHNOLOGY, "_rev": "", "_steps": hidden(page, "_steps"), "contact_phone": "138"}
    first = door.client.post("/needs/form/technology", data=data, headers={"Accept": "application/json"}).json()
    assert first["saved"]
    assert first["text"] == "已自动保存 17:30"
    assert list(first["errors"]) == ["contact_phone"]
    data |= {"_rev": str(first["rev"]), "title": "换了一个名称的需求"}
    second = door.client.post("/needs/form/technology", data=data, headers={"Accept": "application/json"}).json()
    assert second["rev"] == first["rev"] + 1
    data |= {"title": "第三个名称的需求"}
    stale = door.client.post("/needs/form/technology", data=data, headers={"Accept": "application/json"})
    assert stale.status_code == 409
    assert stale.json()["conflict"]


def test_the_profile_is_filled_in_and_marked_to_be_checked(door: Door) -> None:
    send(door, kind="brief", content="想找专家看看污水处理的问题", privacy_consent="yes")
    account = account_of(door)
    door.needs.profiles[account] = {"org_name": Answered(value="青岛某某有限公司", text="青岛某某有限公司")}
    page = door.client.get("/needs/form/technology").text
    assert 'value="青岛某某有限公司"' in page
    assert "已按您之前说的或填的带入，请核对" in page
    assert "不用再次勾选" in page


def test_going_on_in_the_chat_saves_and_asks_there(door: Door) -> None:
    assert send(door, do="chat").headers["location"] == "/"
    assert door.assistant.messages[-1].text == "继续填写"
    assert len(door.needs.kept) == 1


def test_a_file_comes_along_with_everything_else(door: Door) -> None:
    page = door.client.get("/needs/form/technology").text
    data = {**TECHNOLOGY, "_rev": "", "_steps": hidden(page, "_steps"), "_do": "upload"}
    sent = door.client.post("/needs/form/technology", data=data, files={"file": ("方案.pdf", PDF, "text/html")})
    assert sent.headers["location"].endswith("#f-attachments")
    (draft,) = door.needs.kept.values()
    (file,) = door.needs.attached(draft.id)
    assert (file.name, file.media_type, file.step) == ("方案.pdf", "application/pdf", "attachments")
    assert draft.answers["title"].value == TECHNOLOGY["title"]
    page = door.client.get("/needs/form/technology").text
    assert "方案.pdf" in page
    send(door, do=f"detach:{file.digest}", page=page)
    assert door.needs.attached(draft.id) == []


def test_a_file_that_is_not_taken_is_told_beside_the_field_and_the_rest_is_kept(door: Door) -> None:
    page = door.client.get("/needs/form/technology").text
    data = {**TECHNOLOGY, "_rev": "", "_steps": hidden(page, "_steps"), "_do": "upload"}
    macro = office(parts={"word/vbaProject.bin": b"x"})
    response = door.client.post("/needs/form/technology", data=data, files={"file": ("a.docx", macro)})
    assert response.status_code == 422
    assert "文件里有宏" in response.text
    (draft,) = door.needs.kept.values()
    assert draft.answers["title"].value == TECHNOLOGY["title"]


LICENCE = b"\xff\xd8\xff\xe0"


def send_licence(door: Door, picture: bytes, **fields: str) -> httpx.Response:
    page = door.client.get("/needs/form/technology").text
    told = {**TECHNOLOGY, "org_name": "", "_rev": "", "_steps": hidden(page, "_steps"), "_do": "licence", **fields}
    return door.client.post("/needs/form/technology", data=told, files={"licence": ("照片.jpg", picture, "image/jpeg")})


def test_what_a_licence_says_stands_in_its_field_to_be_checked_and_the_picture_is_not_kept(door: Door) -> None:
    sent = send_licence(door, LICENCE + "青岛海弘反渗透科技有限公司".encode())
    assert sent.headers["location"].endswith("#f-org_name")
    (draft,) = door.needs.kept.values()
    assert "org_name" not in draft.answers
    assert "青岛海弘反渗透科技有限公司" in door.client.get("/needs/form/technology").text
    assert door.needs.attached(draft.id) == []
    assert door.needs.contents == {}


@pytest.mark.parametrize(
    ("picture", "fields", "said"),
    [
        (LICENCE, {}, "没有从照片上认出"),
        (b"", {}, "这个文件是空的"),
        (b"MZ\x90", {}, "这种文件不能接收"),
        (LICENCE + b"a", {"privacy_consent": ""}, "请先阅读并同意告知书"),
    ],
)
def test_a_licence_that_cannot_be_read_is_said_so_and_what_was_filled_in_stays(
    door: Door, picture: bytes, fields: dict[str, str], said: str
) -> None:
    sent = send_licence(door, picture, **fields)
    assert sent.status_code == 422
    assert said in sent.text
    (draft,) = door.needs.kept.values()
    assert draft.answers["problem"].value == TECHNOLOGY["problem"]


def test_the_summary_has_edit_links_and_masks_what_is_personal(door: Door) -> None:
    send(door, do="check")
    door.needs.likes = [SimilarNeed(REFERENCES[9], "膜污染", CaseState.IN_PROGRESS, NOW)]
    page = door.client.get("/needs/check/technology").text
    assert 'href="/needs/form/technology#f-title"' in page
    assert "138****8000" in page
    assert "13800138000" not in page
    assert "您可能已经提交过类似的需求" in page
    assert f"/needs/case/{REFERENCES[9]}" in page
    assert door.client.get("/needs/check").headers["location"] == "/needs/check/technology"


def test_submitting_wants_the_card_and_leads_to_the_receipt(door: Door) -> None:
    send(door, do="check")
    lacking = submit(door, no_state_secret="", confidentiality="")
    assert lacking.status_code == 422
    assert "请确认「承诺不含国家秘密」" in text_of(lacking.text)
    assert door.needs.cases_by_reference == {}
    done = submit(door)
    page = door.client.get(done.headers["location"]).text
    shown = text_of(page)
    assert REFERENCES[0] in shown
    assert "W7K3MP" in shown
    assert "崂山区科创服务团队" in shown
    assert "2026年11月23日（周一）17:30前" in shown
    assert "<svg viewBox=" in page
    assert f'href="/needs/track?ref={REFERENCES[0]}"' in page


def test_pressing_submit_twice_makes_one_case_and_one_receipt(door: Door) -> None:
    send(door, do="check")
    page = door.client.get("/needs/check/technology").text
    data = {**{name: hidden(page, name) for name in ("_draft", "_rev", "_steps")}, **CARD}

    async def press_twice() -> list[str]:
        transport = httpx.ASGITransport(door.app)
        cookies = dict(door.client.cookies)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as client:
            both = await asyncio.gather(*(client.post("/needs/submit", data=data) for _ in range(2)))
        return [response.headers["location"] for response in both]

    receipt = f"/needs/receipt/{REFERENCES[0]}"
    assert asyncio.run(press_twice()) == [receipt, receipt]
    assert len(door.needs.cases_by_reference) == 1
    assert door.client.post("/needs/submit", data=data).headers["location"] == receipt


def test_a_summary_that_is_out_of_date_is_shown_again_instead_of_submitted(door: Door) -> None:
    send(door, do="check")
    page = door.client.get("/needs/check/technology").text
    send(door, title="刚在别处改过的名称")
    data = {name: hidden(page, name) for name in ("_draft", "_rev", "_steps")}
    response = door.client.post("/needs/submit", data={**data, **CARD})
    assert response.status_code == 409
    assert "内容刚有变动" in response.text
    assert "刚在别处改过的名称" in response.text
    assert door.needs.cases_by_reference == {}


def test_a_receipt_and_a_case_are_their_owners_alone(door: Door) -> None:
    reference = submitted(door)
    other = door.visitor()
    assert other.get(f"/needs/receipt/{reference}").headers["location"] == f"/needs/track?ref={reference}"
    assert other.get(f"/needs/case/{reference}").headers["location"] == "/needs/mine"
    send(door, client=other)
    assert other.get(f"/needs/receipt/{reference}").status_code == 303
    assert other.post(f"/needs/case/{reference}", data={"_do": "withdraw"}).status_code == 404
    assert other.get(f"/needs/track/{reference}").headers["location"] == f"/needs/track?ref={reference}"
    assert other.post(f"/needs/track/{reference}", data={"text": "x"}).status_code == 404
    assert door.needs.done == []


def test_number_and_code_together_open_the_public_history(door: Door) -> None:
    reference = submitted(door)
    other = door.visitor()
    opened = other.post("/needs/track", data={"ref": reference.lower().replace("-", " "), "code": "w7k3mp"})
    assert opened.headers["location"] == f"/needs/track/{reference}"
    page = text_of(other.get(f"/needs/track/{reference}").text)
    assert "办理进度" in page
    assert "138****8000" not in page
    assert "张" not in page.replace("纸张", "")
    other.post(f"/needs/track/{reference}", data={"text": "补充一句"})
    assert door.needs.done == [(reference, "by_code", {"text": "补充一句"})]


def test_the_opening_ends_after_half_an_hour(door: Door, clock_of_door: Clock) -> None:
    reference = submitted(door)
    other = door.visitor()
    other.post("/needs/track", data={"ref": reference, "code": "W7K3MP"})
    assert other.get(f"/needs/track/{reference}").status_code == 200
    clock_of_door.seconds += GRANT_SECONDS + 1
    assert other.get(f"/needs/track/{reference}").status_code == 303


def test_a_wrong_code_and_a_wrong_number_get_the_same_answer(door: Door) -> None:
    reference = submitted(door)
    other = door.visitor()
    wrong_code = other.post("/needs/track", data={"ref": reference, "code": "AAAAAA"})
    wrong_number = other.post("/needs/track", data={"ref": REFERENCES[7], "code": "W7K3MP"})
    by_credit_code = other.post("/needs/track", data={"ref": "91370200264574251E", "code": "W7K3MP"})
    answers = [re.sub(r'name="ref"[^>]*value="[^"]*"', "", r.text) for r in (wrong_code, wrong_number, by_credit_code)]
    assert answers[0] == answers[1] == answers[2]
    assert {r.status_code for r in (wrong_code, wrong_number, by_credit_code)} == {422}
    assert door.needs.unlocked == 3


def test_five_wrong_codes_let_a_number_rest_however_it_is_written(door: Door, clock_of_door: Clock) -> None:
    reference = submitted(door)
    full_width = "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() else sign for sign in reference)
    for way in (reference, reference.lower(), reference.replace("-", ""), full_width, reference):
        assert door.visitor().post("/needs/track", data={"ref": way, "code": "AAAAAA"}).status_code == 422
    tried = door.needs.unlocked
    locked = door.visitor().post("/needs/track", data={"ref": reference, "code": "W7K3MP"})
    assert locked.status_code == 429
    assert "15分钟后再查" in text_of(locked.text)
    assert door.needs.unlocked == tried
    other = door.visitor().post("/needs/track", data={"ref": REFERENCES[7], "code": "AAAAAA"})
    assert other.status_code == 422
    clock_of_door.seconds += MANY.locked_seconds + 1
    assert door.visitor().post("/needs/track", data={"ref": reference, "code": "W7K3MP"}).status_code == 303


def test_wrong_codes_of_long_ago_do_not_count(door: Door, clock_of_door: Clock) -> None:
    reference = submitted(door)
    for _ in range(12):
        clock_of_door.seconds += MANY.locked_seconds / 4
        assert door.visitor().post("/needs/track", data={"ref": reference, "code": "AAAAAA"}).status_code == 422


def test_look_ups_of_one_address_are_counted() -> None:
    door = Door(limits=Limits(lookups_per_minute=2))
    answers = [door.visitor().post("/needs/track", data={"ref": "x", "code": "y"}).status_code for _ in range(3)]
    assert answers == [422, 422, 429]


def test_ones_own_list_has_drafts_and_cases_and_drops_a_draft(door: Door) -> None:
    reference = submitted(door)
    send(door, kind="finance", amount="两三百万")
    account = account_of(door)
    door.needs.begin(account, "case:KC26-22222-2")
    page = door.client.get("/needs/mine").text
    shown = text_of(page)
    assert reference in shown
    assert "资金需求" in shown
    assert "还差" in shown
    assert "case:" not in page
    draft = next(draft for draft in door.needs.drafts(account) if draft.kind == "finance")
    door.visitor().post("/needs/mine", data={"_draft": draft.id, "_do": "drop"})
    assert draft.id in door.needs.kept
    door.client.post("/needs/mine", data={"_draft": draft.id, "_do": "chat"})
    assert door.assistant.messages[-1].text == "继续填写"
    door.client.post("/needs/mine", data={"_draft": draft.id, "_do": "drop"})
    assert draft.id not in door.needs.kept


def asked_for_more(door: Door, reference: str) -> None:
    case = door.needs.cases_by_reference[reference]
    asked = TimelineEvent(NOW, "ask", CaseState.NEED_INFO, False, "请补充进水水质")
    case.page = replace(
        case.page,
        row=replace(case.page.row, state=CaseState.NEED_INFO),
        events=(*case.page.events, asked),
        actions=("reply", "note", "urge", "withdraw"),
        asked=("tried", "contact_phone"),
        asked_text="请补充进水水质",
        reply_due=NOW + timedelta(days=14),
    )


def test_what_staff_asked_is_answered_with_fields_words_and_a_file(door: Door) -> None:
    reference = submitted(door)
    asked_for_more(door, reference)
    page = door.client.get(f"/needs/case/{reference}").text
    assert "请补充进水水质" in page
    assert 'id="i-tried"' in page
    wrong = {"_do": "reply", "tried": "试过两种清洗剂", "contact_phone": "1380013", "text": ""}
    refused = door.client.post(f"/needs/case/{reference}", data=wrong)
    assert refused.status_code == 422
    assert "号码好像少了几位" in refused.text
    assert ">试过两种清洗剂</textarea>" in refused.text
    right = {**wrong, "contact_phone": "13900139000", "text": "另附报告"}
    done = door.client.post(f"/needs/case/{reference}", data=right, files={"file": ("报告.pdf", PDF)})
    assert done.headers["location"] == f"/needs/case/{reference}?done=reply#timeline"
    (_, action, values), *_ = door.needs.done
    assert action == "reply"
    assert values["text"] == "另附报告"
    assert set(values["answers"]) == {"tried", "contact_phone"}
    assert [file.name for file in values["files"]] == ["报告.pdf"]


def test_what_the_owner_may_do_goes_to_the_house_and_a_no_is_told(door: Door) -> None:
    reference = submitted(door)
    for action, fields in [("urge", {}), ("note", {"text": "补充"}), ("confirm", {"score": "5"}), ("withdraw", {})]:
        door.client.post(f"/needs/case/{reference}", data={"_do": action, **fields})
    assert [(action, values.get("score")) for _, action, values in door.needs.done] == [
        ("urge", None),
        ("note", None),
        ("confirm", 5),
        ("withdraw", None),
    ]
    door.needs.refusal = NeedRefusal(Saying("journey.cannot_skip", {"label": "催办"}))
    refused = door.client.post(f"/needs/case/{reference}", data={"_do": "urge"})
    assert refused.status_code == 422
    assert "「催办」需要填写后才能继续" in refused.text
    assert door.client.post(f"/needs/case/{reference}", data={"_do": "assign"}).status_code == 404


def test_a_file_of_a_case_is_saved_and_never_shown(door: Door) -> None:
    page = door.client.get("/needs/form/technology").text
    data = {**TECHNOLOGY, "_rev": "", "_steps": hidden(page, "_steps"), "_do": "upload"}
    door.client.post("/needs/form/technology", data=data, files={"file": ("方案 1.pdf", PDF)})
    reference = str(submit(door).headers["location"].removeprefix("/needs/receipt/"))
    (digest,) = door.needs.contents
    got = door.client.get(f"/needs/case/{reference}/files/{digest}")
    assert got.content == PDF
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''%E6%96%B9%E6%A1%88%201.pdf"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert door.visitor().get(f"/needs/case/{reference}/files/{digest}").status_code == 404
    assert door.client.get(f"/needs/case/{reference}/files/{'0' * 64}").status_code == 404
    door.needs.contents.clear()
    assert door.client.get(f"/needs/case/{reference}/files/{digest}").status_code == 404


def test_my_data_comes_as_a_file_and_goes_when_its_word_is_typed(door: Door) -> None:
    reference = submitted(door)
    door.client.post("/", data={"text": "您好"})
    export = door.client.post("/needs/privacy/export")
    assert export.headers["content-disposition"].startswith("attachment")
    kept = json.loads(export.text)
    assert kept["cases"] == ["高盐废水反渗透膜抗污染技术"]
    assert [turn["asked"] for turn in kept["conversation"]] == ["您好"]
    account = account_of(door)
    refused = door.client.post("/needs/privacy", data={"_do": "erase", "confirm": "删"})
    assert refused.status_code == 422
    assert "没有删除" in refused.text
    assert door.assistant.past(account, "main")
    assert door.client.post("/needs/privacy", data={"_do": "withdraw", "confirm": "撤回"}).status_code == 303
    assert door.needs.consents[account] is False
    door.client.post("/needs/privacy", data={"_do": "erase", "confirm": "删除"})
    assert door.assistant.past(account, "main") == []
    assert reference


def test_the_chat_takes_a_file_into_the_conversation(door: Door) -> None:
    response = door.client.post("/api/files?id=f1&html=true", files={"file": ("方案.pdf", PDF, "application/pdf")})
    told = response.json()
    assert told["file"]["media_type"] == "application/pdf"
    assert told["reply"]["status"] == "smalltalk"
    assert 'class="answer' in told["html"]
    message = door.assistant.messages[-1]
    assert message.file is not None
    assert (message.id, message.file.name, message.text) == ("f1", "方案.pdf", None)
    plain = door.client.post("/files", files={"file": ("方案.pdf", PDF)})
    assert plain.status_code == 303


def test_a_file_that_is_none_of_the_seven_is_refused_in_words(door: Door) -> None:
    refused = door.client.post("/api/files", files={"file": ("a.exe", b"MZ\0\0", "application/pdf")})
    assert refused.status_code == 415
    assert refused.json()["status"] == "error_file_type"
    assert "这种文件不能接收" in refused.json()["text"]
    assert door.client.post("/api/files", data={"a": "b"}, files={"x": ("", b"")}).status_code == 415
    assert door.assistant.messages == []


def test_a_file_beyond_the_limit_is_refused_and_nothing_is_kept() -> None:
    door = Door(limits=Limits(file_bytes=2_000, form_bytes=500))
    longer = door.client.post("/api/files", files={"file": ("a.txt", b"a" * 2_100)})
    assert (longer.status_code, longer.json()["status"]) == (413, "error_file_too_large")
    announced = door.client.post("/api/files", files={"file": ("a.txt", b"a" * 90_000)})
    assert announced.status_code == 413
    assert door.needs.contents == {}
    assert door.client.post("/api/files", files={"file": ("a.txt", b"a" * 1_900)}).status_code == 200


def test_a_large_body_waits_until_others_are_through() -> None:
    door = Door(limits=Limits(uploads_per_address=0, form_bytes=1_000))
    refused = door.client.post("/api/files", files={"file": ("a.txt", b"a" * 2_000)})
    assert (refused.status_code, refused.json()["status"]) == (503, "error_busy")
    assert door.client.post("/api/files", files={"file": ("a.txt", b"a" * 100)}).status_code == 200


def test_the_small_limit_still_holds_for_everything_else(door: Door) -> None:
    big = {"text": "x" * 70_000}
    for path in ("/needs/track", "/needs/mine", "/needs/submit", "/needs/form/technology", "/needs/privacy"):
        assert door.client.post(path, data=big).status_code == 413, path
    assert door.client.post("/needs/track", files={"file": ("a", b"x" * 70_000)}).status_code == 413


def test_forms_are_counted_apart_from_questions() -> None:
    door = Door(limits=Limits(saves_per_minute=3, session_per_minute=1))
    answers = [send(door).status_code for _ in range(4)]
    assert answers == [303, 303, 303, 429]
    assert door.client.post("/api/chat", json={"text": "您好"}).status_code == 200


def test_another_sites_page_can_neither_save_nor_submit_nor_upload(door: Door) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/needs/form/technology", "/needs/submit", "/needs/track", "/needs/privacy", "/api/files", "/files"):
        assert door.client.post(path, data={"a": "b"}, headers=foreign).status_code == 403


def test_news_are_on_the_page_until_they_were_shown(door: Door) -> None:
    door.client.post("/", data={"text": "您好"})
    account = account_of(door)
    door.notices.waiting[account] = [PageNotice(7, "您的需求已受理 <b>", NOW, REFERENCES[0])]
    page = door.client.get("/").text
    assert "您的需求已受理 &lt;b&gt;" in page
    assert f'href="/needs/case/{REFERENCES[0]}"' in page
    (notice,) = door.client.get("/api/notices?html=true").json()["notices"]
    assert (notice["id"], notice["reference"]) == (7, REFERENCES[0])
    assert "data-notice" in notice["html"]
    assert door.visitor().get("/api/notices").json() == {"notices": []}
    door.visitor().post("/api/notices/seen", json={"ids": [7]})
    assert door.client.get("/api/notices").json()["notices"]
    assert door.client.post("/api/notices/seen", json={"ids": [7, 8]}).status_code == 204
    assert door.client.get("/api/notices").json() == {"notices": []}


def test_a_page_without_javascript_marks_news_with_a_button(door: Door) -> None:
    door.client.post("/", data={"text": "您好"})
    account = account_of(door)
    door.notices.waiting[account] = [PageNotice(7, "已受理", NOW, "")]
    assert door.client.post("/notices/seen", data={"id": ["7", "x", "9" * 40]}).status_code == 303
    assert door.notices.waiting[account] == []


@pytest.mark.parametrize("ids", [[], [1] * 101, [0], [-1], [2**60], ["x"], None, [1.5]])
def test_ids_that_are_none_are_refused(door: Door, ids: Any) -> None:
    code = door.client.post("/api/notices/seen", json={"ids": ids}).status_code
    assert code == (204 if ids == [] else 422)


def test_a_form_in_the_chat_shows_where_it_stands_and_leads_to_its_page(door: Door) -> None:
    page = door.client.post("/", data={"text": "问电话"}).text
    assert '<progress class="bar" value="3" max="9"' in page
    assert "</progress>3/9</p>" in page
    assert 'data-input="phone"' in page
    assert page.count('href="/needs/form/technology"') == 2
    many = door.client.post("/", data={"text": "问多选"}).text
    assert '<button class="chip picked" type="submit" name="choice" value="n:draft1:4:o1">' in many


def test_the_first_screen_has_the_ways_in(door: Door) -> None:
    page = door.client.get("/").text
    for word in ("提交需求", "我的需求", "简要登记"):
        assert f'<button class="chip" type="submit" name="text" value="{word}">' in page
    assert 'href="/needs/track"' in page
