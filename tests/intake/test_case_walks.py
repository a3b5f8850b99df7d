"""Random walks over the table: no dead end, every state and move reached, every event whole, what may not be is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from db.engine import writing
from intake.cases import OPEN, Actor, Case, CaseState
from intake.formbook import Formbook
from intake.handling import HeldError
from intake.review import MOVES, NotAllowedError, NotFoundError, ReviewError, allowed, can, sees
from intake.store.cases import verify_chain
from intake.store.tasks import Tasks, add_task
from intake.values import Answered
from tests.support.needs import given as answered
from tests.support.office import ANSWER, OFFICE_TEAMS, PUBLISH, PUBLISHABLE, REJECT, STAFF, Office

ACTIONS = sorted({move.action for move in MOVES})
MAY_STILL_REFUSE = {
    "follow",
    "urge",
    "extend",
    "route",
    "assign",
    "release",
    "merge",
    "remind",
    "timeout",
    "confirm",
    "adjudicate",
}
"""What `allowed` offers on the case's word, and the calendar, the register or another case may yet refuse."""

SHORT_CUTS = {"withdraw", "reject", "merge", "adjudicate"}
"""Taken once, and then only where nothing else is left, or walks would be short."""

PART = {"title": "高盐废水膜清洗方案优化", "summary": "寻找不停机的反渗透膜清洗方案和药剂"}


@dataclass
class Walk:
    """One case on its way through the office, and what was seen of the table."""

    office: Office
    person: str
    case: Case
    random: Random
    states: set[CaseState] = field(default_factory=set)
    actions: set[str] = field(default_factory=set)

    @classmethod
    def begin(cls, office: Office, person: str, random: Random) -> Walk:
        kind = random.choice(["technology", "technology", "talent", "policy_help"])
        extra = PUBLISHABLE if kind == "technology" else {}
        walk = cls(office, person, office.submit(person, kind, **extra), random)
        walk.look()
        return walk

    @cached_property
    def actors(self) -> dict[str, Actor]:
        return {who: self.office.actor(who) for who in (*STAFF, self.person, "stranger", "system")}

    def step(self) -> None:
        """Somebody does something they may, or may not, or time passes."""
        chance = self.random.random()
        if chance < 0.1:
            self.office.pass_days(self.random.choice([0.2, 1, 3, 6]))
            self.office.handling.sweep()
        elif chance < 0.25:
            self.try_anything()
        else:
            self.do_something_allowed()
        self.look()

    def do_something_allowed(self) -> None:
        offers: dict[str, list[str]] = {}
        moving = self.random.random() < 0.6
        for who, actor in self.actors.items():
            for move in allowed(actor, self.case, self.office.now):
                if not moving or move.target or move.action == "reply":
                    offers.setdefault(move.action, []).append(who)
        fresh = [action for action in offers if action not in self.actions]
        lasting = [action for action in offers if action not in SHORT_CUTS]
        action = self.random.choice(sorted(fresh or lasting or offers))
        who = self.random.choice(offers[action])
        before = self.case
        try:
            after = self.office.act(who, before, action, **self.values(action))
        except ReviewError:
            assert action in MAY_STILL_REFUSE, (who, action, before.state)
            assert self.office.stored(before) == before
            return
        self.actions.add(action)
        assert after.id == before.id

    def try_anything(self) -> None:
        """What `can` forbids is refused whatever is handed in, and leaves no trace."""
        who = self.random.choice(list(self.actors))
        actor, action = self.actors[who], self.random.choice(ACTIONS)
        if can(actor, action, self.case):
            return
        seen = sees(actor, self.case)
        self.office.desk.told.clear()
        with pytest.raises((NotAllowedError, HeldError) if seen else NotFoundError):
            self.office.act(who, self.case, action, **self.values(action, harmless=True))
        assert self.office.stored(self.case) == self.case
        assert self.office.told() == set()

    def look(self) -> None:
        self.case = self.office.stored(self.case)
        self.states.add(self.case.state)
        self.check_history()
        self.check_no_dead_end()

    def check_history(self) -> None:
        events = self.office.events(self.case)
        assert verify_chain(self.case, events)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        state: CaseState | None = None
        for event in events:
            assert event.actor
            assert event.notices
            assert event.prev_hash
            if event.to_state is not None:
                assert event.from_state is state
                state = event.to_state
        assert state is self.case.state
        self.office.timing.clocks(self.case, events, self.office.now)

    def check_no_dead_end(self) -> None:
        moves = {
            who: [move for move in allowed(actor, self.case, self.office.now) if move.target or move.action == "reply"]
            for who, actor in self.actors.items()
        }
        if self.case.state in OPEN:
            assert moves[self.person], "its owner can always withdraw"
            assert any(found for who, found in moves.items() if who in STAFF), "staff can always move it on"
        assert not moves["stranger"]
        assert not moves["admin"]
        assert not moves["audit"]

    def values(self, action: str, harmless: bool = False) -> dict[str, Any]:
        """What the action needs, in a form that its guards let pass where anything would."""
        made: dict[str, Callable[[], dict[str, Any]]] = {
            "ask": lambda: {"steps": ["title"], "text": "请补充。"},
            "reply": lambda: {"text": "已补充。"},
            "reject": lambda: REJECT,
            "route": lambda: {"team": self.random.choice(OFFICE_TEAMS).id, "text": "转办"},
            "bounce": lambda: {"reason": "wrong_task", "text": "不属本团队职能"},
            "adjudicate": lambda: {"team": self.random.choice(OFFICE_TEAMS).id, "text": "两个团队意见不一，市级审定"},
            "publish": lambda: {
                "ref": "KC-1", "url": PUBLISH["url"], "expires": (self.office.now + timedelta(days=9)).date(),
            },
            "platform": lambda: {"ref": "KCZG-1", "url": PUBLISH["url"]},
            "response": lambda: {"text": "有单位响应"},
            "answer": lambda: {**ANSWER, "citations": ["青科规〔2023〕1号 第三条"]},
            "confirm": lambda: {"score": 5},
            "dissatisfied": lambda: {"text": "没有解决"},
            "reopen": lambda: {"text": "又出现同样的问题"},
            "merge": lambda: {"into": self.another() if not harmless else "KC26-AAAAA-A"},
            "split": lambda: {"parts": [PART]},
            "rekind": lambda: {"kind": "talent" if self.case.kind != "talent" else "expert_visit"},
            "extend": lambda: {"until": (self.office.now + timedelta(days=150)).date(), "text": "等专家来青"},
            "propose": lambda: {"what": "extend", "text": "等专家来青"},
            "assign": lambda: {"staff": self.random.choice(list(STAFF))},
            "note": lambda: {"text": "已联系"},
            "message": lambda: {"text": "请留意电话", "take_over": self.random.random() < 0.5},
            "correct": lambda: {"answers": {"summary": self.another_summary()}},
            "told_offline": lambda: {"text": "电话告知"},
            "called": lambda: {"task": self.task() if not harmless else 0, "result": "已告知"},
        }  # fmt: skip
        if action == "dock" and not harmless:
            self.office.add_candidate(self.case, f"研究院{uuid4()}")
        return dict(made[action]()) if action in made else {}

    def another_summary(self) -> Answered:
        return answered(f"寻找能长期稳定运行的办法（第 {self.random.randrange(10**9)} 稿）")

    def another(self) -> str:
        return self.office.submit(self.person, "space").reference

    def task(self) -> int:
        with writing(self.office.engine) as connection:
            add_task(connection, f"k{uuid4()}", self.case.id, "call", "unread", self.office.now)
        tasks = [task for task in Tasks(self.office.engine).of_case(self.case.id) if task.done_at is None]
        return tasks[-1].id


@pytest.fixture
def office(sqlite_engine: Engine, book: Formbook) -> Office:
    return Office(sqlite_engine, book)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(min_value=0), length=st.integers(min_value=1, max_value=25))
def test_a_walk_of_allowed_moves_never_ends_in_a_dead_end(office: Office, seed: int, length: int) -> None:
    """The office goes on between the examples; each walks a new case of another person."""
    walk = Walk.begin(office, f"p{seed}", Random(seed))  # noqa: S311 (a walk, no secret)
    for _ in range(length):
        walk.step()


def test_walks_reach_every_state_and_make_every_move(engine: Engine, book: Formbook) -> None:
    office, random = Office(engine, book), Random(7)  # noqa: S311
    states: set[CaseState] = set()
    actions: set[str] = set()
    for number in range(60):
        walk = Walk.begin(office, f"w{number}", random)
        walk.actions = actions
        for _ in range(20):
            walk.step()
        states |= walk.states
        missing = set(ACTIONS) - actions - BY_TIME
        if states == set(CaseState) and not missing:
            break
    assert states == set(CaseState)
    assert set(ACTIONS) - actions <= BY_TIME


BY_TIME = {"submit", "remind", "timeout", "expire", "follow"}
"""Made by submission and by sweeps, not by a choice of the walk."""
