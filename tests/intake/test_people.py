"""Who consented, what is asked once, and who belongs to which organisation, on both databases."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from db.engine import reading, writing
from intake.cases import Actor, Role, owner
from intake.consent_texts import FOLDER, LANGUAGES, VERSION, load_consent
from intake.formbook import Formbook
from intake.store.organisations import verify_organisation
from intake.store.people import People
from intake.store.tables import consent_texts, register_log
from tests.support.needs import NOW, OTHER_USCC, TEXTS, USCC, Desk, given

CONTACT = "青岛市科协 0532-12345678"
AGREED = {"zh": "80d9ecc4", "en": "cc86a949"}


@pytest.fixture
def desk(engine: Engine, book: Formbook) -> Desk:
    return Desk(engine, book)


@pytest.fixture
def people(desk: Desk) -> People:
    return desk.people


def test_a_profile_is_kept_and_added_to(people: People) -> None:
    assert people.profile("p1") == {}
    people.keep_profile("p1", {"org_name": given("甲公司"), "contact_name": given("张工")}, NOW)
    people.keep_profile("p1", {"org_name": given("乙公司")}, NOW)
    assert {step: answered.value for step, answered in people.profile("p1").items()} == {
        "org_name": "乙公司",
        "contact_name": "张工",
    }
    assert people.profile("p2") == {}


def test_the_last_word_on_the_notice_in_force_counts(people: People) -> None:
    assert not people.consented("p1")
    people.record_consent("p1", True, "web", NOW)
    assert people.consented("p1")
    assert not people.consented("p2")
    people.record_consent("p1", False, "telegram", NOW)
    assert not people.consented("p1")
    people.record_consent("p1", True, "web", NOW, lang="en")
    assert people.consented("p1")
    assert [(consent.given, consent.via) for consent in people.consents("p1")] == [
        (True, "web"), (False, "telegram"), (True, "web"),
    ]  # fmt: skip


def test_the_very_words_agreed_to_are_kept(people: People, engine: Engine) -> None:
    people.record_consent("p1", True, "web", NOW)
    people.record_consent("p2", True, "web", NOW)
    (consent,) = people.consents("p1")
    with reading(engine) as connection:
        ((key, body),) = connection.execute(select(consent_texts.c.version, consent_texts.c.body)).all()
    assert consent.key == key == people.notices["zh"].key
    assert body == people.notices["zh"].text
    assert CONTACT in body


def test_a_new_version_of_the_notice_asks_again(people: People, engine: Engine) -> None:
    old = {lang: replace(notice, version="v0") for lang, notice in people.notices.items()}
    People(engine, old).record_consent("p1", True, "web", NOW)
    assert not people.consented("p1")


def test_another_telephone_number_in_the_notice_asks_nobody_again(people: People, engine: Engine) -> None:
    people.record_consent("p1", True, "web", NOW)
    assert People(engine, load_consent("市科协 0532-0000", 1095)).consented("p1")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_changed_notice_has_a_new_version(lang: str) -> None:
    """Whoever changes the words sees this fail: raise VERSION with new files unless nothing agreed to is changed."""
    words = (FOLDER / f"{VERSION}.{lang}.md").read_text("utf-8")
    assert hashlib.sha256(words.encode()).hexdigest()[:8] == AGREED[lang]


def test_the_notice_says_who_why_what_how_long_and_which_rights() -> None:
    notices = load_consent(CONTACT, 1095)
    zh, en = notices["zh"].text, notices["en"].text
    for needed in (CONTACT, "1095", "姓名", "电话", "查看", "导出", "更正", "删除", "撤回", "Telegram", "不同意"):
        assert needed in zh
    for needed in (CONTACT, "1095", "name", "telephone", "export", "correct", "delet", "withdraw", "Telegram"):
        assert needed in en
    assert "{" not in zh + en


def test_the_notice_names_who_handles_the_data() -> None:
    notices = load_consent(CONTACT, 1095, operator="青岛市科学技术协会")
    assert all("青岛市科学技术协会" in notice.text for notice in notices.values())


def test_a_notice_whose_words_differ_has_another_key(tmp_path: Path) -> None:
    for lang in LANGUAGES:
        (tmp_path / f"{VERSION}.{lang}.md").write_text("{contact} {days}", "utf-8")
    assert load_consent("甲", 1, folder=tmp_path)["zh"].key != load_consent("乙", 1, folder=tmp_path)["zh"].key


def test_the_first_to_name_a_code_is_accepted_and_the_second_waits(desk: Desk, people: People) -> None:
    first = desk.submit("p1").case
    second = desk.submit("p2").case
    assert first.org == second.org
    assert people.membership("p1") == (first.org, "accepted")
    assert people.membership("p2") == (first.org, "pending")
    assert [(member.person, member.state) for member in people.members(first.org or "")] == [
        ("p1", "accepted"), ("p2", "pending"),
    ]  # fmt: skip


def test_who_waits_sees_nothing_and_changes_nothing_of_the_organisation(desk: Desk, people: People) -> None:
    desk.submit("p1")
    desk.submit("p2", org_name="冒名公司", title="高盐废水反渗透膜抗污染技术攻关")
    assert people.organisation_of("p2") is None
    known = people.organisation_of("p1")
    assert known is not None
    assert known.name == TEXTS["org_name"]
    draft = desk.draft("p2", "technology")
    assert [similar.reference for similar in desk.submission.similar(draft)] == [
        desk.store.of_person("p2")[0].reference
    ]  # fmt: skip
    assert desk.privacy.export("p2")["organisation"] == {"membership": "pending"}


def test_a_member_accepts_who_waits_and_it_is_logged(desk: Desk, people: People, engine: Engine) -> None:
    org = desk.submit("p1").case.org or ""
    desk.submit("p2")
    desk.submit("p3")
    assert not people.accept(org, "p2", owner("p3", "web"), NOW)
    assert not people.accept(org, "p2", owner("p2", "web"), NOW)
    assert people.accept(org, "p2", owner("p1", "web"), NOW)
    assert not people.accept(org, "p2", owner("p1", "web"), NOW)
    assert people.membership("p2") == (org, "accepted")
    with reading(engine) as connection:
        (row,) = connection.execute(select(register_log).where(register_log.c.what == "org_member")).all()
    assert (row.actor, row.what, row.key) == ("p1", "org_member", f"{org}/p2")


def test_staff_accept_too(desk: Desk, people: People) -> None:
    org = desk.submit("p1").case.org or ""
    desk.submit("p2")
    assert people.accept(org, "p2", Actor("lin", "林", frozenset({Role.LEAD}), "cli"), NOW)
    assert people.organisation_of("p2") is not None


def test_without_a_code_the_organisation_is_the_persons_own(desk: Desk, people: People) -> None:
    later = given("later").model_copy(update={"value": None, "state": "to_verify"})
    orgs = []
    for person in ("p1", "p1", "p2"):
        draft = desk.draft(person)
        draft = desk.drafts.save(replace(draft, answers={**draft.answers, "uscc": later}), NOW)
        orgs.append(desk.submission.submit(draft, "web").case.org)
    assert orgs[0] == orgs[1] != orgs[2]
    assert people.membership("p2") == (orgs[2], "accepted")
    known = people.organisation(orgs[0] or "")
    assert known is not None
    assert known.uscc is None


def test_a_code_given_later_is_added_to_the_organisation(desk: Desk, people: People) -> None:
    later = given("later").model_copy(update={"value": None, "state": "to_verify"})
    draft = desk.draft("p1")
    draft = desk.drafts.save(replace(draft, answers={**draft.answers, "uscc": later}), NOW)
    first = desk.submission.submit(draft, "web").case
    second = desk.submit("p1").case
    assert second.org == first.org
    known = people.organisation_of("p1")
    assert known is not None
    assert known.uscc == USCC


def test_another_code_is_another_organisation(desk: Desk, people: People) -> None:
    first = desk.submit("p1").case
    desk.pass_time(timedelta(days=1))
    second = desk.submit("p1", uscc=OTHER_USCC, org_name="北京某某公司").case
    assert first.org != second.org
    known = people.organisation_of("p1")
    assert known is not None
    assert known.name == "北京某某公司"


def test_a_checked_organisation_keeps_its_name(desk: Desk, people: People, engine: Engine) -> None:
    org = desk.submit("p1").case.org or ""
    with writing(engine) as connection:
        verify_organisation(connection, org)
    desk.submit("p1", org_name="青岛别的公司")
    known = people.organisation(org)
    assert known is not None
    assert known.verified
    assert known.name == TEXTS["org_name"]
