"""What of a need may be told to a model, by the forms' own marks; and outlines that go with what they stand on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from bot.phrases import Phrases
from intake.cases import SYSTEM, Case, Event
from intake.formbook import Formbook, load_formbook
from intake.models import Saying
from intake.outlines import (
    OWN,
    Line,
    Outline,
    Proof,
    digest_of,
    may_be_outlined,
    may_be_told,
    told_of_case,
    told_of_party,
)
from intake.parties import Party, PartyType
from intake.reference import load_reference
from intake.store.outlines import Outlines, about_case, about_party, keep_outlines
from intake.store.parties import Parties
from tests.support.needs import NOW, PHONE, TEXTS, USCC, Desk, given

PERSONAL = {"contact_name", "contact_phone", "contact_title", "contact_email", "contact_pref", "contact_pref_other"}


@pytest.fixture(scope="module")
def book() -> Formbook:
    return load_formbook(load_reference())


def tell(saying: Saying) -> str:
    return Phrases("zh", "intake").say(saying.key, **saying.values)


def test_only_what_is_about_the_need_and_nobody_may_be_told(book: Formbook) -> None:
    assert len(book.forms) == 14  # the thirteen and 简要登记
    for form in book.forms.values():
        told = {step.id for step in form.steps if may_be_told(step)}
        assert told
        parts = {step.part for step in form.steps if step.id in told}
        assert parts == {"need"}
        assert not told & (PERSONAL | {"org_name", "uscc", "address", "website", "on_behalf_name", "attachments"})
        assert not told & {step.id for step in form.steps if step.personal}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, book: Formbook) -> Desk:
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return Desk(engine, book)


def told(desk: Desk, case: Case) -> dict[str, str]:
    private = desk.store.private(case.id)
    fields = told_of_case(case, desk.book.form(case.kind), private.personal if private else {}, tell)
    return {field.step: field.text for field in fields}


def test_what_names_the_person_or_the_organisation_is_left_out_wherever_it_stands(desk: Desk) -> None:
    words = (
        f"{TEXTS['org_name']}的{TEXTS['contact_name']}，电话13800138000，信用代码{USCC}，膜三个月后通量衰减超过四成。"
    )
    fields = told(
        desk, desk.submit("p1", problem=words, tried=f"已问过{TEXTS['contact_email']}，没有回音，还在试。").case
    )
    said = " ".join(fields.values())
    assert "通量衰减超过四成" in said
    for secret in (TEXTS["org_name"], TEXTS["contact_name"], "13800138000", USCC, TEXTS["contact_email"], PHONE.e164):
        assert secret not in said
    assert not fields.keys() & PERSONAL


def test_of_a_restricted_or_an_erased_need_nothing_may_be_told(desk: Desk) -> None:
    case = desk.submit("p1", confidentiality="restricted").case
    assert not may_be_outlined(case)
    assert told(desk, case) == {}
    assert told(desk, replace(case, confidentiality="public", erased=True)) == {}


def test_an_experts_name_and_everybodys_contact_stay_here() -> None:
    party = Party(
        "某研究院",
        PartyType.INSTITUTE,
        "膜材料",
        ("new_material",),
        contact_name="李四",
        contact_phone="+8613911112222",
    )
    known = {field.step: field.text for field in told_of_party(party, {"new_material": "新材料"})}
    assert known == {"name": "某研究院", "type": "科研院所", "fields": "膜材料", "industries": "新材料"}
    expert = replace(party, type=PartyType.EXPERT, name="李四")
    assert "李四" not in str(told_of_party(expert, {}))


def an_outline(about: str, digest: str = "d") -> Outline:
    return Outline(about, (Line("找膜材料。", (Proof(OWN, "主要问题", "找膜材料"),)),), digest, "m", "li", NOW)


def keep(desk: Desk, case: Case, *outlines: Outline) -> None:
    with desk.store.writing() as transaction:
        keep_outlines(transaction.connection, case.id, outlines)


def abouts(desk: Desk, case: Case) -> list[str]:
    return [outline.about for outline in Outlines(desk.engine).of(case.id)]


def test_an_outline_comes_back_as_it_was_and_a_second_one_replaces_it(desk: Desk) -> None:
    case = desk.submit("p1").case
    keep(desk, case, an_outline(OWN), an_outline("party:p"))
    assert Outlines(desk.engine).of(case.id) == [an_outline(OWN), an_outline("party:p")]
    keep(desk, case, an_outline(OWN, "other"))
    assert [outline.digest for outline in Outlines(desk.engine).of(case.id)] == ["other", "d"]
    assert Outlines(desk.engine).of_cases([case.id, "none"]).keys() == {case.id}


def change(desk: Desk, case: Case, **changes: object) -> None:
    with desk.store.writing() as transaction:
        stored = transaction.by_id(case.id)
        assert stored is not None
        transaction.change(replace(stored, **changes), Event("correct", SYSTEM, NOW, ("none",)))  # type: ignore[arg-type]  # fields by name


def test_where_the_need_changes_what_was_said_of_it_is_dropped_there_and_beside_others(desk: Desk) -> None:
    case, other = desk.submit("p1").case, desk.submit("p2").case
    changes: list[dict[str, object]] = [
        {"title": "另一个名称"},
        {"summary": "另一句话"},
        {"answers": {"problem": given("换了一个问题，原来的已经解决。")}},
        {"confidentiality": "restricted"},
    ]
    for changed in changes:
        keep(desk, case, an_outline(OWN))
        keep(desk, other, an_outline(OWN), an_outline(about_case(case.id)))
        change(desk, case, priority="urgent")
        assert (abouts(desk, case), abouts(desk, other)) == ([OWN], [OWN, about_case(case.id)])
        change(desk, case, **changed)
        assert (abouts(desk, case), abouts(desk, other)) == ([], [OWN]), changed


def test_it_is_erased_with_the_case_and_beside_others(desk: Desk) -> None:
    case, other = desk.submit("p1").case, desk.submit("p2").case
    keep(desk, case, an_outline(OWN))
    keep(desk, other, an_outline(OWN), an_outline(about_case(case.id)))
    desk.privacy.erase("p1")
    assert (abouts(desk, case), abouts(desk, other)) == ([], [OWN])


def test_a_person_may_have_their_own_with_its_label_and_not_what_was_said_of_others(desk: Desk) -> None:
    case = desk.submit("p1").case
    keep(desk, case, an_outline(OWN), an_outline("case:x"))
    (exported,) = desk.privacy.export("p1")["cases"]
    assert exported["ai_outline"] == {"label": "AI生成", "at": "2026-03-02T10:00:00+08:00", "lines": ["找膜材料。"]}


def test_a_party_that_changes_takes_what_was_said_of_it_along(desk: Desk) -> None:
    case, parties = desk.submit("p1").case, Parties(desk.engine)
    party = parties.put(Party("某研究院", PartyType.INSTITUTE, "膜材料"), SYSTEM, NOW)
    keep(desk, case, an_outline(OWN), an_outline(about_party(party.id)))
    parties.put(replace(party, fields="催化剂"), SYSTEM, NOW)
    assert abouts(desk, case) == [OWN]


def test_the_digest_is_of_all_that_was_told() -> None:
    one = told_of_party(Party("甲", PartyType.SOCIETY, "膜"), {})
    other = told_of_party(Party("甲", PartyType.SOCIETY, "膜材料"), {})
    assert digest_of(one) != digest_of(other)
    assert digest_of(one, other) != digest_of(other, one)
