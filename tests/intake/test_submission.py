"""Submission on both databases: a complete draft becomes one case, with everything that belongs to it, or nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select

from db.engine import reading
from intake.case_numbers import same_code, valid_number
from intake.cases import SYSTEM, CaseState, Telling
from intake.formbook import Formbook
from intake.models import Form
from intake.routing import Team
from intake.store.cases import CaseStore, verify_chain
from intake.store.drafts import Attachment, StaleDraftError
from intake.store.forms import form_of
from intake.store.submitting import CollisionError
from intake.store.tables import cases, form_versions
from intake.submission import NotReadyError
from intake.values import Answered, DateSpan, Money
from tests.support.needs import NOW, PHONE, TEXTS, Desk, complete

KINDS = (
    "technology", "talent", "finance", "policy_help", "market", "space", "event", "carrier", "international",
    "expert_visit", "think_tank", "achievement", "other", "brief",
)  # fmt: skip


@pytest.fixture
def desk(engine: Engine, book: Formbook) -> Desk:
    return Desk(engine, book)


@pytest.mark.parametrize("kind", KINDS)
def test_a_complete_draft_of_any_kind_becomes_a_case(desk: Desk, kind: str) -> None:
    receipt = desk.submit("p1", kind)
    case = desk.store.get(receipt.case.reference)
    assert case == receipt.case
    assert case.state is CaseState.SUBMITTED
    assert valid_number(case.reference) == case.reference
    assert case.title
    assert case.summary
    assert case.confidentiality in ("public", "on_match", "restricted")
    assert desk.drafts.all("p1") == []
    assert verify_chain(case, desk.store.events(case.id))


def test_every_kind_is_tried(book: Formbook) -> None:
    assert set(KINDS) == set(book.forms)


def test_personal_answers_are_kept_apart_from_the_case(desk: Desk) -> None:
    case = desk.submit("p1", contact_email="zhang@example.com").case
    private = desk.store.private(case.id)
    assert private is not None
    assert set(private.personal) == {"contact_name", "contact_phone", "contact_email"}
    assert private.personal["contact_phone"].value == PHONE
    assert set(case.answers).isdisjoint(private.personal)
    assert case.answers["org_name"].value == TEXTS["org_name"]
    (event,) = desk.store.events(case.id)
    assert TEXTS["contact_name"] not in str(event)
    assert all(TEXTS["contact_name"] not in str(told.body) for told in desk.told)


def test_the_case_carries_the_codes_it_is_routed_and_counted_by(desk: Desk) -> None:
    case = desk.submit("p1", industry="ocean", urgency="soon").case
    assert (case.district, case.priority, case.team) == ("370212", "soon", "laoshan")
    assert case.channel == "web"
    assert case.account == "account-of-p1"


def test_a_zone_has_its_team_and_its_district_is_kept_for_counting(desk: Desk, book: Formbook) -> None:
    zone = next(o.code for o in book.form("technology").step("zone").options if "370281" in o.hosts)
    desk.register.put_team(Team("zone_team", "功能区团队", "zone", zone), SYSTEM, NOW)
    receipt = desk.submission.submit(desk.draft("p1", district="370281", zone=zone), "web")
    assert (receipt.case.team, receipt.case.district, receipt.case.zone) == ("zone_team", "370281", zone)
    assert receipt.team_name == "功能区团队"


def test_the_owner_and_the_team_are_told_once_without_personal_values(desk: Desk) -> None:
    receipt = desk.submit("p1")
    owner, team = desk.told
    assert (owner.to, owner.target, owner.kind) == ("owner", "account-of-p1", "receipt")
    assert owner.body["reference"] == receipt.case.reference
    assert owner.body["team"] == "崂山区服务团队"
    assert owner.body["first_due"] == "2026-03-03"
    assert (team.to, team.target, team.kind) == ("team", "laoshan", "new")


def test_the_receipt_says_team_dates_code_and_what_was_answered(desk: Desk) -> None:
    receipt = desk.submit("p1")
    assert receipt.team_phone == "0532-88990000"
    assert receipt.first_due == datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
    assert receipt.final_due is not None
    assert receipt.work_starts is None
    assert not receipt.repeated
    assert same_code(receipt.query_code.lower(), receipt.query_code)
    shown = {line.label: line.shown.values.get("text") for line in receipt.lines}
    assert shown["需求名称"] == TEXTS["title"]
    assert shown["联系电话"] == "138****8000"


def test_outside_working_hours_the_receipt_says_when_work_starts(desk: Desk) -> None:
    desk.moment = datetime(2026, 3, 7, 4, 0, tzinfo=UTC)  # 12:00 on a Saturday in Shanghai
    receipt = desk.submit("p1")
    assert receipt.work_starts is not None
    assert receipt.work_starts > desk.moment


def test_the_same_draft_again_shows_the_same_receipt(desk: Desk) -> None:
    draft = desk.draft("p1")
    first = desk.submission.submit(draft, "web")
    second = desk.submission.submit(draft, "web")
    assert second.case == first.case
    assert second.query_code == first.query_code
    assert (first.repeated, second.repeated) == (False, True)
    assert len(desk.told) == 2
    assert len(desk.store.find()) == 1


def test_the_answers_on_the_route_are_submitted_and_the_hidden_ones_are_not(desk: Desk) -> None:
    draft = desk.draft("p1", zone="none")  # 崂山 hosts no zone, so the step is hidden
    assert "zone" in draft.answers
    assert "zone" not in desk.submission.submit(draft, "web").case.answers


@pytest.mark.parametrize("step", ["problem", "contact_phone", "confidentiality", "truth_commit", "privacy_consent"])
def test_an_incomplete_draft_is_not_submitted_and_its_steps_are_named(desk: Desk, step: str) -> None:
    draft = desk.draft("p1", without=[step])
    with pytest.raises(NotReadyError) as refused:
        desk.submission.submit(draft, "web")
    assert step in [missing.id for missing in refused.value.steps]
    assert desk.drafts.get(draft.id) == draft
    assert desk.store.find() == []


def test_without_a_consent_on_record_nothing_is_submitted(desk: Desk) -> None:
    draft = desk.draft("p1")
    desk.people.record_consent("p1", False, "web", NOW)
    with pytest.raises(NotReadyError) as refused:
        desk.submission.submit(draft, "web")
    assert [step.id for step in refused.value.steps] == ["privacy_consent"]


def test_a_draft_changed_since_it_was_read_is_not_submitted(desk: Desk) -> None:
    draft = desk.draft("p1")
    desk.drafts.save(draft, NOW, "m2")
    with pytest.raises(StaleDraftError):
        desk.submission.submit(draft, "web")
    assert desk.drafts.all("p1") != []


def test_a_dropped_draft_is_not_submitted(desk: Desk) -> None:
    draft = desk.draft("p1")
    desk.drafts.drop(draft.id)
    with pytest.raises(StaleDraftError):
        desk.submission.submit(draft, "web")


def test_a_notice_that_cannot_be_written_leaves_the_draft_as_it_was(engine: Engine, desk: Desk) -> None:
    def broken(_connection: object, notice: Telling, _at: datetime) -> None:
        if notice.to == "team":
            raise OSError("no room")

    draft = desk.draft("p1")
    with pytest.raises(OSError, match="no room"):
        desk.another(CaseStore(engine, broken)).submit(draft, "web")
    assert desk.drafts.get(draft.id) == draft
    assert desk.store.find() == []
    assert desk.people.profile("p1") == {}
    assert desk.submission.submit(draft, "web").repeated is False


def test_files_go_along(desk: Desk) -> None:
    draft = desk.draft("p1")
    file = Attachment("d" * 64, "指标.pdf", "application/pdf", 12)
    desk.drafts.attach(draft.id, file, NOW)
    case = desk.submission.submit(draft, "web").case
    assert desk.store.files(case.id) == [file]
    assert desk.drafts.attached(draft.id) == []


def test_the_form_is_kept_as_it_was(desk: Desk, book: Formbook, engine: Engine) -> None:
    desk.submit("p1")
    desk.submit("p2")
    assert form_of(engine, "technology", 1) == book.form("technology")
    with reading(engine) as connection:
        assert len(connection.execute(select(form_versions)).all()) == 1


def test_a_receipt_is_shown_in_the_form_it_was_submitted_in(desk: Desk, book: Formbook) -> None:
    case = desk.submit("p1").case
    changed = book.form("technology").model_copy(update={"version": 2, "steps": ()})
    desk.book = Formbook({**book.forms, "technology": changed}, book.menu)
    later = desk.another(desk.store)
    assert [line.label for line in later.receipt(case).lines][:2] == ["主要问题", "需求类别"]


def test_what_is_asked_once_is_kept_for_the_next_need(desk: Desk) -> None:
    desk.submit("p1")
    profile = desk.people.profile("p1")
    assert profile["org_name"].value == TEXTS["org_name"]
    assert profile["contact_phone"].value == PHONE
    assert "problem" not in profile


def test_a_new_district_takes_the_old_zone_with_it(desk: Desk) -> None:
    desk.submit("p1", district="370281")
    assert "zone" in desk.people.profile("p1")
    desk.submit("p1", "brief", district="370202")
    profile = desk.people.profile("p1")
    assert profile["district"].value == "370202"
    assert "zone" not in profile
    assert profile["org_name"].value == TEXTS["org_name"]


def test_a_brief_need_gets_a_title_from_its_own_words_without_names_and_numbers(desk: Desk) -> None:
    content = "您好，我是张晓明，电话 138 0013 8000，想找人解决膜污染问题，邮箱 zhang@example.com。急。"
    case = desk.submit("p1", "brief", content=content).case
    assert 4 <= len(case.title) <= 40
    for personal in ("张晓明", "138 0013 8000", "zhang@example.com"):
        assert personal not in case.title
        assert personal not in case.summary
    assert "膜污染" in case.summary
    assert case.org is None


def test_where_a_question_came_from_goes_along(desk: Desk) -> None:
    draft = desk.draft("p1", "policy_help")
    desk.drafts.drop(draft.id)
    origin = {"question": "奖励没到账找谁？", "status": "unanswerable_not_found", "reply": "没有找到"}
    draft = desk.drafts.begin("p1", "a1", "policy_help", 1, NOW, answers=draft.answers, origin=origin)
    assert desk.submission.submit(draft, "web").case.legacy_answers["origin"] == origin


def test_an_event_promises_a_date_before_the_one_that_was_named(desk: Desk) -> None:
    deadline = DateSpan(start=date(2026, 3, 13), end=date(2026, 3, 13))
    receipt = desk.submit("p1", "event", deadline=deadline)
    assert receipt.final_due is not None
    assert receipt.final_due.date() < date(2026, 3, 13)


def test_a_score_is_kept_with_the_case(desk: Desk) -> None:
    quality = desk.submit("p1", budget_amount=Money(low=Decimal(1), high=Decimal(2))).case.quality
    assert quality["total"] == sum(quality[name] for name in ("clarity", "quantified", "cooperation", "complete"))


def test_a_number_that_is_taken_is_drawn_again(desk: Desk) -> None:
    taken = desk.submit("p1").case
    draft = desk.draft("p2")
    letters = iter(taken.reference[5:10])  # the same number first, then at random
    desk.submission._choose = _dealing(letters, desk.submission._choose)
    case = desk.submission.submit(draft, "web").case
    assert next(letters, None) is None
    assert case.reference != taken.reference


def test_a_number_that_is_always_taken_is_given_up(desk: Desk) -> None:
    desk.submission._choose = lambda letters: "A" if letters else ""
    desk.submit("p1")
    draft = desk.draft("p2")
    with pytest.raises(CollisionError):
        desk.submission.submit(draft, "web")
    assert desk.drafts.get(draft.id) == draft


def test_one_draft_sent_by_many_at_once_is_one_case(desk: Desk) -> None:
    draft = desk.draft("p1")
    start = threading.Barrier(8)

    def send(_number: int) -> tuple[str, bool]:
        start.wait()
        receipt = desk.submission.submit(draft, "web")
        return receipt.case.reference, receipt.repeated

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(send, range(8)))
    assert len({reference for reference, _ in sent}) == 1
    assert sorted(repeated for _, repeated in sent) == [False] + [True] * 7
    assert len(desk.store.find()) == 1
    assert len(desk.told) == 2


def test_many_writers_at_once_all_get_numbers_of_their_own(desk: Desk) -> None:
    """A short round of what `make faults` runs at length."""
    writers, each = 25, 2
    people = [f"p{number}" for number in range(writers)]
    start = threading.Barrier(writers)

    def send(person: str) -> list[str]:
        start.wait()
        return [desk.submit(person).case.reference for _ in range(each)]

    with ThreadPoolExecutor(writers) as pool:
        references = [reference for sent in pool.map(send, people) for reference in sent]
    assert len(set(references)) == writers * each
    assert {case.reference for case in desk.store.find()} == set(references)


def test_of_two_naming_one_code_in_the_same_moment_one_is_accepted(desk: Desk) -> None:
    people = [f"p{number}" for number in range(6)]
    start = threading.Barrier(len(people))

    def send(person: str) -> str | None:
        start.wait()
        return desk.submit(person).case.org

    with ThreadPoolExecutor(len(people)) as pool:
        orgs = set(pool.map(send, people))
    assert len(orgs) == 1
    states = [member.state for member in desk.people.members(orgs.pop() or "")]
    assert sorted(states) == ["accepted"] + ["pending"] * 5


def test_personal_values_stand_in_no_column_of_the_case(desk: Desk, engine: Engine) -> None:
    desk.submit("p1", contact_email="zhang@example.com", contact_title="采购科")
    with reading(engine) as connection:
        row = str(connection.execute(select(cases)).one())
    for personal in (TEXTS["contact_name"], "13800138000", "zhang@example.com", "采购科"):
        assert personal not in row


def test_complete_answers_are_complete_for_every_form(book: Formbook) -> None:
    for form in book.forms.values():
        assert isinstance(form, Form)
        assert all(isinstance(answered, Answered) for answered in complete(form).values())


def _dealing(letters: Iterator[str], then: Callable[[str], str]) -> Callable[[str], str]:
    return lambda alphabet: next(letters, None) or then(alphabet)
