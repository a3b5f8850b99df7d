"""Docking on both databases: candidates, their status and contacts, whole or not at all, by those who may."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import writing
from intake.cases import Actor, CaseState, Event, Recorded
from intake.docking import ADDING, FOLLOWING, Docked, Docking, DockingRates, docking_rates, may_dock
from intake.formbook import Formbook
from intake.handling import HeldError
from intake.parties import Candidate, CandidateStatus, ContactHow, MatrixRow, Party, PartyType
from intake.review import GuardError, NotAllowedError, NotFoundError
from intake.store import candidates as rows
from intake.store.cases import CaseStore
from intake.store.parties import Parties
from tests.support.needs import NOW
from tests.support.office import PUBLISHABLE, RESTRICTED, Office

TO_CONTACT, CONTACTED, INTERESTED, SIGNED, FAILED = CandidateStatus
MEMBRANE = Party("某膜材料研究所", PartyType.INSTITUTE, fields="反渗透膜、陶瓷膜", source="走访")
PUMPS = Party("某泵业公司", PartyType.ENTERPRISE, fields="泵阀", industries=("equipment", "new_it"), source="走访")
EXPERT = Party("孙立", PartyType.EXPERT, fields="高盐废水", contact_phone="+8613900139000", source="专家库")


@pytest.fixture
def office(engine: Engine, book: Formbook) -> Office:
    return Office(engine, book)


@pytest.fixture
def parties(engine: Engine) -> Parties:
    return Parties(engine)


@pytest.fixture
def docking(office: Office, parties: Parties) -> Docking:
    return Docking(office.store, office.handling, parties, lambda: office.now)


@pytest.fixture
def zhao(office: Office) -> Actor:
    """The specialist who has the cases in hand."""
    return office.actor("zhao")


def put(parties: Parties, party: Party, office: Office) -> Party:
    return parties.put(party, office.actor("zheng"), office.now)


def details(events: list[Recorded]) -> list[tuple[str, dict[str, Any]]]:
    return [(event.action, dict(event.detail)) for event in events]


# ---------------------------------------------------------------------------------------------------------- candidates


def test_the_first_candidate_moves_a_case_to_docking_and_tells_the_owner(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    membrane, pumps = put(parties, MEMBRANE, office), put(parties, PUMPS, office)
    first = docking.add_candidate(zhao, case.reference, membrane.id, rev=case.rev)
    assert office.stored(case).state is CaseState.DOCKING
    assert office.told() == {("owner", case.account, "docking")}
    second = docking.add_candidate(zhao, case.reference, "某泵业公司")
    assert docking.candidates(case) == [first, second]
    assert (first.status, first.by, second.party) == (TO_CONTACT, "zhao", pumps)
    assert office.told() == set()
    assert details(office.events(case))[-3:] == [
        ("candidate", {"candidate": first.id, "party": membrane.id, "to": "to_contact"}),
        ("dock", {"count": 1}),
        ("candidate", {"candidate": second.id, "party": pumps.id, "to": "to_contact"}),
    ]
    assert office.whole(case)


@pytest.mark.parametrize("state", list(CaseState))
def test_candidates_are_added_where_somebody_works_on_the_case(
    state: CaseState, office: Office, docking: Docking, parties: Parties
) -> None:
    case = office.in_state(state, "p1", **(PUBLISHABLE if state is CaseState.PUBLISHED else {}))
    before, put_in = len(office.events(case)), put(parties, MEMBRANE, office)
    lead = office.actor("sun")
    if state not in ADDING:
        with pytest.raises(NotAllowedError if may_dock(lead, case) else NotFoundError):
            docking.add_candidate(lead, case.reference, put_in.id)
        assert len(office.events(case)) == before
        return
    docking.add_candidate(lead, case.reference, put_in.id)
    after = office.stored(case).state
    assert after is (CaseState.DOCKING if state is CaseState.IN_PROGRESS else state)


def test_a_party_is_tried_once_and_a_retired_or_unknown_one_not_at_all(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    membrane, pumps = put(parties, MEMBRANE, office), put(parties, PUMPS, office)
    docking.add_candidate(zhao, case.reference, membrane.id)
    with pytest.raises(GuardError, match=r"docking\.tried_already"):
        docking.add_candidate(zhao, case.reference, membrane.name)
    parties.retire(pumps.id, zhao, office.now)
    with pytest.raises(GuardError, match=r"docking\.retired"):
        docking.add_candidate(zhao, case.reference, pumps.id)
    with pytest.raises(GuardError, match=r"party\.error\.unknown"):
        docking.add_candidate(zhao, case.reference, "没有这家")
    assert len(docking.candidates(case)) == 1


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("li", NotAllowedError),  # the clerk of the district sees it, others dock
        ("zheng", NotAllowedError),
        ("audit", NotAllowedError),
        ("feng", NotFoundError),  # another team's
        ("admin", NotFoundError),
        ("p1", NotAllowedError),  # its owner
        ("p2", NotFoundError),
    ],
)
def test_only_who_works_on_a_case_docks_it(
    who: str, error: type[Exception], office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case, actor = office.in_state(CaseState.IN_PROGRESS), office.actor(who)
    candidate = docking.add_candidate(zhao, case.reference, put(parties, MEMBRANE, office).id)
    before = office.events(case)
    other = put(parties, PUMPS, office)
    for attempt in (
        lambda: docking.add_candidate(actor, case.reference, other.id),
        lambda: docking.set_status(actor, candidate.id, CONTACTED),
        lambda: docking.log(actor, candidate.id, ContactHow.PHONE, "接了电话"),
        lambda: docking.remove(actor, candidate.id),
    ):
        with pytest.raises(error):
            attempt()
    assert office.events(case) == before
    assert docking.candidates(case) == [candidate]


def test_a_coordinator_does_not_dock_a_restricted_case_and_its_lead_does(
    office: Office, docking: Docking, parties: Parties
) -> None:
    case = office.submit("p1", **RESTRICTED)
    for who, action, values in (("zheng", "route", {"team": "laoshan"}), ("zhao", "sign", {})):
        office.act(who, case, action, **values)
    assert not may_dock(office.actor("zheng"), office.stored(case))
    docking.add_candidate(office.actor("sun"), case.reference, put(parties, MEMBRANE, office).id)
    assert office.stored(case).state is CaseState.DOCKING


def test_who_saw_an_older_revision_is_told_how_the_case_stands(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    membrane = put(parties, MEMBRANE, office)
    with pytest.raises(HeldError) as held:
        docking.add_candidate(zhao, case.reference, membrane.id, rev=case.rev - 1)
    assert held.value.case.rev == case.rev
    candidate = docking.add_candidate(zhao, case.reference, membrane.id, rev=case.rev)
    with pytest.raises(HeldError):
        docking.set_status(zhao, candidate.id, CONTACTED, rev=case.rev)


# -------------------------------------------------------------------------------------------------------------- status


def test_each_status_is_an_event_with_what_it_was_and_what_it_is(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    candidate = docking.add_candidate(zhao, case.reference, put(parties, MEMBRANE, office).id)
    office.told()
    for status in (CONTACTED, INTERESTED, SIGNED, FAILED):
        office.pass_time(timedelta(hours=1))
        changed = docking.set_status(zhao, candidate.id, status, text="电话里谈的")
        assert (changed.status, changed.updated_at) == (status, office.now)
        event = office.last(case)
        assert (event.action, event.text, event.public) == ("candidate_status", "电话里谈的", False)
        assert event.detail["to"] == status
    assert [e.detail["from"] for e in office.events(case)[-4:]] == ["to_contact", "contacted", "interested", "signed"]
    assert office.told() == set()
    assert docking.candidates(case) == [changed]
    assert office.whole(case)


def test_the_owner_is_told_of_a_step_with_its_words_where_staff_say_so(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    membrane = put(parties, MEMBRANE, office)
    candidate = docking.add_candidate(zhao, case.reference, membrane.id)
    docking.add_candidate(zhao, case.reference, put(parties, PUMPS, office).id)
    office.told()
    docking.set_status(zhao, candidate.id, INTERESTED, text="愿意做小试。", tell_owner=True)
    (notice,) = office.notices()
    event = office.last(case)
    assert (notice.to, notice.target, notice.kind, notice.case) == ("owner", case.account, "docking", case.id)
    assert notice.key == f"{case.id}:{event.seq}:docking"
    assert notice.body == {
        "reference": case.reference, "kind": "technology", "priority": "normal", "state": "docking", "seq": event.seq,
        "team": "崂山区服务团队", "phone": "0532-88990000", "party": membrane.name, "status": "interested", "count": 2,
    }  # fmt: skip
    assert (event.public, event.text, event.notices) == (True, "愿意做小试。", ("owner:docking",))
    public = office.handling.history(office.actor("p1"), case.reference)[-1]
    assert (public.action, public.text) == ("candidate_status", "愿意做小试。")


def test_neither_notice_nor_event_names_an_expert(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    candidate = docking.add_candidate(zhao, case.reference, put(parties, EXPERT, office).id)
    docking.set_status(zhao, candidate.id, CONTACTED, tell_owner=True)
    notices = office.notices()
    assert notices[-1].body["party"] == "专家"
    kept = f"{[notice.body for notice in notices]}{details(office.events(case))}"
    assert "孙立" not in kept
    assert "13900139000" not in kept


def test_an_amount_goes_with_a_contract_only(office: Office, docking: Docking, parties: Parties, zhao: Actor) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    candidate = docking.add_candidate(zhao, case.reference, put(parties, MEMBRANE, office).id)
    for status, amount in ((CONTACTED, 5), (SIGNED, -1), (SIGNED, 10**14)):
        with pytest.raises(GuardError, match=r"docking\.amount"):
            docking.set_status(zhao, candidate.id, status, amount=amount)
    assert docking.set_status(zhao, candidate.id, SIGNED, amount=3_000_000_000).amount == 3_000_000_000
    assert "3000000000" not in str(office.last(case).detail)
    assert office.last(case).detail["changed"] == ["amount"]
    assert docking.set_status(zhao, candidate.id, SIGNED, text="盖章了").amount == 3_000_000_000
    assert docking.set_status(zhao, candidate.id, FAILED).amount is None


def test_what_must_not_be_kept_is_refused_in_words_about_a_candidate_too(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    candidate = docking.add_candidate(zhao, case.reference, put(parties, MEMBRANE, office).id)
    before = len(office.events(case))
    with pytest.raises(GuardError, match=r"refusal\.id_card"):
        docking.set_status(zhao, candidate.id, CONTACTED, text="身份证 370202199001010015")
    with pytest.raises(GuardError, match=r"refusal\.id_card"):
        docking.log(zhao, candidate.id, ContactHow.VISIT, "身份证 370202199001010015")
    assert len(office.events(case)) == before


@pytest.mark.parametrize("state", sorted(FOLLOWING - ADDING))
def test_news_is_still_noted_where_the_case_waits_or_is_closed(
    state: CaseState, office: Office, docking: Docking, parties: Parties, zhao: Actor, engine: Engine
) -> None:
    case, membrane = office.in_state(state), put(parties, MEMBRANE, office)
    with writing(engine) as connection:
        candidate = rows.add(connection, case.id, membrane, "zhao", office.now)
    actor = zhao if case.assignee == "zhao" else office.actor("sun")
    if not may_dock(actor, case):
        office.act("zheng", case, "assign", staff="sun")
        actor = office.actor("sun")
    assert docking.set_status(actor, candidate.id, SIGNED, amount=1).status is SIGNED
    assert office.stored(case).state is state


def test_news_of_a_candidate_docks_a_case_that_went_back_to_work(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    candidate = docking.add_candidate(zhao, case.reference, put(parties, MEMBRANE, office).id)
    office.act("zhao", case, "answer", outcome="intent", text="已与研究所谈妥，请确认。")
    office.act("p1", case, "dissatisfied", text="还没有结果")
    assert office.stored(case).state is CaseState.IN_PROGRESS
    docking.set_status(zhao, candidate.id, CONTACTED)
    assert office.stored(case).state is CaseState.DOCKING


# ------------------------------------------------------------------------------------------------------------- contacts


def test_contacts_are_logged_in_order_for_staff_to_read(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    candidate = docking.add_candidate(zhao, case.reference, put(parties, MEMBRANE, office).id)
    docking.log(zhao, candidate.id, ContactHow.PHONE, "约了下周面谈")
    office.pass_time(timedelta(days=1))
    docking.log(office.actor("sun"), candidate.id, ContactHow.MEETING, "谈妥小试")
    logged = docking.contacts(candidate.id)
    assert [(contact.by, contact.how, contact.result) for contact in logged] == [
        ("zhao", "phone", "约了下周面谈"),
        ("sun", "meeting", "谈妥小试"),
    ]
    event = office.last(case)
    assert (event.action, event.text, event.public) == ("candidate_contact", "谈妥小试", False)
    assert event.detail == {
        "candidate": candidate.id,
        "party": candidate.party.id,
        "contact": logged[1].id,
        "how": "meeting",
    }
    with pytest.raises(GuardError):
        docking.log(zhao, candidate.id, ContactHow.PHONE, "  ")


def test_erasing_a_case_takes_the_words_of_contacts_and_keeps_the_chain(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    candidate = docking.add_candidate(zhao, case.reference, put(parties, MEMBRANE, office).id)
    docking.log(zhao, candidate.id, ContactHow.PHONE, "张晓明说周三可以")
    office.desk.privacy.erase("p1")
    assert [contact.result for contact in docking.contacts(candidate.id)] == [""]
    assert office.whole(case)
    with pytest.raises(NotAllowedError):
        docking.log(zhao, candidate.id, ContactHow.PHONE, "又打了一次")


# -------------------------------------------------------------------------------------------------------------- removal


def test_the_last_candidate_taken_away_ends_docking(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    first = docking.add_candidate(zhao, case.reference, put(parties, MEMBRANE, office).id)
    second = docking.add_candidate(zhao, case.reference, put(parties, PUMPS, office).id)
    docking.remove(zhao, first.id, "填错了")
    assert office.stored(case).state is CaseState.DOCKING
    docking.remove(zhao, second.id)
    assert office.stored(case).state is CaseState.IN_PROGRESS
    assert [event.action for event in office.events(case)[-3:]] == ["candidate_removed", "candidate_removed", "undock"]
    assert docking.candidates(case) == []
    with pytest.raises(NotFoundError):
        docking.remove(zhao, second.id)


def test_whom_somebody_talked_to_is_not_taken_away(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    first = docking.add_candidate(zhao, case.reference, put(parties, MEMBRANE, office).id)
    second = docking.add_candidate(zhao, case.reference, put(parties, PUMPS, office).id)
    docking.set_status(zhao, first.id, FAILED)
    docking.log(zhao, second.id, ContactHow.PHONE, "没人接")
    for candidate in (first, second):
        with pytest.raises(GuardError, match=r"docking\.had_contact"):
            docking.remove(zhao, candidate.id)
    assert len(docking.candidates(case)) == 2


class CutError(Exception):
    """The notice could not be written."""


@pytest.mark.parametrize("step", ["add_candidate", "set_status"])
def test_a_step_that_is_cut_off_leaves_nothing(
    step: str, office: Office, docking: Docking, parties: Parties, zhao: Actor, engine: Engine
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    membrane = put(parties, MEMBRANE, office)
    if step == "set_status":
        docking.add_candidate(zhao, case.reference, membrane.id)
    before, events, tried = office.stored(case), office.events(case), docking.candidates(case)

    def cut(*_: object) -> None:
        raise CutError

    cutting = Docking(CaseStore(engine, cut), office.handling, parties, lambda: office.now)
    steps: dict[str, Callable[[], object]] = {
        "add_candidate": lambda: cutting.add_candidate(zhao, case.reference, membrane.id),
        "set_status": lambda: cutting.set_status(zhao, tried[0].id, SIGNED, amount=3, tell_owner=True),
    }
    with pytest.raises(CutError):
        steps[step]()
    assert (office.stored(case), office.events(case), docking.candidates(case)) == (before, events, tried)


def test_of_several_who_add_the_same_party_at_once_one_does(office: Office, docking: Docking, parties: Parties) -> None:
    case, membrane = office.in_state(CaseState.IN_PROGRESS), put(parties, MEMBRANE, office)
    outcomes: list[str] = []
    begin = threading.Barrier(3)

    def add(actor: Actor) -> None:
        begin.wait()
        try:
            docking.add_candidate(actor, case.reference, membrane.id)
            outcomes.append("added")
        except GuardError as fault:
            outcomes.append(fault.saying.key)

    writers = [threading.Thread(target=add, args=(office.actor(who),)) for who in ("zhao", "qian", "sun")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(outcomes) == ["added", "docking.tried_already", "docking.tried_already"]
    assert len(docking.candidates(case)) == 1
    assert office.stored(case).state is CaseState.DOCKING
    assert office.whole(case)


# ---------------------------------------------------------------------------------------------------------- suggestions


def test_suggestions_name_the_matrix_then_words_then_the_industry(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    docking.seed(office.now)
    case = office.in_state(CaseState.IN_PROGRESS)
    assert case.industry == "new_it"
    pumps, membrane, expert = (put(parties, party, office) for party in (PUMPS, MEMBRANE, EXPERT))
    own = parties.named("中国数学会")
    coordinator = office.actor("zheng")
    parties.matrix.replace([*parties.matrix.rows(), MatrixRow("370212", "new_it", own.id)], coordinator, office.now)
    found = docking.suggestions(case)
    whys = [suggestion.why for suggestion in found]
    assert whys == sorted(whys, key=["matrix", "words", "industry"].index)
    assert found[0].party == own
    assert {s.party.name for s in found if s.why == "matrix"} >= {"中国电子学会", "中国人工智能学会"}
    by_words = {s.party.name: s.words for s in found if s.why == "words"}
    assert by_words[membrane.name] == ("反渗透膜",)
    assert by_words[expert.name] == ("高盐废水",)
    assert [s.party for s in found if s.why == "industry"] == [pumps]
    assert len({s.party.id for s in found}) == len(found)


def test_neither_who_is_tried_nor_who_was_retired_is_suggested(
    office: Office, docking: Docking, parties: Parties, zhao: Actor
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    membrane, expert = put(parties, MEMBRANE, office), put(parties, EXPERT, office)
    assert {s.party.name for s in docking.suggestions(case)} == {membrane.name, expert.name}
    docking.add_candidate(zhao, case.reference, membrane.id)
    parties.retire(expert.id, zhao, office.now)
    assert docking.suggestions(case) == ()


def test_an_industry_that_is_none_suggests_nobody_by_industry(
    office: Office, docking: Docking, parties: Parties
) -> None:
    case = office.in_state(CaseState.IN_PROGRESS)
    put(parties, replace(PUMPS, industries=("other", "marine")), office)
    assert docking.suggestions(replace(case, industry="other", title="", summary="", answers={})) == ()
    assert docking.suggestions(replace(case, industry=None, title="", summary="", answers={})) == ()


# ---------------------------------------------------------------------------------------------------------------- rates


def candidate(number: int, status: CandidateStatus, amount: int | None = None) -> Candidate:
    return Candidate(number, "c", replace(MEMBRANE, id="p1"), status, amount, False, "zhao", NOW, NOW)


def recorded(*events: Event) -> list[Recorded]:
    return [
        Recorded(
            n, n, event.at, "staff", "zhao", "cli", event.action, event.from_state, event.to_state, event.detail,
            event.notices, False, "", "", "", "",
        )
        for n, event in enumerate(events, start=1)
    ]  # fmt: skip


def accepted(*events: Event) -> list[Recorded]:
    zhao = Actor("zhao", "", frozenset(), "cli")
    return recorded(Event("accept", zhao, NOW, ("none",), to_state=CaseState.ACCEPTED), *events)


def status(number: int, before: CandidateStatus, after: CandidateStatus) -> Event:
    zhao = Actor("zhao", "", frozenset(), "cli")
    detail = {"candidate": number, "from": str(before), "to": str(after)}
    return Event("candidate_status", zhao, NOW, ("none",), detail=detail)


def test_rates_equal_a_hand_count() -> None:
    cases = [
        Docked(accepted(), []),
        Docked(accepted(), [candidate(1, TO_CONTACT), candidate(2, CONTACTED)]),
        Docked(accepted(), [candidate(3, INTERESTED), candidate(4, SIGNED, 500), candidate(5, SIGNED, 70)]),
        Docked(accepted(), [candidate(6, SIGNED)]),
        Docked(accepted(status(7, CONTACTED, FAILED)), [candidate(7, FAILED)]),
        Docked(accepted(status(8, TO_CONTACT, FAILED)), [candidate(8, FAILED)]),
        Docked(accepted(status(9, SIGNED, FAILED)), [candidate(9, FAILED)]),
        Docked(recorded(), [candidate(10, SIGNED, 999)]),
    ]
    rates = docking_rates(cases)
    assert rates == DockingRates(accepted=7, proposed=6, contacted=5, interested=3, signed=2, amount=570)
    assert (rates.contact_rate, rates.interest_rate, rates.signing_rate) == (5 / 7, 3 / 7, 2 / 7)


def test_without_a_case_there_is_no_rate() -> None:
    assert docking_rates([]).contact_rate is None


def test_rates_are_counted_from_what_is_stored(office: Office, docking: Docking, parties: Parties, zhao: Actor) -> None:
    done, waiting = office.in_state(CaseState.IN_PROGRESS), office.in_state(CaseState.SUBMITTED, "p2")
    tried = docking.add_candidate(zhao, done.reference, put(parties, MEMBRANE, office).id)
    docking.set_status(zhao, tried.id, SIGNED, amount=12)
    its = parties.candidates.of_cases([done.id, waiting.id])
    rates = docking_rates(Docked(office.events(case), its[case.id]) for case in (done, waiting))
    assert rates == DockingRates(accepted=1, proposed=1, contacted=1, interested=1, signed=1, amount=12)
