"""An office for tests: teams, staff, submitted cases, and the counter at which something is done to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from db.engine import writing
from intake.cases import ALL_AREAS, SYSTEM, Actor, Case, CaseState, Recorded, Role, Telling, owner
from intake.formbook import Formbook
from intake.handling import Handling
from intake.review import MOVES
from intake.routing import Team
from intake.sla import Timing, load_timing
from intake.store.cases import CaseStore, verify_chain
from intake.store.register import Register, Staff
from intake.store.tables import candidates, parties
from intake.values import Answered
from tests.support.needs import NOW, TEAMS, Desk

LAOSHAN, JIAOZHOU = "370212", "370281"
OFFICE_TEAMS = (*TEAMS, Team("jiaozhou", "胶州市服务团队", "district", JIAOZHOU, phone="0532-82200000"))
_C, _S, _L, _X = Role.CLERK, Role.SPECIALIST, Role.LEAD, Role.COORDINATOR

STAFF: dict[str, tuple[frozenset[Role], frozenset[str], tuple[str, ...]]] = {
    "li": (frozenset({_C}), frozenset({LAOSHAN}), ("laoshan",)),
    "wang": (frozenset({_C}), frozenset({LAOSHAN}), ()),
    "zhao": (frozenset({_S}), frozenset(), ("laoshan",)),
    "qian": (frozenset({_S}), frozenset(), ("laoshan",)),
    "sun": (frozenset({_L}), frozenset(), ("laoshan",)),
    "chen": (frozenset({_C}), frozenset({JIAOZHOU}), ("jiaozhou",)),
    "feng": (frozenset({_S, _L}), frozenset(), ("jiaozhou",)),
    "zhou": (frozenset({_S, _L}), frozenset(), ("city",)),
    "wu": (frozenset({_S, _L}), frozenset(), ("sco",)),
    "zheng": (frozenset({_X}), frozenset({ALL_AREAS}), ("city",)),
    "admin": (frozenset({Role.ADMIN}), frozenset(), ()),
    "audit": (frozenset({Role.AUDITOR}), frozenset(), ()),
}
"""Each account's roles, areas and teams. Leads of a team are marked so in the register."""
NAMES = {"li": "李科员", "wang": "王科员", "zhao": "赵专员", "sun": "孙组长", "zheng": "郑统筹"}

RESTRICTED = {"confidentiality": "restricted"}
Told = tuple[str, str, str]


def a_case(**changes: Any) -> Case:
    """A case that went through nothing, for what looks at its fields only."""
    fields: dict[str, Any] = {
        "id": "c1",
        "reference": "KC26-7K2M9-4",
        "kind": "technology",
        "form_version": 1,
        "state": CaseState.SUBMITTED,
        "person": "p1",
        "account": "a1",
        "channel": "web",
        "lang": "zh",
        "title": "高盐废水膜技术",
        "summary": "寻找能长期运行的膜",
        "confidentiality": "on_match",
        "submitted_at": NOW,
        "updated_at": NOW,
        "answers": {"title": Answered(value="高盐废水膜技术")},
        "district": "370212",
        "team": "laoshan",
    }
    return Case(**{**fields, **changes})


class Office:
    """Staff by account id, cases by number. `told` are the notices written since it was last asked."""

    def __init__(self, engine: Engine, book: Formbook, now: datetime = NOW) -> None:
        self.desk = Desk(engine, book, now)
        self.engine, self.book = engine, book
        self.store: CaseStore = self.desk.store
        self.timing: Timing = load_timing()
        self.register = Register(engine)
        self.handling = Handling(self.store, book, self.register, self.timing, self.desk.now)
        self._hire(now)

    def _hire(self, now: datetime) -> None:
        for team in OFFICE_TEAMS:
            self.register.put_team(team, SYSTEM, now)
        for account, (roles, areas, teams) in STAFF.items():
            self.register.put_staff(Staff(account, NAMES.get(account, account), roles, areas), SYSTEM, now)
            for team_id in teams:
                self.register.join(team_id, account, SYSTEM, now, lead=Role.LEAD in roles)

    @property
    def now(self) -> datetime:
        return self.desk.moment

    def set_now(self, moment: datetime) -> None:
        self.desk.moment = moment

    def pass_days(self, days: float) -> None:
        """Working days."""
        self.set_now(self.timing.calendar.add_days(self.now, days))

    def pass_time(self, by: timedelta) -> None:
        self.desk.pass_time(by)

    def actor(self, who: str) -> Actor:
        """Staff by account; anybody else is a person who submits."""
        if who == "system":
            return SYSTEM
        return self.register.actor(who, "cli", self.now) if who in STAFF else owner(who, "web")

    def submit(self, person: str = "p1", kind: str = "technology", /, **answers: Any) -> Case:
        case = self.desk.submit(person, kind, **answers).case
        self.desk.told.clear()
        return case

    def act(self, who: str, case: Case, action: str, rev: int | None = None, /, **values: Any) -> Case:
        """As one who saw the newest revision, unless another is given."""
        return self.handling.act(self.actor(who), case.reference, action, rev=rev, **values)

    def told(self) -> set[Told]:
        """(to, target, kind) of the notices since the last time, and forget them."""
        told = {(notice.to, notice.target, notice.kind) for notice in self.desk.told}
        self.desk.told.clear()
        return told

    def notices(self) -> list[Telling]:
        notices = list(self.desk.told)
        self.desk.told.clear()
        return notices

    def events(self, case: Case) -> list[Recorded]:
        return self.store.events(case.id)

    def last(self, case: Case) -> Recorded:
        return self.events(case)[-1]

    def stored(self, case: Case) -> Case:
        stored = self.store.by_id(case.id)
        assert stored is not None
        return stored

    def whole(self, case: Case) -> bool:
        return verify_chain(self.stored(case), self.events(case))

    def add_candidate(self, case: Case, party: str = "某研究院") -> None:
        """A party to dock with, on record."""
        with writing(self.engine) as connection:
            connection.execute(
                parties.insert().values(
                    id=party, name=party, type="institute", fields="", industries=[], source="", verified=False,
                    active=True, updated_at=self.now,
                )
            )  # fmt: skip
            connection.execute(
                candidates.insert().values(
                    case=case.id, party=party, status="to_contact", tell_owner=False, by="zhao",
                    created_at=self.now, updated_at=self.now,
                )
            )  # fmt: skip

    def in_state(self, state: CaseState, person: str = "p1", kind: str = "technology", /, **answers: Any) -> Case:
        """A case brought into a state by the moves that lead there, its notices forgotten."""
        case = self.submit(person, kind, **answers)
        for who, action, values in ROADS[state]:
            if action == "dock":
                self.add_candidate(case, f"研究院-{case.reference}")
            self.act(who.replace("owner", person), case, action, **self._filled(values))
        self.desk.told.clear()
        return self.stored(case)

    def _filled(self, values: dict[str, Any]) -> dict[str, Any]:
        if "expires_in" in values:
            rest = {name: value for name, value in values.items() if name != "expires_in"}
            return {**rest, "expires": (self.now + values["expires_in"]).date()}
        if "into_person" in values:
            return {"into": self.submit(values["into_person"], "talent").reference}
        return values


ANSWER = {"outcome": "solved", "text": "已与研究院签订合作意向，样机验证通过。"}
REJECT = {"reason": "out_of_scope", "text": "这件事属于市场监管部门的职责范围。", "alternative": "请拨打 12345。"}
PUBLISH = {"ref": "KC-2026-1", "url": "https://www.example.org/needs/1", "expires_in": timedelta(days=30)}
_TO_WORK = [("li", "accept", {}), ("sun", "assign", {"staff": "zhao"}), ("zhao", "start", {})]
ROADS: dict[CaseState, list[tuple[str, str, dict[str, Any]]]] = {
    CaseState.SUBMITTED: [],
    CaseState.ACCEPTED: _TO_WORK[:1],
    CaseState.NEED_INFO: [("li", "ask", {"steps": ["summary"], "text": "请补充指标。"})],
    CaseState.ROUTED: [("li", "route", {"team": "laoshan"})],
    CaseState.IN_PROGRESS: _TO_WORK,
    CaseState.DOCKING: [*_TO_WORK, ("zhao", "dock", {})],
    CaseState.PUBLISHED: [*_TO_WORK, ("sun", "publish", PUBLISH)],
    CaseState.ANSWERED: [*_TO_WORK, ("zhao", "answer", ANSWER)],
    CaseState.CLOSED: [*_TO_WORK, ("zhao", "answer", ANSWER), ("owner", "confirm", {"score": 5})],
    CaseState.REJECTED: [("li", "reject", REJECT)],
    CaseState.WITHDRAWN: [("owner", "withdraw", {})],
    CaseState.MERGED: [("sun", "merge", {"into_person": "p1"})],
}
"""How a case of 崂山 gets into each state. Publishing needs answers of its own (`PUBLISHABLE`)."""

PUBLISHABLE = {
    "confidentiality": "public", "publish_consent": True, "ip_ownership": "shared",
    "tried": "已试过两种商用清洗剂和进口膜元件，成本高、寿命短，自己缺少膜材料研发条件。",
    "solver_conditions": "有膜材料中试条件和两个以上高盐废水工程案例。",
}  # fmt: skip
REACHED = {move.target for move in MOVES if move.target is not None}
