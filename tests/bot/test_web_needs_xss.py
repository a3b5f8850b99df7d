"""Markup in a need: in every field, a file's name, a case's history, a notice; shown as typed wherever it gets to."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from bot.channels.web_chat.needs_ports import PageNotice, SimilarNeed, TimelineEvent
from intake.cases import CaseState
from tests.bot.fakes_web import NOW, REFERENCES, Door
from tests.bot.test_web_needs import CARD, MANY, TECHNOLOGY, account_of, hidden, send
from tests.bot.test_web_xss import PAYLOADS, Reading, squeezed

TEXTS = (
    "problem",
    "key_indicators",
    "title",
    "summary",
    "org_name",
    "contact_name",
    "tried",
    "requirements",
    "keywords",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_cannot_be_read_comes_back_as_text_in_every_field(payload: str) -> None:
    door = Door(limits=MANY)
    steps = door.needs.formbook.form("technology").steps
    fields = {step.id: payload for step in steps if step.part in ("need", "profile", "contact") and step.type != "file"}
    page = send(door, do="check", privacy_consent="yes", **fields)
    assert page.status_code == 422
    reading = Reading(page.text)
    assert reading.acting == []
    for place in ("/needs/form/technology", "/needs/form/technology?check=1", "/needs/mine"):
        assert Reading(door.client.get(place).text).acting == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_need_made_of_markup_is_shown_as_text_from_form_to_receipt(payload: str) -> None:
    door = Door(limits=MANY)
    words = dict.fromkeys(("problem", "key_indicators", "tried"), f"{payload} 25 LMH 高盐废水反渗透膜"[:500])
    words |= {"title": f"膜污染 {payload}"[:40], "summary": f"一句话说明这件事 {payload}"[:120]}
    words |= {"org_name": f"{payload}公司"[-60:], "contact_name": payload[:20] if len(payload) > 1 else "张工"}
    page = door.client.get("/needs/form/technology").text
    data = {
        **TECHNOLOGY,
        **words,
        "industry": _industry(door),
        "_rev": "",
        "_steps": hidden(page, "_steps"),
        "_do": "check",
    }
    name = payload.replace("\n", " ").replace('"', "'") + ".txt"
    sent = door.client.post("/needs/form/technology", data=data, files={"file": (name, "说明".encode())})
    assert Reading(sent.text).acting == []
    assert sent.status_code == 303
    account = account_of(door)
    door.needs.likes = [SimilarNeed(REFERENCES[9], payload, CaseState.ROUTED, NOW)]
    check = door.client.get("/needs/check/technology")
    assert Reading(check.text).acting == []
    assert folded(words["title"]) in folded(Reading(check.text).all_text)
    card = {**{key: hidden(check.text, key) for key in ("_draft", "_rev", "_steps")}, **CARD}
    reference = door.client.post("/needs/submit", data=card).headers["location"].rpartition("/")[2]
    _history_of_markup(door, reference, payload)
    door.notices.waiting[account] = [PageNotice(1, payload, NOW, reference)]
    visitor = door.visitor()
    visitor.post("/needs/track", data={"ref": reference, "code": "W7K3MP"})
    pages = [door.client.get(path).text for path in (f"/needs/receipt/{reference}", f"/needs/case/{reference}")]
    pages += [door.client.get("/needs/mine").text, door.client.get("/").text]
    pages.append(visitor.get(f"/needs/track/{reference}").text)
    for shown in pages:
        assert Reading(shown).acting == []
        assert folded(payload[:20]) in folded(Reading(shown).all_text)


def folded(text: str) -> str:
    """Without white space, and as a reader keeps it: full-width signs as narrow ones, escaped all the same."""
    return squeezed(unicodedata.normalize("NFKC", text))


def _industry(door: Door) -> str:
    return door.needs.reference.options("industries")[1].code


def _history_of_markup(door: Door, reference: str, payload: str) -> None:
    case = door.needs.cases_by_reference[reference]
    asked = TimelineEvent(NOW, "ask", CaseState.NEED_INFO, False, payload)
    case.page = replace(
        case.page,
        row=replace(case.page.row, state=CaseState.NEED_INFO),
        events=(*case.page.events, asked),
        actions=("reply", "note", "urge", "withdraw"),
        asked=("tried",),
        asked_text=payload,
        team=payload,
    )
    case.receipt = replace(case.receipt, team=payload, team_phone=payload)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_addresses_of_the_needs_pages_made_of_markup_are_shown_as_text(payload: str) -> None:
    door = Door(limits=MANY)
    named = payload.replace("\n", "").replace("/", "")
    for path in ("track", "mine", "privacy", "form/technology"):
        params = dict.fromkeys(("ref", "done", "saved", "check", "lang"), payload)
        assert Reading(door.client.get(f"/needs/{path}", params=params).text).acting == []
    for path in ("form", "check", "receipt", "case", "track"):
        response = door.client.get(f"/needs/{path}/{named}")
        assert response.status_code in (200, 303, 404)
        assert Reading(response.text).acting == []
        where = response.headers.get("location", "/")
        assert where[0] == "/" != where[1:2]
        assert set(where) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/?=-_%")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_look_up_made_of_markup_is_shown_as_text(payload: str) -> None:
    door = Door(limits=MANY)
    response = door.client.post("/needs/track", data={"ref": payload, "code": payload})
    assert Reading(response.text).acting == []
