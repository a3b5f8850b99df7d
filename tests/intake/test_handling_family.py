"""Cases that become one, several or another kind: merged without circles, split into parts, re-kinded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from intake.case_numbers import valid_number
from intake.cases import Case, CaseState
from intake.formbook import Formbook
from intake.review import GuardError, NotAllowedError, NotFoundError
from intake.store.cases import keyed_digest
from intake.store.drafts import Attachment
from tests.support.needs import OTHER_USCC, given
from tests.support.office import RESTRICTED, Office

S = CaseState
FILE = Attachment("e" * 64, "报告.pdf", "application/pdf", 9)
OTHERS = {"uscc": OTHER_USCC, "org_name": "青岛另一家膜科技有限公司"}


@pytest.fixture
def office(sqlite_engine: Engine, book: Formbook) -> Office:
    return Office(sqlite_engine, book)


@pytest.fixture
def both(engine: Engine, book: Formbook) -> Office:
    return Office(engine, book)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(GuardError) as error:
        act()
    return error.value.saying.key.removeprefix("review.guard.")


def two_of_one_person(office: Office) -> tuple[Case, Case]:
    source = office.submit("p1", "technology")
    return source, office.submit("p1", "talent")


def two_of_two_enterprises(office: Office) -> tuple[Case, Case]:
    source = office.submit("p1", "technology")
    return source, office.submit("p2", "technology", **OTHERS)


def test_scenario_19_a_merged_case_points_on_and_both_submitters_are_told(both: Office) -> None:
    source, target = two_of_two_enterprises(both)
    both.act("sun", target, "assign", staff="zhao")
    both.told()
    merged = both.act("sun", source, "merge", into=target.reference, text="同一种膜的共性需求", common_need=True)
    assert (merged.state, merged.merged_into, merged.outcome) == (S.MERGED, target.id, "merged")
    notices = both.notices()
    owners = {notice.target: notice.body for notice in notices if notice.to == "owner"}
    assert set(owners) == {source.account, target.account}
    assert all(body["into"] == target.reference for body in owners.values())
    assert all(body["source"] == source.reference for body in owners.values())
    assert ("staff", "zhao", "merged") in {(n.to, n.target, n.kind) for n in notices}
    assert both.stored(target).state is S.SUBMITTED
    here = next(event for event in both.events(source) if event.action == "merge")
    there = next(event for event in both.events(target) if event.action == "merge")
    assert here.detail == {"into": target.reference, "common_need": True}
    assert there.detail == {"from": source.reference, "common_need": True}
    assert both.whole(source)
    assert both.whole(target)


def test_scenario_19_why_two_enterprises_were_merged_is_for_staff(office: Office) -> None:
    source, target = two_of_two_enterprises(office)
    office.act("sun", source, "merge", into=target.reference, text="与某某公司的需求相同", common_need=True)
    for person, case in (("p1", source), ("p2", target)):
        history = office.handling.history(office.actor(person), case.reference)
        assert all("某某公司" not in event.text for event in history)
    assert any("某某公司" in event.text for event in office.events(source))


def test_scenario_19_across_enterprises_only_a_lead_or_the_coordinator_declares_a_common_need(office: Office) -> None:
    source, target = two_of_two_enterprises(office)
    merge = {"into": target.reference, "text": "共性需求"}
    assert refused(lambda: office.act("li", source, "merge", **merge, common_need=True)) == "same_owner"
    assert refused(lambda: office.act("sun", source, "merge", **merge)) == "same_owner"
    assert office.act("zheng", source, "merge", **merge, common_need=True).state is S.MERGED


def test_scenario_19_a_colleague_of_the_same_organisation_is_no_other_enterprise(office: Office) -> None:
    source, target = office.submit("p1"), office.submit("p2")
    assert source.org is not None
    assert source.org == target.org
    assert office.act("li", source, "merge", into=target.reference).state is S.MERGED


def test_scenario_19_a_circle_is_refused_along_the_whole_chain(office: Office) -> None:
    first, second = two_of_one_person(office)
    third = office.submit("p1", "space")
    assert refused(lambda: office.act("sun", first, "merge", into=first.reference)) == "no_cycle"
    office.act("sun", first, "merge", into=second.reference)
    assert refused(lambda: office.act("sun", second, "merge", into=first.reference)) == "no_cycle"
    office.act("sun", second, "merge", into=third.reference)
    assert refused(lambda: office.act("sun", third, "merge", into=first.reference)) == "no_cycle"
    assert office.stored(third).state is S.SUBMITTED


def test_scenario_19_merging_into_a_merged_case_goes_to_the_end_of_the_chain(office: Office) -> None:
    first, second = two_of_one_person(office)
    third = office.submit("p1", "space")
    office.act("sun", first, "merge", into=second.reference)
    assert office.act("sun", third, "merge", into=first.reference).merged_into == second.id


def test_scenario_19_nothing_is_merged_into_what_has_ended_or_is_not_theirs(office: Office) -> None:
    source = office.submit("p1")
    closed = office.in_state(S.CLOSED, "p1", "talent")
    elsewhere = office.submit("p1", "space", district="370281")
    assert refused(lambda: office.act("sun", source, "merge", into=closed.reference)) == "target_ended"
    with pytest.raises(NotFoundError):
        office.act("sun", source, "merge", into=elsewhere.reference)
    with pytest.raises(NotFoundError):
        office.act("sun", source, "merge", into="KC26-AAAAA-A")


def test_scenario_19_the_source_is_read_only(office: Office) -> None:
    source, target = two_of_one_person(office)
    office.act("sun", source, "merge", into=target.reference)
    for who, action, values in (
        ("li", "accept", {}), ("sun", "note", {"text": "x"}), ("p1", "withdraw", {}),
        ("p1", "correct", {"answers": {}}),
        ("sun", "reopen", {"text": "x"}), ("zheng", "adjudicate", {"team": "city", "text": "x" * 10}),
    ):  # fmt: skip
        with pytest.raises(NotAllowedError):
            office.act(who, source, action, **values)


def test_scenario_19_a_later_reply_lands_on_the_target_and_both_histories_say_so(both: Office) -> None:
    source, target = two_of_two_enterprises(both)
    both.act("sun", source, "merge", into=target.reference, common_need=True)
    both.told()
    before = both.stored(target)
    both.act("p1", source, "reply", text="我们的水样已检测", files=[FILE])
    assert both.told() == {("team", "laoshan", "replied")}
    here, there = both.last(source), both.last(target)
    assert (here.detail["landed_on"], here.text, here.public) == (target.reference, "我们的水样已检测", True)
    assert (there.detail["from"], there.text, there.actor) == (source.reference, "我们的水样已检测", "p1")
    assert not there.public, "the other enterprise does not read it"
    assert [file.name for file in both.store.files(target.id)] == ["报告.pdf"]
    after = both.stored(target)
    assert replace(after, rev=before.rev, seq=before.seq, head=before.head, updated_at=before.updated_at) == before
    assert both.whole(source)
    assert both.whole(target)


def test_scenario_19_a_reply_follows_the_chain(office: Office) -> None:
    first, second = two_of_one_person(office)
    third = office.submit("p1", "space")
    office.act("sun", first, "merge", into=second.reference)
    office.act("sun", second, "merge", into=third.reference)
    office.act("p1", first, "reply", text="补充说明")
    assert office.last(third).text == "补充说明"
    assert office.last(first).detail["landed_on"] == third.reference


def test_scenario_19_one_person_answers_what_was_asked_on_the_target_through_the_source(office: Office) -> None:
    source, target = two_of_one_person(office)
    office.act("sun", source, "merge", into=target.reference)
    office.act("li", target, "ask", text="几个人？")
    office.act("p1", source, "reply", text="两个人")
    assert office.stored(target).state is S.SUBMITTED
    assert office.last(target).public


def test_scenario_19_answers_to_steps_do_not_land_on_anothers_case(office: Office) -> None:
    source, target = two_of_two_enterprises(office)
    office.act("sun", source, "merge", into=target.reference, common_need=True)
    answers = {"budget_band": given("lt10")}
    assert refused(lambda: office.act("p1", source, "reply", answers=answers)) == "words_only"
    assert office.stored(target).answers["budget_band"] == target.answers["budget_band"]


def test_scenario_19_urging_a_merged_case_urges_the_target(office: Office) -> None:
    source, target = two_of_one_person(office)
    office.act("sun", source, "merge", into=target.reference)
    office.act("sun", target, "assign", staff="zhao")
    office.told()
    office.act("p1", source, "urge", text="请尽快")
    assert office.told() == {("staff", "zhao", "urged"), ("staff", "sun", "urged")}
    assert office.last(target).action == "urge"
    assert refused(lambda: office.act("p1", source, "urge")) == "not_urged_lately"


def test_scenario_19_two_who_merge_two_cases_into_each_other_make_no_circle(both: Office) -> None:
    first, second = two_of_one_person(both)

    def merge(pair: tuple[Case, Case]) -> None:
        with contextlib.suppress(GuardError, NotAllowedError):
            both.act("sun", pair[0], "merge", into=pair[1].reference)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(merge, [(first, second), (second, first)]))
    states = sorted(both.stored(case).state for case in (first, second))
    assert states == [S.MERGED, S.SUBMITTED]


def test_scenario_19_what_was_merged_ends_with_what_it_was_merged_into_and_its_owner_hears_of_it_once(
    both: Office,
) -> None:
    source, target = two_of_two_enterprises(both)
    middle = both.submit("p2", "talent", **OTHERS)
    both.act("sun", source, "merge", into=middle.reference, common_need=True)
    both.act("sun", middle, "merge", into=target.reference)
    assert both.handling.sweep() == 0
    both.act("p2", target, "withdraw")
    both.told()
    assert both.handling.sweep() == 2
    (notice,) = both.notices()
    assert (notice.target, notice.kind, notice.body["reference"]) == (source.account, "closed", source.reference)
    assert (notice.body["why"], notice.body["into"], notice.body["outcome"]) == (
        "merged",
        target.reference,
        "withdrawn",
    )
    for case in (source, middle):
        assert (both.stored(case).state, both.stored(case).outcome) == (S.MERGED, "withdrawn")
        assert both.last(case).public
        assert both.whole(case)
    assert both.handling.sweep() == 0
    assert both.told() == set()


PARTS = (
    {"title": "高盐废水膜材料抗污染改性", "summary": "寻找能抗有机污染的反渗透膜材料改性办法"},
    {"title": "高盐废水膜清洗方案优化", "summary": "寻找不停机的反渗透膜清洗方案和药剂"},
)


def test_25_parts_get_numbers_of_their_own_and_keep_what_was_told(both: Office) -> None:
    source = both.in_state(S.IN_PROGRESS)
    both.act("p1", source, "note", files=[FILE])
    both.told()
    before = both.stored(source)
    after = both.act("zhao", source, "split", parts=PARTS, text="两个问题分开对接")
    references = both.last(source).detail["parts"]
    assert len({*references, source.reference}) == 3
    assert (after.state, after.title) == (S.IN_PROGRESS, source.title)
    for reference, wanted in zip(references, PARTS, strict=True):
        part = both.store.get(reference)
        assert part is not None
        assert valid_number(reference) == reference
        assert (part.title, part.summary) == (wanted["title"], wanted["summary"])
        assert part.answers["title"].value == wanted["title"]
        assert part.answers["problem"] == before.answers["problem"]
        assert (part.state, part.team, part.assignee) == (S.IN_PROGRESS, "laoshan", "zhao")
        assert (part.split_from, part.submitted_at, part.draft) == (source.id, source.submitted_at, None)
        assert [file.name for file in both.store.files(part.id)] == ["报告.pdf"]
        assert both.whole(part)
        assert both.last(part).detail == {"from": source.reference}
    notices = both.notices()
    assert [(n.kind, n.body["reference"]) for n in notices] == [("receipt", reference) for reference in references]
    assert all(notice.body["split_from"] == source.reference for notice in notices)
    assert both.whole(source)


def test_25_parts_are_erased_and_looked_up_apart(office: Office) -> None:
    source = office.submit()
    office.act("li", source, "split", parts=PARTS)
    keys = set()
    for reference in (source.reference, *office.last(source).detail["parts"]):
        case = office.store.get(reference)
        assert case is not None
        private = office.store.private(case.id)
        assert private is not None
        assert private.personal["contact_name"].value == "张晓明"
        keys.add((private.query_code, private.digest_key, keyed_digest(private.digest_key, "x")))
    assert len(keys) == 3


def test_25_parts_keep_the_clock_of_the_need_they_were(office: Office) -> None:
    source = office.in_state(S.IN_PROGRESS)
    office.pass_days(20)
    office.act("zhao", source, "split", parts=PARTS[:1])
    part = office.store.get(office.last(source).detail["parts"][0])
    assert part is not None
    mine = office.timing.clocks(part, office.events(part), office.now).final
    whole = office.timing.clocks(source, office.events(source), office.now).final
    assert mine is not None
    assert whole is not None
    assert (mine.started, mine.due) == (whole.started, whole.due)


def test_25_parts_need_titles_and_summaries_as_the_form_wants_them(office: Office) -> None:
    source = office.submit()
    assert refused(lambda: office.act("li", source, "split", parts=[])) == "number_of_parts"
    assert refused(lambda: office.act("li", source, "split", parts=[{"title": "膜材料改性技术"}])) == "parts"
    short = [{**PARTS[0], "title": "膜"}]
    assert refused(lambda: office.act("li", source, "split", parts=short)) == "part_length"
    paused = office.in_state(S.NEED_INFO, "p2")
    with pytest.raises(NotAllowedError):
        office.act("li", paused, "split", parts=PARTS)


def test_21_another_kind_keeps_what_both_forms_ask_and_loses_nothing(both: Office) -> None:
    case = both.submit("p1", "technology")
    after = both.act("li", case, "rekind", kind="expert_visit", text="先请专家上门诊断")
    assert (after.kind, after.state, after.form_version) == ("expert_visit", S.SUBMITTED, 1)
    assert after.answers["title"] == case.answers["title"]
    assert after.answers["district"] == case.answers["district"]
    kept = set(after.answers) | set(after.legacy_answers)
    assert set(case.answers) <= kept
    assert after.legacy_answers["budget_band"]["value"] == case.answers["budget_band"].value
    private = both.store.private(case.id)
    assert private is not None
    assert private.personal["contact_name"].value == "张晓明"
    assert after.announced["final"] < case.announced["final"]
    (notice,) = both.notices()
    assert (notice.kind, notice.body["from_kind"], notice.body["kind"]) == ("rekinded", "technology", "expert_visit")
    assert both.whole(case)


def test_21_only_to_another_kind_that_there_is(office: Office) -> None:
    case = office.submit()
    assert refused(lambda: office.act("li", case, "rekind", kind="technology")) == "another_kind"
    assert refused(lambda: office.act("li", case, "rekind", kind="nonsense")) == "another_kind"


@pytest.mark.parametrize("kind", ["talent", "finance", "policy_help", "market", "brief", "other", "think_tank"])
def test_21_every_kind_can_become_another_and_be_worked_on(office: Office, kind: str) -> None:
    case = office.submit("p1", "technology")
    after = office.act("li", case, "rekind", kind=kind)
    assert after.title
    office.act("li", case, "accept")
    office.act("li", case, "ask", text="请补充。")
    assert office.act("p1", case, "reply", text="好的").state is S.ACCEPTED
    assert office.timing.clocks(office.stored(case), office.events(case), office.now).first_response is not None


def test_a_restricted_case_s_answers_do_not_leave_it_by_a_merge(office: Office) -> None:
    source = office.submit("p1", "technology", **RESTRICTED)
    target = office.submit("p2", "technology", **OTHERS)
    office.act("sun", source, "merge", into=target.reference, common_need=True)
    assert office.stored(target).answers == target.answers
    assert "反渗透" not in str([event.detail for event in office.events(target)])
